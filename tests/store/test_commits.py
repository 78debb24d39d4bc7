"""What one commit does to a chunk: all of it or nothing, and the same on both databases."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, case, delete, select, text, update
from sqlalchemy.engine import make_url

from newsletter.model import IssueState, Outcome, Receipt
from newsletter.store import commits, events, issues, ledger
from newsletter.store.commits import Clearance, CommitRequest, commit
from newsletter.store.db import KeptConnection, reading, writing
from newsletter.store.ledger import Attempt, Lease, Result
from newsletter.store.schema import chunk, delivery, subscriber
from tests.sending import house

READERS = 6
ACCEPTED = Receipt(outcome=Outcome.ACCEPTED, code=250, detail='2.0.0 "Прийнято" \\ 100%')
WAY = "smtp"
numbers = st.integers(1, READERS)
attempts = st.lists(
    st.tuples(numbers, st.integers(1, 3), st.just(WAY)), unique_by=lambda one: one[0], max_size=READERS
)
results = st.lists(
    st.builds(
        Result,
        subscriber=numbers,
        attempt=st.integers(1, 3),
        receipt=st.builds(
            Receipt,
            outcome=st.sampled_from([Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REFUSED]),
            code=st.integers(200, 599),
            detail=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
        ),
    ),
    unique_by=lambda one: one.subscriber,
    max_size=READERS,
)


@pytest.fixture
def lease(engine: Engine) -> Lease:
    """Take the chunk of an issue that is being sent to six readers."""
    return take(engine)


def take(engine: Engine) -> Lease:
    house.people(engine, READERS)
    house.approve(engine)
    with writing(engine) as connection:
        issues.begin(connection, house.NAME, "smtp", house.NOW)
        found = ledger.acquire(connection, house.NAME, "w", house.NOW, set())
    assert found
    return found


def make(engine: Engine, step: CommitRequest) -> Clearance | None:
    kept = KeptConnection(engine)
    with kept.writing() as connection:
        found = commit(connection, step, house.NOW)
    kept.close()
    return found


def ask(lease: Lease, *asked: int, begun: Sequence[Attempt] = (), done: Sequence[int] = ()) -> CommitRequest:
    return CommitRequest(
        lease, begun, [(one, 1, WAY) for one in asked], [Result(one, 1, ACCEPTED) for one in done]
    )


def inflight(engine: Engine) -> list[list[object]]:
    with reading(engine) as connection:
        found: list[list[object]] = connection.execute(select(chunk.c.inflight)).scalar_one()
    return found


def test_who_asks_is_on_the_wire_beside_those_who_are(engine: Engine, lease: Lease) -> None:
    assert make(engine, ask(lease, 1, 2, begun=[(3, 2, WAY)], done=[4])) == Clearance({1, 2}, running=True)
    assert sorted(inflight(engine)) == [[1, 1, WAY], [2, 1, WAY], [3, 2, WAY]]
    assert house.outcomes(engine) == {"accepted": 1}


def test_with_nobody_and_nothing_it_renews_the_lease(engine: Engine, lease: Lease) -> None:
    assert make(engine, ask(lease)) == Clearance(set(), running=True)
    assert inflight(engine) == []
    with writing(engine) as connection:
        almost = house.NOW + timedelta(seconds=ledger.LEASE - 1)
        assert ledger.acquire(connection, house.NAME, "w2", almost, set()) is None


def test_the_words_of_a_relay_are_kept_to_the_letter(engine: Engine, lease: Lease) -> None:
    make(engine, ask(lease, done=[1]))
    with reading(engine) as connection:
        assert connection.execute(select(delivery.c.detail)).scalar_one() == ACCEPTED.detail


def test_who_is_suppressed_is_not_on_the_wire_though_claimed(engine: Engine, lease: Lease) -> None:
    with writing(engine) as connection:
        events.suppress(connection, 2, "complained: abuse", house.NOW)
    assert make(engine, ask(lease, 1, 2, 3)) == Clearance({1, 3}, running=True)
    assert sorted(inflight(engine)) == [[1, 1, WAY], [3, 1, WAY]]


def test_nobody_leaves_whose_erasure_came_first(engine: Engine, lease: Lease) -> None:
    with writing(engine) as connection:
        connection.execute(delete(subscriber).where(subscriber.c.id == 1))
    assert make(engine, ask(lease, 1)) == Clearance(set(), running=True)


@pytest.mark.parametrize("state", [IssueState.PAUSED, IssueState.CANCELLED])
def test_nobody_leaves_when_the_issue_is_stopped_but_outcomes_are_entered(
    engine: Engine, lease: Lease, state: IssueState
) -> None:
    with writing(engine) as connection:
        issues.change_state(connection, house.NAME, state, among=[IssueState.SENDING])
    assert make(engine, ask(lease, 1, begun=[(2, 1, WAY)], done=[3])) == Clearance(set(), running=False)
    assert inflight(engine) == [[2, 1, WAY]]
    assert house.outcomes(engine) == {"accepted": 1}


def test_under_an_old_epoch_nothing_is_changed(engine: Engine, lease: Lease) -> None:
    old = replace(lease, epoch=lease.epoch - 1)
    assert make(engine, ask(old, 1, done=[2])) is None
    assert inflight(engine) == []
    assert house.outcomes(engine) == {}


@dataclass(frozen=True)
class Moment:
    """What is there before a commit, and what it says."""

    running: bool
    gone: set[int]
    before: list[Result]
    epoch: int
    begun: list[Attempt]
    asked: list[Attempt]
    done: list[Result]


moments = st.builds(
    Moment,
    running=st.booleans(),
    gone=st.sets(numbers),
    before=results,
    epoch=st.sampled_from([0, 1]),
    begun=attempts,
    asked=attempts,
    done=results,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=moments)
def test_both_databases_do_the_same(sqlite_engine: Engine, postgres_engine: Engine, moment: Moment) -> None:
    assert after(sqlite_engine, moment) == after(postgres_engine, moment)


def after(engine: Engine, moment: Moment) -> object:
    with reading(engine) as connection:
        known = connection.execute(select(chunk.c.id)).first()
    if not known:
        take(engine)
    with writing(engine) as connection:
        connection.execute(delete(delivery))
        connection.execute(update(chunk).values(inflight=[]))
        gone = case((subscriber.c.id.in_(moment.gone), "suppressed"), else_="active")
        connection.execute(update(subscriber).values(status=gone))
        states = [IssueState.SENDING, IssueState.PAUSED]
        issues.change_state(connection, house.NAME, states[not moment.running], among=states)
        ledger.record(connection, house.NAME, moment.before, house.NOW)
        number = connection.execute(select(chunk.c.id)).scalar_one()
    lease = Lease(house.NAME, number, moment.epoch, 1, READERS)
    found = make(engine, CommitRequest(lease, moment.begun, moment.asked, moment.done))
    with reading(engine) as connection:
        rows = connection.execute(select(delivery).order_by(delivery.c.subscriber)).all()
    return found, sorted(inflight(engine)), [tuple(row) for row in rows]


def test_postgresql_looks_up_those_who_ask_and_reads_no_others(postgres_engine: Engine) -> None:
    take(postgres_engine)
    with writing(postgres_engine) as connection:
        connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        statement = commits.at_once().compile(connection)
        given = {"_chunk": 1, "_epoch": 1, "_until": 0.0, "_issue": "", "_wire": "[]", "_results": "[]"}
        values = {**statement.params, **given}
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())
    assert "SubPlan" in plan
    assert "hashed SubPlan" not in plan


@pytest.mark.parametrize("raised", [0, 1])
def test_on_postgresql_a_commit_that_waited_for_another_sees_what_that_one_did(
    postgres_engine: Engine, raised: int
) -> None:
    lease = take(postgres_engine)
    with ThreadPoolExecutor(1) as pool:
        with writing(postgres_engine) as connection:
            connection.execute(update(chunk).values(epoch=chunk.c.epoch + raised, worker="other"))
            waiting = pool.submit(make, postgres_engine, ask(lease, 1, begun=[(2, 1, WAY)], done=[3]))
            until_somebody_waits(connection)
        found = waiting.result()
    assert found == (None if raised else Clearance({1}, running=True))
    assert sorted(inflight(postgres_engine)) == ([] if raised else [[1, 1, WAY], [2, 1, WAY]])
    assert house.outcomes(postgres_engine) == ({} if raised else {"accepted": 1})


def until_somebody_waits(connection: Connection) -> None:
    while not connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
        time.sleep(0.01)


def squeezed(sql: str) -> str:
    """Return SQL without comments and with the least spaces."""
    words = " ".join(line for line in sql.splitlines() if not line.lstrip().startswith("--")).split()
    return " ".join(words).replace("( ", "(").replace(" )", ")")


def test_the_sql_of_a_commit_is_the_one_beside_its_builder() -> None:
    written = Path(commits.__file__).with_suffix(".sql").read_text(encoding="utf-8")
    dialect = make_url("postgresql+psycopg://").get_dialect()()
    compiled = str(commits.at_once().compile(dialect=dialect))
    assert squeezed(written) == squeezed(compiled), compiled
