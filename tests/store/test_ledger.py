"""The ledger's rules, at the level of its transactions."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from newsletter.model import IssueState, Outcome, Receipt
from newsletter.store import deliveries, issues, ledger
from newsletter.store.audience import put_chunks
from newsletter.store.db import open_database, reading, writing
from newsletter.store.ledger import Lease, Result
from newsletter.store.schema import audience, chunk, delivery
from tests.sending import house

ACCEPTED = Receipt(outcome=Outcome.ACCEPTED, code=250)
LATER = house.NOW + timedelta(seconds=ledger.LEASE + 1)


def begin(engine: Engine) -> None:
    with writing(engine) as connection:
        issues.change_state(connection, house.NAME, IssueState.SENDING, among=[IssueState.APPROVED])


def take(engine: Engine, *, later: bool = False) -> Lease:
    with writing(engine) as connection:
        now = LATER if later else house.NOW
        lease = ledger.acquire(connection, house.NAME, "w", now, set())
        assert lease
        return lease


def test_one_delivery_per_issue_and_subscriber(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine)
    refused = Receipt(outcome=Outcome.REFUSED, code=550)
    with writing(engine) as connection:
        for receipt in (ACCEPTED, refused, ACCEPTED):
            ledger.record(connection, house.NAME, [Result(1, 1, receipt)], house.NOW)
        rows = connection.execute(select(delivery.c.state)).scalars().all()
    assert rows == ["accepted"], "a final outcome is never replaced"


def test_only_a_deferred_delivery_is_replaced(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine)
    with writing(engine) as connection:
        for outcome in (Outcome.DEFERRED, Outcome.DEFERRED, Outcome.UNKNOWN, Outcome.ACCEPTED):
            receipt = Receipt(outcome=outcome)
            ledger.record(connection, house.NAME, [Result(1, 1, receipt)], house.NOW)
    assert house.outcome(engine, 1) is Outcome.UNKNOWN


def test_a_chunk_has_one_holder_until_its_lease_ends(engine: Engine) -> None:
    house.people(engine, 10)
    house.approve(engine)
    begin(engine)
    first = take(engine)
    with writing(engine) as connection:
        assert ledger.acquire(connection, house.NAME, "w2", house.NOW, set()) is None
    second = take(engine, later=True)
    assert (second.chunk, second.epoch) == (first.chunk, first.epoch + 1)


def test_nothing_is_acquired_unless_the_issue_is_being_sent(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine)
    with writing(engine) as connection:
        assert ledger.acquire(connection, house.NAME, "w", house.NOW, set()) is None


@settings(max_examples=25, deadline=None)
@given(numbers=st.sets(st.integers(1, 5000), min_size=1, max_size=700))
def test_chunks_hold_every_reader_exactly_once(numbers: set[int]) -> None:
    engine = open_database("sqlite://")
    with writing(engine) as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    house.people(engine, 1)
    house.approve(engine)
    with writing(engine) as connection:
        connection.execute(chunk.delete())
        key = connection.execute(select(audience.c.edition)).scalar_one()
        connection.execute(audience.delete())
        rows = [{"issue": house.NAME, "subscriber": n, "edition": key} for n in numbers]
        connection.execute(audience.insert(), rows)
        put_chunks(connection, house.NAME, sorted(numbers))
        sizes = connection.execute(
            select(func.count())
            .select_from(chunk)
            .join(audience, audience.c.subscriber.between(chunk.c.lo, chunk.c.hi))
            .group_by(chunk.c.id)
        ).scalars()
        assert sum(found := list(sizes)) == len(numbers)
        assert max(found) <= 200
        bounds = connection.execute(select(chunk.c.lo, chunk.c.hi).order_by(chunk.c.lo)).all()
    assert all(before.hi < after.lo for before, after in pairwise(bounds))
    engine.dispose()


def test_counts_name_every_outcome(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine)
    with reading(engine) as connection:
        assert deliveries.counts(connection, house.NAME) == dict.fromkeys(Outcome, 0)
