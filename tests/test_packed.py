"""Words that are stored can be said in any language when they are read back."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ContentError, Message, Place, Problem, StateError, counted, joined
from newsletter.i18n import said
from newsletter.model import Outcome
from newsletter.packed import packed, rewritten, unpacked
from newsletter.redaction import without_addresses

MESSAGES = (
    "accepted",
    Message("accepted"),
    Message("100 % of it"),
    Message("the answer is %(status)s", status=503),
    Message("no answer within %(seconds)s seconds", seconds=10),
    counted("%(num)d reader", "%(num)d readers", 1),
    counted("%(num)d reader", "%(num)d readers", 21),
    counted(
        "%(num)d time in a row: %(answer)s", "%(num)d times in a row: %(answer)s", 20, answer="550 5.1.1"
    ),
    Message("%(outcome)s: %(answer)s", outcome=Outcome.REFUSED, answer="550"),
    Message("The archive shows it since %(at)s.", at=datetime(2025, 2, 14, 16, tzinfo=UTC)),
    Message("the event is on %(last)s, more than a year after the issue", last=date(2025, 2, 14)),
    joined([Message("the answer is %(status)s", status=1), Message("accepted")], "; "),
    Message("%(why)s", why=StateError(Message("the answer is %(status)s", status=2))),
    Message("%(why)s", why=Problem.error(Message("the answer is %(status)s", status=3))),
    Message("%(why)s", why=Problem.error("accepted", Place("a.md", 3), "pending")),
)


def test_a_stranger_s_words_that_look_like_a_stored_message_stay_words() -> None:
    words = '{"message": "%(n)099999999d", "plural": "", "values": {"n": 1}}'
    assert unpacked(packed(words)) == unpacked(packed(Message(words))) == words


@pytest.mark.parametrize("text", MESSAGES, ids=str)
def test_a_message_that_was_stored_is_said_as_before(text: str) -> None:
    back = unpacked(packed(text))
    assert back == text
    assert packed(back) == packed(text), "it is compared with what is stored"
    for language in ("uk", "en"):
        assert said(back, language) == said(text, language)


@given(st.text())
def test_any_text_that_was_stored_is_read_as_it_is(text: str) -> None:
    assert unpacked(packed(text)) == unpacked(text) == text


@pytest.mark.parametrize(
    "text", ['{"message": ', '{"message": "x"}', '{"message": 1, "plural": "", "values": []}']
)
def test_text_that_only_looks_like_a_stored_message_is_read_as_it_is(text: str) -> None:
    assert unpacked(text) == text


def test_addresses_are_masked_in_a_message_and_in_its_values() -> None:
    inner = Message("%(address)s is suppressed", address="olena@example.org")
    masked = rewritten(Message("it failed: %(why)s", why=inner), without_addresses)
    assert masked == "it failed: o***@example.org is suppressed"
    said_by = ContentError("the column says «anna@example.org»", "Ask olena@example.org.")
    assert "anna@" not in rewritten(Message("%(what)s", what=said_by), without_addresses)
    assert "olena@" not in rewritten(said_by.message, without_addresses)
    assert said(Message("the answer is %(status)s", status=1), "uk") == "відповідь – 1"
    assert rewritten("to olena@example.org", without_addresses) == "to o***@example.org"
