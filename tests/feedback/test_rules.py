"""What reports do to readers, deliveries and issues."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.feedback.rules import (
    effects,
    failure,
    is_news,
    stopped_by,
    worth_a_pause,
    worth_a_warning,
)
from newsletter.model import Outcome
from newsletter.store.events import Event, Kind
from newsletter.transport.smtp_replies import storable

FIRST = date(2025, 2, 14)
FULL = "552 5.2.2 mailbox full"


def event(kind: Kind, reader: int = 1, *, day: int = 0, code: str = "", detail: str = "") -> Event:
    at = f"{FIRST + timedelta(days=day)}T10:00:00Z"
    return Event(
        id=f"{kind}.{reader}.{day}",
        source="mail",
        kind=kind,
        subscriber=reader,
        issue="2025-02-14",
        code=code,
        detail=detail,
        at=at,
    )


def soft(*days: int, detail: str = FULL) -> list[Event]:
    return [event(Kind.SOFT, day=day, code=detail.split()[1], detail=detail) for day in days]


@pytest.mark.parametrize(
    ("days", "stopped"),
    [
        ([0, 1, 2, 3], False),
        ([0, 1, 2, 3, 4], True),
        ([0, 0, 0, 0, 0, 1], False),
        ([0, 7, 14, 21, 28], True),
        ([0, 8, 16, 24, 32, 40], False),
        ([0, 1, 2, 3, 11, 12, 13], False),
        ([0, 1, 2, 3, 11, 12, 13, 14, 15], True),
        ([4, 2, 0, 3, 1], True),
    ],
)
def test_five_days_without_a_gap_of_over_a_week_stop_a_reader(days: list[int], stopped: bool) -> None:
    assert stopped_by(FIRST + timedelta(days=day) for day in days) is stopped


def test_six_faked_days_stop_a_reader_on_the_fifth() -> None:
    stopped_on = [day for day in range(6) if effects([], soft(*range(day + 1)), ()).stopped]
    assert stopped_on == [4, 5]


def test_what_is_our_fault_or_our_pace_does_not_count_against_a_reader() -> None:
    for fault in (
        "554 5.7.1 spamhaus",
        "550 5.7.26 unauthenticated: SPF",
        "421 4.7.28 unusual rate",
        "552 5.3.4 size",
        "554 delivery error: (olena@rada.example:blocked)",
        "554 5.0.0 Лист заблоковано як спам",
    ):
        assert not effects([], soft(*range(9), detail=fault), ()).stopped
    assert effects([], soft(*range(9), detail="554 5.0.0 something"), ()).stopped


def test_a_hard_bounce_and_a_complaint_stop_at_once_with_the_reason() -> None:
    hard = event(Kind.HARD, 1, code="5.1.1", detail="550 5.1.1 no such user")
    does = effects([hard, event(Kind.COMPLAINT, 2, detail="abuse")], [], ())
    assert does.stopped == {1: "bounced: 550 5.1.1 no such user", 2: "complained: abuse"}
    assert {change.subscriber: change.outcome for change in does.changes} == {
        1: Outcome.BOUNCED,
        2: Outcome.COMPLAINED,
    }
    assert {change.subscriber: change.code for change in does.changes} == {1: 550, 2: 0}
    assert set(does.troubled) == {"2025-02-14"}


def test_a_soft_bounce_ends_the_delivery_and_keeps_the_reader() -> None:
    does = effects(soft(0), soft(0), ())
    assert [change.outcome for change in does.changes] == [Outcome.BOUNCED]
    assert not does.stopped
    assert not does.troubled


def test_a_delay_changes_nothing_and_a_delivered_message_was_accepted() -> None:
    assert not effects([event(Kind.DELAYED)], [], ()).changes
    assert [c.outcome for c in effects([event(Kind.DELIVERED)], [], ()).changes] == [Outcome.ACCEPTED]


def test_who_asks_to_leave_leaves_and_is_not_suppressed() -> None:
    does = effects([event(Kind.UNSUBSCRIBE, 3)], [], ())
    assert set(does.leaving) == {3}
    assert not does.stopped
    assert not does.changes


def test_a_bounce_of_a_former_address_does_not_stop_the_reader() -> None:
    gone = event(Kind.HARD, code="5.1.1")
    does = effects([gone], [], {gone.id})
    assert not does.stopped
    assert [change.outcome for change in does.changes] == [Outcome.BOUNCED]


@given(
    st.permutations(
        [event(kind, code="5.1.1") for kind in (Kind.DELIVERED, Kind.HARD, Kind.SOFT, Kind.COMPLAINT)]
    )
)
def test_in_whatever_order_reports_come_the_gravest_stands(events: Sequence[Event]) -> None:
    does = effects(events, [], ())
    assert [change.outcome for change in does.changes] == [Outcome.COMPLAINED]
    assert does.stopped[1].startswith("complained")


def counts(accepted: int, complained: int = 0, bounced: int = 0) -> Counter[Outcome]:
    return Counter({Outcome.ACCEPTED: accepted, Outcome.COMPLAINED: complained, Outcome.BOUNCED: bounced})


@pytest.mark.parametrize(
    ("found", "pause", "warning"),
    [
        (counts(198, 1), False, False),
        (counts(199, 1), True, True),
        (counts(998, 2), False, True),
        (counts(997, 3), True, True),
        (counts(1999, 1), False, False),
        (counts(999, 1), False, True),
        (counts(1000), False, False),
    ],
)
def test_complaints_are_told_from_one_in_a_thousand_and_pause_from_three(
    found: Counter[Outcome], pause: bool, warning: bool
) -> None:
    assert bool(worth_a_pause(found, 0)) is pause
    assert bool(worth_a_warning(found)) is warning


def test_twelve_addresses_of_two_hundred_that_do_not_exist_pause() -> None:
    assert worth_a_pause(counts(188, bounced=12), 12) == ["12 of 200 addresses do not exist"]
    assert not worth_a_pause(counts(188, bounced=12), 9)
    assert not worth_a_pause(counts(187, bounced=12), 12)


def test_a_reason_that_is_known_is_no_news_whatever_its_numbers() -> None:
    complaints, gone = "3 of 900 readers complained of it as spam", "45 of 900 addresses do not exist"
    assert is_news([complaints], "")
    assert not is_news(["4 of 950 readers complained of it as spam"], complaints)
    assert is_news([complaints, gone], complaints)
    assert not is_news([gone], f"{complaints}; {gone}")
    assert not is_news([], "")


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "", Kind.HARD),
        ("5.1.1", "450 4.2.1 try later", Kind.SOFT),
        ("4.4.7", "550 5.1.1 no such user", Kind.HARD),
        ("4.4.4", "domain not found", Kind.SOFT),
        ("", "no such user", Kind.HARD),
        ("", "", Kind.SOFT),
        ("5.0.0", "", Kind.SOFT),
    ],
)
def test_a_server_s_own_reply_counts_before_the_status_of_who_reports_it(
    status: str, words: str, kind: Kind
) -> None:
    assert failure(status, words) is kind


@given(st.text())
def test_what_is_kept_can_be_stored_anywhere(words: str) -> None:
    found = storable(words)
    assert "\0" not in found
    assert len(found) <= 300
    found.encode()


def test_addresses_in_a_server_s_words_are_masked() -> None:
    assert storable("550 <olena@rada.example>: no olena.k@rada.example, 'x@y'") == (
        "550 <o***@rada.example>: no o***@rada.example, 'x***@y'"
    )
