"""The ledger's commit before bodies are sent: fencing check, intent and outcomes, all or nothing.

On PostgreSQL it is one statement, which is a transaction by itself: five statements cost four times the CPU
time, and five round trips. SQLite cannot write two tables in one statement, but has no round trips.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnClause,
    ColumnElement,
    Connection,
    Select,
    Update,
    and_,
    bindparam,
    cast,
    column,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.selectable import TableValuedAlias

from newsletter.store.commit_marks import log_of, marked
from newsletter.store.compiled_statements import Prepared
from newsletter.store.ledger import LEASE, RUNNING, Attempt, Lease, Result, once, record, rows, running
from newsletter.store.people import IS_READER
from newsletter.store.schema import chunk, delivery, subscriber


@dataclass(frozen=True, slots=True)
class CommitRequest:
    """Input of one commit for a chunk: `begun` are on the wire, `waiting` wait for clearance to go there.

    `results` are the outcomes since the last commit.
    """

    lease: Lease
    begun: Sequence[Attempt]
    waiting: Sequence[Attempt]
    results: Sequence[Result]


@dataclass(frozen=True, slots=True)
class Clearance:
    """The readers whose messages may be sent now; none when the issue is not `running`."""

    readers: set[int]
    running: bool


def commit(connection: Connection, request: CommitRequest, now: datetime) -> Clearance | None:
    """Renew the lease, record who of `waiting` may be written to as in flight, and record the results.

    Return None when another worker has taken the chunk: then nothing has changed, and nothing may be sent.
    """
    way = _in_one_statement if connection.dialect.name == "postgresql" else _in_three_statements
    return way(connection, request, now)


def _hold(inflight: ColumnElement[object]) -> Update:
    return (
        update(chunk)
        .where(chunk.c.id == bindparam("_chunk"), chunk.c.epoch == bindparam("_epoch"))
        .values(lease_until=bindparam("_until"), inflight=inflight)
    )


def _holding(request: CommitRequest, now: datetime) -> dict[str, int | float]:
    return {"_chunk": request.lease.chunk, "_epoch": request.lease.epoch, "_until": now.timestamp() + LEASE}


_HOLD = Prepared(_hold(bindparam("_inflight")))


@cache
def _reachable(number: int) -> Prepared:
    """Return the statement that selects which of so many readers may be written to now."""
    readers = [bindparam(f"_reader{place}", type_=subscriber.c.id.type) for place in range(number)]
    return Prepared(select(subscriber.c.id).where(subscriber.c.id.in_(readers), IS_READER, RUNNING.exists()))


def _in_three_statements(connection: Connection, request: CommitRequest, now: datetime) -> Clearance | None:
    readers = [number for number, _, _ in request.waiting]
    reachable = _among(connection, request.lease.issue, readers) if readers else set()
    inflight = [*request.begun, *(one for one in request.waiting if one[0] in reachable)]
    if _HOLD.run(connection, [{**_holding(request, now), "_inflight": json.dumps(inflight)}]) != 1:
        return None
    record(connection, request.lease.issue, request.results, now)
    return Clearance(reachable, bool(reachable) or running(connection, request.lease.issue))


def _among(connection: Connection, name: str, readers: Sequence[int]) -> set[int]:
    values = {f"_reader{place}": number for place, number in enumerate(readers)}
    found = _reachable(len(readers)).fetch(connection, {"_issue": name, **values})
    return {number for (number,) in found}


def _in_one_statement(connection: Connection, request: CommitRequest, now: datetime) -> Clearance | None:
    wire = [(*one, False) for one in request.begun] + [(*one, True) for one in request.waiting]
    log = log_of(connection.engine)
    found = _AT_ONCE.fetch(
        connection,
        {
            **_holding(request, now),
            **log.mark(now.timestamp()),
            "_issue": request.lease.issue,
            "_wire": json.dumps(
                [{"subscriber": n, "attempt": a, "way": way, "waiting": waits} for n, a, way, waits in wire]
            ),
            "_results": json.dumps(rows(request.lease.issue, request.results, now)),
        },
    )
    readers = {number for number, _ in found if number is not None}
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":  # else it may be undone
        cleared = [one for one in request.waiting if one[0] in readers]
        log.confirm(request.lease.issue, cleared, request.results if found else ())
    return Clearance(readers, found[0][1]) if found else None


def at_once() -> Select[tuple[int, bool]]:
    """Return the statement for PostgreSQL; its rows are (cleared subscriber or NULL, issue is running).

    It returns no row when another worker has taken the chunk. `commits.sql` shows the SQL, which a test
    compares with this.
    """
    wire = _given(
        "_wire",
        column("subscriber", subscriber.c.id.type),
        column("attempt", delivery.c.attempt.type),
        column("way", delivery.c.way.type),
        column("waiting", Boolean),
    )
    # A scalar subquery is looked up for each row; for EXISTS, PostgreSQL may hash all readers first.
    reader = select(subscriber.c.id).where(subscriber.c.id == wire.c.subscriber, IS_READER).scalar_subquery()
    may_send = and_(reader.is_not(None), RUNNING.exists())
    kept = select(wire).where(or_(~wire.c.waiting, may_send)).cte("kept")
    pairs = func.json_agg(func.json_build_array(kept.c.subscriber, kept.c.attempt, kept.c.way))
    inflight = select(func.coalesce(pairs, func.json_build_array())).scalar_subquery()
    held = _hold(inflight).returning(chunk.c.id).cte("held")
    results = _given("_results", *(column(one.name, one.type) for one in delivery.c))
    fenced = select(results).where(exists(select(held.c.id)))
    entered = once(postgresql.insert(delivery).from_select(delivery.c.keys(), fenced)).cte("entered")
    cleared = select(kept.c.subscriber, RUNNING.exists().label("running"))
    both = cleared.select_from(held.outerjoin(kept, kept.c.waiting))
    return both.add_cte(entered).add_cte(marked().cte("marked"))


def _given(name: str, *columns: ColumnClause[Any]) -> TableValuedAlias:
    """Return the rows that the parameter `name` holds as JSON, as a table."""
    rows_given = func.json_to_recordset(cast(bindparam(name), JSON)).table_valued(*columns)
    return rows_given.render_derived(name.removeprefix("_"), with_types=True)


_AT_ONCE = Prepared(at_once())
