"""What a mail that came back says, and of whom."""

from datetime import UTC, date, datetime
from time import process_time

import pytest
from flufl.bounce import all_failures
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.feedback.anatomy import LIMIT, parse
from newsletter.feedback.opinion import Opinion, opinion
from newsletter.feedback.report import Returned, read
from newsletter.links import Purpose, Signer
from newsletter.store.events import Kind
from tests.feedback import mails

NOW = datetime(2025, 2, 20, 12, 0, tzinfo=UTC)
CORPUS = [mails.mail(row["mail"]) for row in mails.EXPECTED]


def told(content: bytes) -> Returned:
    return read(content, mails.SIGNER)


@pytest.mark.parametrize("row", mails.EXPECTED, ids=lambda row: row["mail"])
def test_a_mail_says_what_became_of_whose_message(row: dict[str, str]) -> None:
    found = told(mails.mail(row["mail"]))
    assert (found.kind, found.subscriber, found.code) == (row["kind"], int(row["reader"]), row["status"])
    assert found.closing == (mails.CLOSING if found.subscriber else None)


def test_every_kind_and_many_servers_are_among_the_mails() -> None:
    assert {row["kind"] for row in mails.EXPECTED} == set(Kind) - {Kind.RESTORED}, "which an editor says"
    assert len(mails.EXPECTED) >= 70
    assert sum(row["kind"] in {"hard", "soft"} for row in mails.EXPECTED) >= 40


@pytest.mark.parametrize("content", CORPUS, ids=[row["mail"] for row in mails.EXPECTED])
def test_no_address_is_kept_in_full(content: bytes) -> None:
    detail = told(content).detail
    assert "olena@" not in detail
    assert "b+" not in detail


def test_the_reader_is_the_one_of_the_return_path_whatever_addresses_the_mail_names() -> None:
    content = mails.bounce(7).replace(b"olena@rada.example", b"reader8@city.example.org")
    assert told(content).subscriber == 7


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.BOUNCE])
def test_a_token_for_another_purpose_is_no_return_path(purpose: Purpose) -> None:
    ours = mails.SIGNER.token(Purpose.BOUNCE, 7, mails.CLOSING)
    other = mails.SIGNER.token(purpose, 7, mails.CLOSING)
    assert told(mails.bounce(7).replace(ours.encode(), other.encode())).kind is Kind.UNREADABLE


def test_a_return_path_signed_by_somebody_else_says_nothing() -> None:
    assert told(mails.bounce(7, signer=Signer(b"another secret!!"))).kind is Kind.UNREADABLE


def test_our_own_letter_is_not_a_wish_to_leave_though_it_names_the_address_for_it() -> None:
    token = mails.SIGNER.token(Purpose.UNSUBSCRIBE, 7, mails.CLOSING)
    letter = f"From: a@b.example\nTo: c@d.example\nList-Unsubscribe: <mailto:u+{token}@b.example>\n\nDigest\n"
    assert told(letter.encode()).kind is Kind.UNREADABLE


def test_a_complaint_is_known_from_any_of_our_marks_alone() -> None:
    token = {purpose: mails.SIGNER.token(purpose, 7, mails.CLOSING) for purpose in Purpose}
    for mark in (
        f"Return-Path: <b+{token[Purpose.BOUNCE]}@news.example.org>",
        f"Message-ID: <2025-02-14.{token[Purpose.MESSAGE]}@news.example.org>",
        f"List-Unsubscribe: <https://news.example.org/unsubscribe/{token[Purpose.UNSUBSCRIBE]}>",
        f"List-Unsubscribe: <mailto:u+{token[Purpose.UNSUBSCRIBE]}@news.example.org>",
    ):
        lines = mails.complaint(1).decode().splitlines()
        content = "\n".join(mark if line.startswith("Message-ID: <2025") else line for line in lines)
        found = told(content.encode())
        assert (found.kind, found.subscriber) == (Kind.COMPLAINT, 7), mark


def test_what_the_returned_letter_says_is_no_reason() -> None:
    content = mails.bounce(7, "550 5.7.1 refused by policy").replace(b"--x--", b"") + (
        b"--x\nContent-Type: message/rfc822\n\nSubject: 550 5.1.1 no such user\n\nNo such user here.\n--x--\n"
    )
    assert told(content).kind is Kind.SOFT


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("550 5.1.1 no such user", Kind.HARD),
        ("450 4.1.1 no such user", Kind.SOFT),
        ("550 5.2.2 mailbox full", Kind.SOFT),
        ("550 5.2.1 account disabled", Kind.SOFT),
        ("550 5.7.1 listed at spamhaus", Kind.SOFT),
        ("550 5.1.2 domain not found", Kind.HARD),
    ],
)
def test_only_an_unknown_user_or_domain_is_hard_and_never_a_4xx(said: str, kind: Kind) -> None:
    assert told(mails.bounce(7, said)).kind is kind


def test_the_same_mail_is_the_same_event_and_another_report_is_another() -> None:
    first, again, other = (told(mails.bounce(7, identity=name)).event(NOW) for name in ("a", "a", "b"))
    assert first
    assert again
    assert other
    assert first.id == again.id != other.id


def test_an_event_happened_when_the_mail_was_written_and_never_in_the_future() -> None:
    event = told(mails.bounce(7, day=15)).event(NOW)
    assert event
    assert event.at == "2025-02-15T14:00:09Z"
    early = told(mails.bounce(7, day=28)).event(NOW)
    assert early
    assert early.at == "2025-02-20T12:00:00Z"


@pytest.mark.parametrize("kind", [Kind.AUTO_REPLY, Kind.UNREADABLE])
def test_what_says_nothing_of_a_reader_is_not_kept(kind: Kind) -> None:
    assert Returned(kind=kind, subscriber=7, closing=date(2025, 2, 14)).event(NOW) is None


def test_a_test_message_has_no_reader_so_its_bounce_is_not_kept() -> None:
    found = told(mails.bounce(0))
    assert found.kind is Kind.HARD
    assert found.event(NOW) is None


def test_a_mail_that_makes_flufl_bounce_fail_is_read_without_its_opinion() -> None:
    message = parse(b"Subject: failure notice\n\nHi. This is the qmail-send program\n")
    with pytest.raises(IndexError):
        all_failures(parse(b"From: \nSubject: x\n\n"))
    assert opinion(message) is Opinion.NEITHER


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"\xff\xfe" * 500,
        b"Content-Type: multipart/report; boundary=\n\n",
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: text/plain; charset=nonsense\nContent-Transfer-Encoding: base64\n\n====",
        b"Subject: =?utf-8?b?====?=\nDate: Fri, 99 Feb 99999 99:99:99 +9999\n\n",
        b"Content-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 3000,
        b"x" * 5_000_000,
    ],
    ids=range(9),
)
def test_what_is_no_mail_is_unreadable(content: bytes) -> None:
    assert told(content).kind is Kind.UNREADABLE


def test_only_the_first_part_of_a_large_mail_is_read() -> None:
    assert told(mails.bounce(7) + b"x" * 10 * LIMIT).kind is Kind.HARD
    assert told(b"X: " + b"y" * LIMIT + b"\n" + mails.bounce(7)).kind is Kind.UNREADABLE


@settings(max_examples=400)
@given(data=st.data())
def test_no_damage_to_a_mail_stops_its_reading(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(CORPUS)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content)))
        match data.draw(st.sampled_from("cut insert repeat lose")):
            case "cut":
                del content[at:]
            case "insert":
                content[at:at] = data.draw(st.binary(max_size=20))
            case "repeat":
                content[at:at] = content[at : at + 200]
            case _:
                del content[at : at + data.draw(st.integers(1, 40))]
    found = told(bytes(content))
    found.detail.encode()
    found.event(NOW)


@settings(max_examples=200)
@given(st.binary(max_size=2000))
def test_any_bytes_are_read_without_a_reader(content: bytes) -> None:
    found = told(content)
    assert not found.subscriber
    assert found.kind in {Kind.UNREADABLE, Kind.AUTO_REPLY}


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: text/html\n\n" + b"<style" * 16_000,
        b"Content-Type: text/html\n\n" + b"<" * 96_000,
        b"Subject: Out of office " + b"a" * 96_000 + b"\n\n",
        b"Subject: Out of office " + b"a@" * 48_000 + b"\n\n",
        b"From: MAILER-DAEMON\n\n" + b"550 5.1.1 " + b"a" * 96_000,
        b"From: MAILER-DAEMON\n\n" + b"\n \n" * 30_000,
    ],
    ids=["style", "<", "subject", "@", "reply", "lines"],
)
def test_a_mail_made_to_be_slow_is_read_in_seconds(content: bytes) -> None:
    begun = process_time()
    told(content)
    assert process_time() - begun < 10, "what is quadratic takes a minute"
