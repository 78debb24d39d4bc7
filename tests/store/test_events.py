"""Events in a real database: kept once, worked on by one, and never undoing a graver outcome."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import Engine, insert, select, update

from newsletter.model import IssueState, Outcome, Receipt
from newsletter.store import events, issues, ledger, people
from newsletter.store.db import reading, writing
from newsletter.store.events import Change, Event, Kind
from newsletter.store.ledger import Result
from newsletter.store.schema import delivery, event, request
from tests.sending import house

GRAVER = (Outcome.ACCEPTED, Outcome.BOUNCED, Outcome.COMPLAINED)
NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
ONE = Event(
    id="mail:1",
    source="mail",
    kind=Kind.HARD,
    subscriber=1,
    issue=house.NAME,
    code="5.1.1",
    at="2025-02-14T15:00:00Z",
)


@pytest.fixture
def sent(engine: Engine) -> Engine:
    """Return a database in which an issue has begun to leave to three readers."""
    house.people(engine, 3)
    house.approve(engine)
    with writing(engine) as connection:
        issues.begin(connection, house.NAME, "smtp", house.NOW)
    return engine


def record(engine: Engine, outcome: Outcome, *, code: int = 250, detail: str = "ok") -> None:
    with writing(engine) as connection:
        receipt = Receipt(outcome=outcome, code=code, detail=detail)
        ledger.record(connection, house.NAME, [Result(1, 1, receipt)], house.NOW)


def change(engine: Engine, *outcomes: Outcome) -> None:
    with writing(engine) as connection:
        for outcome in outcomes:
            events.change(connection, [Change(house.NAME, 1, outcome, 550, "told")], NOW)


def test_an_event_is_kept_once(sent: Engine) -> None:
    with writing(sent) as connection:
        assert events.put(connection, [ONE, ONE, replace(ONE, id="mail:2")]) == 2
        assert events.put(connection, [ONE, replace(ONE, id="mail:3")]) == 1
        assert events.put(connection, []) == 0
        assert len(events.take(connection, 10)) == 3


def test_an_event_comes_back_as_it_was_put_and_is_worked_on_once(sent: Engine) -> None:
    with reading(sent) as connection:
        assert not events.waiting(connection)
    with writing(sent) as connection:
        events.put(connection, [ONE])
        assert events.waiting(connection)
        found = events.take(connection, 10)
        assert found == [ONE]
        events.finish(connection, found, NOW)
        assert not events.waiting(connection)
        assert events.take(connection, 10) == []


def test_a_delivered_message_leaves_no_event_behind(sent: Engine) -> None:
    with writing(sent) as connection:
        events.put(connection, [replace(ONE, kind=Kind.DELIVERED), replace(ONE, id="mail:2")])
        events.finish(connection, events.take(connection, 10), NOW)
        assert connection.execute(select(event.c.id)).scalars().all() == ["mail:2"]


def test_what_one_process_works_on_another_leaves_alone(postgres_engine: Engine) -> None:
    with writing(postgres_engine) as connection:
        events.put(connection, [ONE, replace(ONE, id="mail:2")])
    with writing(postgres_engine) as first:
        assert len(events.take(first, 1)) == 1
        with writing(postgres_engine) as second:
            assert len(events.take(second, 10)) == 1


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        (Outcome.UNKNOWN, Outcome.ACCEPTED, Outcome.ACCEPTED),
        (Outcome.UNKNOWN, Outcome.BOUNCED, Outcome.BOUNCED),
        (Outcome.DEFERRED, Outcome.ACCEPTED, Outcome.ACCEPTED),
        (Outcome.ACCEPTED, Outcome.BOUNCED, Outcome.BOUNCED),
        (Outcome.ACCEPTED, Outcome.COMPLAINED, Outcome.COMPLAINED),
        (Outcome.REFUSED, Outcome.BOUNCED, Outcome.REFUSED),
        (Outcome.SUPPRESSED, Outcome.ACCEPTED, Outcome.SUPPRESSED),
    ],
)
def test_a_report_replaces_only_a_lesser_outcome(
    sent: Engine, before: Outcome, told: Outcome, after: Outcome
) -> None:
    record(sent, before)
    change(sent, told)
    assert house.outcome(sent, 1) is after


@pytest.mark.parametrize("told", list(permutations(GRAVER)))
def test_reports_in_any_order_leave_the_gravest(sent: Engine, told: tuple[Outcome, ...]) -> None:
    change(sent, *told)
    record(sent, Outcome.ACCEPTED)
    assert house.outcome(sent, 1) is Outcome.COMPLAINED


def test_a_report_that_comes_before_the_ledger_s_own_word_stands(sent: Engine) -> None:
    change(sent, Outcome.BOUNCED)
    record(sent, Outcome.ACCEPTED)
    with reading(sent) as connection:
        row = connection.execute(select(delivery)).one()
    assert (row.state, row.attempt, row.code, row.detail) == ("bounced", 1, 550, "told")


def test_a_report_on_somebody_outside_the_audience_enters_nothing(sent: Engine) -> None:
    with writing(sent) as connection:
        events.change(connection, [Change(house.NAME, 99, Outcome.BOUNCED)], NOW)
        events.change(connection, [Change("2024-01-05", 1, Outcome.BOUNCED)], NOW)
        assert connection.execute(select(delivery)).all() == []


def test_a_complaint_takes_the_place_of_a_bounce_as_the_reason_and_not_the_other_way(sent: Engine) -> None:
    with writing(sent) as connection:
        assert events.suppress(connection, 1, "bounced: 5.1.1", NOW)
        assert not events.suppress(connection, 1, "bounced: again", NOW)
        assert events.suppress(connection, 1, "complained: abuse", NOW)
        assert not events.suppress(connection, 1, "bounced: 5.1.1", NOW)
        found = people.find(connection, house.address(1))
    assert found
    assert (found.status, found.reason) == ("suppressed", "complained: abuse")


def move(engine: Engine, at: datetime, *, agreed: bool = True) -> None:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    with writing(engine) as connection:
        connection.execute(
            insert(request).values(
                kind="address",
                email="new@a.test",
                email_key="new@a.test",
                subscriber=1,
                language="uk",
                details={},
                source="preferences",
                requested_at=stamp,
                agreed_at=stamp if agreed else "",
                confirmed_at=stamp,
            )
        )


def test_a_bounce_is_about_a_former_address_once_both_mailboxes_agreed_after_it_left(sent: Engine) -> None:
    with writing(sent) as connection:
        events.put(connection, [replace(ONE, kind=Kind.SOFT)])
        assert events.about_former_addresses(connection, [ONE]) == set()
    move(sent, house.NOW - timedelta(days=1))
    move(sent, house.NOW + timedelta(hours=1), agreed=False)
    with reading(sent) as connection:
        assert events.about_former_addresses(connection, [ONE]) == set()
        assert [one.id for one in events.soft(connection, [1, 2])] == ["mail:1"]
    move(sent, house.NOW + timedelta(hours=1))
    with reading(sent) as connection:
        assert events.about_former_addresses(connection, [ONE]) == {"mail:1"}
        assert events.soft(connection, [1]) == []


def test_refusals_of_an_issue_sent_whole_are_found_until_they_are_events(sent: Engine) -> None:
    record(sent, Outcome.REFUSED, code=550, detail="5.1.1 nobody")
    long_ago = house.NOW - timedelta(days=1)
    with reading(sent) as connection:
        assert events.refusals(connection, long_ago) == [], "it is still being sent"
    with writing(sent) as connection:
        issues.change_state(connection, house.NAME, IssueState.SENT, among=[IssueState.SENDING])
        assert events.refusals(connection, house.NOW + timedelta(days=1)) == []
        (found,) = events.refusals(connection, long_ago)
        assert (found.id, found.subscriber, found.detail) == (f"relay:{house.NAME}:1", 1, "5.1.1 nobody")
        events.put(connection, [replace(ONE, id=found.id)])
        assert events.refusals(connection, long_ago) == []


def test_an_event_of_an_erased_reader_or_unknown_issue_is_kept_without_harm(sent: Engine) -> None:
    with writing(sent) as connection:
        events.put(connection, [replace(ONE, subscriber=99, issue="2020-01-03")])
        assert events.about_former_addresses(connection, [ONE]) == set()
        assert not events.suppress(connection, 99, "bounced", NOW)
        connection.execute(update(event).values(processed_at=""))


def test_who_is_restored_is_written_to_again_and_old_bounces_count_no_more(sent: Engine) -> None:
    with writing(sent) as connection:
        events.put(connection, [replace(ONE, kind=Kind.SOFT)])
        events.suppress(connection, 1, "bounced again and again", NOW)
        events.restore(connection, 1, "the mailbox works again", NOW)
        assert people.count_readers(connection) == 3
        assert events.soft(connection, [1]) == []
        later = replace(ONE, id="mail:2", kind=Kind.SOFT, at="2025-02-16T10:00:00Z")
        events.put(connection, [later])
        assert events.soft(connection, [1]) == [later]
