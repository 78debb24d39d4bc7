"""Why relays and providers defer or refuse, read from their real replies."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Outcome
from newsletter.transport.smtp_replies import About, Cause, Reply, cause, parse, receipt

TABLE = (Path(__file__).parent.parent / "data/replies.tsv").read_text(encoding="utf-8").splitlines()
ROWS = list(csv.reader(TABLE[1:], delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize(("who", "code", "text", "why", "outcome"), ROWS)
def test_a_real_reply_has_its_cause_and_its_outcome(
    who: str, code: str, text: str, why: str, outcome: str
) -> None:
    assert cause(int(code), text) == why, who
    assert receipt(Reply(int(code), text)).outcome == outcome, who


def test_the_table_has_every_cause() -> None:
    assert {row[3] for row in ROWS} == set(Cause)


def test_a_cause_is_known_from_the_words_wherever_they_stand() -> None:
    lines = [
        b"550-5.1.1 The email account that you tried to reach",
        b"550-5.1.1 does not exist. Please try double-checking",
        b"550 5.1.1 the address. - gsmtp",
    ]
    reply = parse(*lines)
    assert cause(reply.code, reply.text) is Cause.NO_SUCH_USER


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (550, "5.1.1 <olena@spamhaus.example>: Recipient address rejected", Cause.NO_SUCH_USER),
        (550, "5.2.1 <mailbox.full@rada.example>", Cause.DISABLED),
        (450, "<greylisted@rada.example>", Cause.TEMPORARY),
    ],
)
def test_the_reader_s_address_is_not_mistaken_for_a_reason(code: int, text: str, expected: Cause) -> None:
    assert cause(code, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rejected by 10.5.2.2", Cause.PERMANENT),
        ("see 192.5.1.1.", Cause.PERMANENT),
        ("(#5.1.1)", Cause.NO_SUCH_USER),
        ("it is 5.1.1.", Cause.NO_SUCH_USER),
    ],
)
def test_an_ip_address_is_not_taken_for_a_status(text: str, expected: Cause) -> None:
    assert cause(554, text) is expected


def test_only_an_unknown_user_or_domain_counts_against_an_address() -> None:
    assert {one for one in Cause if one.hard} == {Cause.NO_SUCH_USER, Cause.BAD_DOMAIN}


def test_a_full_mailbox_is_about_the_reader_and_does_not_count_against_them() -> None:
    full = cause(552, "5.2.2 Mailbox full")
    assert full is Cause.MAILBOX_FULL
    assert full.about is About.RECIPIENT
    assert not full.hard


@pytest.mark.parametrize(
    ("about", "causes"),
    [
        (About.PACE, {Cause.RATE, Cause.GREYLISTED}),
        (About.US, {Cause.AUTHENTICATION, Cause.POLICY, Cause.CONTENT, Cause.SIZE}),
        (
            About.RECIPIENT,
            {Cause.NO_SUCH_USER, Cause.BAD_DOMAIN, Cause.MAILBOX_FULL, Cause.DISABLED, Cause.FILTERED},
        ),
        (About.UNSAID, {Cause.ACCEPTED, Cause.TEMPORARY, Cause.PERMANENT}),
    ],
)
def test_a_cause_says_what_it_is_about(about: About, causes: set[Cause]) -> None:
    assert {one for one in Cause if one.about is about} == causes


@given(st.integers(0, 999), st.text())
def test_any_reply_has_a_cause_and_only_success_is_accepted(code: int, text: str) -> None:
    outcome = receipt(Reply(code, text)).outcome
    assert (cause(code, text) is Cause.ACCEPTED) == (outcome is Outcome.ACCEPTED)


@given(st.integers(500, 599), st.text())
def test_what_is_refused_is_never_tried_again_whatever_its_words(code: int, text: str) -> None:
    assert receipt(Reply(code, f"4.2.0 greylisted, try again later {text}")).outcome is Outcome.REFUSED
