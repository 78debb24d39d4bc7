"""Events worked on, from the report to reader, delivery and issue."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from newsletter.feedback.parse import read
from newsletter.feedback.process import Done, process
from newsletter.model import IssueState, Outcome, Receipt
from newsletter.store import events, issues, ledger, people
from newsletter.store.choices import has_left
from newsletter.store.db import reading, writing
from newsletter.store.events import Kind
from newsletter.store.ledger import Result
from newsletter.store.schema import event
from tests.feedback import mails
from tests.sending import house

NOW = datetime(2025, 2, 14, 18, 0, tzinfo=UTC)


def begin(engine: Engine, readers: int, *, accepted: int | None = None) -> None:
    house.people(engine, readers)
    house.approve(engine)
    with writing(engine) as connection:
        issues.begin(connection, house.NAME, "smtp", house.NOW)
        receipt = Receipt(outcome=Outcome.ACCEPTED, code=250)
        taken = range(1, (readers if accepted is None else accepted) + 1)
        ledger.record(connection, house.NAME, [Result(n, 1, receipt) for n in taken], house.NOW)


def report(engine: Engine, *contents: bytes, now: datetime = NOW) -> Done:
    found = [read(content, mails.SIGNER).event(now) for content in contents]
    with writing(engine) as connection:
        events.put(connection, filter(None, found))
    return process(engine, now)


def reader(engine: Engine, number: int) -> people.Record:
    with reading(engine) as connection:
        found = people.find(connection, house.address(number))
    assert found
    return found


def reason(engine: Engine) -> str:
    with reading(engine) as connection:
        return issues.get(connection, house.NAME).reason


def test_a_hard_bounce_ends_the_delivery_and_all_mail_to_the_reader(engine: Engine) -> None:
    begin(engine, 2)
    done = report(engine, mails.bounce(1))
    assert (done.events, done.suppressed, done.left) == (1, 1, 0)
    assert house.outcome(engine, 1) is Outcome.BOUNCED
    assert reader(engine, 1).reason == "bounced: 550 5.1.1 <o***@rada.example> no such user"
    assert house.outcome(engine, 2) is Outcome.ACCEPTED
    assert report(engine, mails.bounce(1)) == Done(), "the same mail again"


def test_a_complaint_a_wish_to_leave_and_an_away_note(engine: Engine) -> None:
    begin(engine, 3)
    away = mails.mail("away-sieve")
    done = report(engine, mails.complaint(1), mails.wish_to_leave(2), away)
    assert (done.events, done.suppressed, done.left) == (2, 1, 1)
    assert house.outcome(engine, 1) is Outcome.COMPLAINED
    assert reader(engine, 1).reason == "complained: abuse"
    assert has_left(reader(engine, 2).choices)
    assert house.outcome(engine, 2) is Outcome.ACCEPTED


def test_an_unknown_delivery_is_settled_by_what_is_reported(engine: Engine) -> None:
    begin(engine, 3, accepted=0)
    unknown = Receipt(outcome=Outcome.UNKNOWN)
    with writing(engine) as connection:
        ledger.record(connection, house.NAME, [Result(n, 1, unknown) for n in (1, 2, 3)], house.NOW)
    report(engine, mails.bounce(1), mails.bounce(2, "250 2.1.5 delivered", action="delivered"))
    assert [house.outcome(engine, n) for n in (1, 2, 3)] == [
        Outcome.BOUNCED,
        Outcome.ACCEPTED,
        Outcome.UNKNOWN,
    ]


def test_five_soft_days_suppress_and_a_delay_is_none(engine: Engine) -> None:
    begin(engine, 1)
    for day in range(14, 18):
        now = NOW + timedelta(days=day - 14)
        full = mails.bounce(1, "552 5.2.2 mailbox full", day=day, identity=f"day{day}")
        slow = mails.bounce(1, "450 4.2.2 mailbox full", day=day, identity=f"slow{day}", action="delayed")
        assert report(engine, full, slow, now=now).suppressed == 0
    assert house.outcome(engine, 1) is Outcome.BOUNCED
    assert reader(engine, 1).status == "active"
    last = mails.bounce(1, "552 5.2.2 mailbox full", day=18, identity="day18")
    assert report(engine, last, now=NOW + timedelta(days=4)).suppressed == 1
    assert reader(engine, 1).reason.startswith("bounced again and again: 552 5.2.2")


def test_a_soft_bounce_of_an_impossible_date_does_not_stop_the_work(engine: Engine) -> None:
    begin(engine, 2)
    odd = mails.bounce(1, "552 5.2.2 full").replace(b"Feb 2025", b"Feb 0101")
    assert report(engine, odd, mails.bounce(2)) == Done(events=2, suppressed=1)


def test_a_complaint_after_a_bounce_stands_and_a_bounce_after_it_changes_nothing(engine: Engine) -> None:
    begin(engine, 1)
    report(engine, mails.bounce(1))
    report(engine, mails.complaint(1))
    report(engine, mails.bounce(1, identity="two"))
    assert house.outcome(engine, 1) is Outcome.COMPLAINED
    assert reader(engine, 1).reason == "complained: abuse"


def test_more_complaints_than_three_in_a_thousand_pause_the_sending_and_fewer_are_a_warning(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    begin(engine, 410, accepted=400)
    with caplog.at_level(logging.WARNING):
        report(engine, mails.complaint(1))
        assert caplog.messages == [f"issue {house.NAME}: 1 of 400 readers complained of it as spam"]
        assert house.state(engine) == "sending"
        report(engine, mails.complaint(2))
    assert house.state(engine) == "paused"
    assert reason(engine) == "2 of 400 readers complained of it as spam"


def test_who_resumes_is_not_stopped_for_the_same_reason_again_but_for_another(engine: Engine) -> None:
    begin(engine, 400, accepted=300)
    report(engine, mails.complaint(1))
    assert house.state(engine) == "paused"
    with writing(engine) as connection:
        issues.change_state(connection, house.NAME, IssueState.SENDING, among=[IssueState.PAUSED])
    report(engine, mails.complaint(2))
    assert house.state(engine) == "sending"
    report(engine, *(mails.bounce(number) for number in range(10, 25)))
    assert house.state(engine) == "paused"
    assert reason(engine) == ("2 of 300 readers complained of it as spam; 15 of 300 addresses do not exist")


def test_soft_bounces_never_pause(engine: Engine) -> None:
    begin(engine, 300)
    report(engine, *(mails.bounce(number, "552 5.2.2 mailbox full") for number in range(1, 60)))
    assert house.state(engine) == "sending"


def test_who_was_refused_as_unknown_while_it_was_sent_is_suppressed_once_it_is_sent(engine: Engine) -> None:
    begin(engine, 4, accepted=1)
    said = {2: "5.1.1 <reader2@city.example.org> no such user", 3: "5.2.2 mailbox full"}
    with writing(engine) as connection:
        results = [Result(n, 1, Receipt(outcome=Outcome.REFUSED, code=550, detail=said[n])) for n in said]
        ledger.record(connection, house.NAME, results, house.NOW)
    assert process(engine, NOW) == Done()
    with writing(engine) as connection:
        issues.change_state(connection, house.NAME, IssueState.SENT, among=[IssueState.SENDING])
    done = process(engine, NOW)
    assert (done.events, done.suppressed) == (2, 1)
    assert reader(engine, 2).reason == "bounced: 550 5.1.1 <r***@city.example.org> no such user"
    assert reader(engine, 3).status == "active"
    assert house.outcome(engine, 2) is Outcome.REFUSED
    assert process(engine, NOW) == Done()


def test_a_batch_that_fails_is_worked_on_again_and_counts_once(engine: Engine) -> None:
    begin(engine, 3)
    report(engine, mails.bounce(1), mails.wish_to_leave(2))
    with writing(engine) as connection:
        connection.execute(update(event).values(processed_at=""))
    done = process(engine, NOW)
    assert (done.events, done.suppressed, done.left) == (2, 0, 0)


def test_more_events_than_a_batch_holds_are_all_worked_on(engine: Engine) -> None:
    begin(engine, 510, accepted=0)
    contents = [mails.bounce(n, "250 2.0.0 delivered", action="delivered") for n in range(1, 511)]
    assert report(engine, *contents).events == 510
    assert house.outcomes(engine) == {"accepted": 510}
    with reading(engine) as connection:
        assert connection.execute(select(event)).first() is None


def test_an_event_of_somebody_erased_harms_nothing(engine: Engine) -> None:
    begin(engine, 1)
    assert report(engine, mails.bounce(77), mails.wish_to_leave(78), mails.complaint(79)).events == 3
    assert house.outcomes(engine) == {"accepted": 1}
    assert Kind.HARD in {Kind(row.kind) for row in _rows(engine)}


def _rows(engine: Engine) -> list[events.Event]:
    with reading(engine) as connection:
        return [
            events.Event(**{k: v for k, v in row.items() if k != "processed_at"})
            for row in connection.execute(select(event)).mappings()
        ]
