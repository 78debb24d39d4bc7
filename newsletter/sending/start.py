"""Start an issue, by the weekly schedule or by hand; undo a start, or add readers after it.

Each is one transaction that locks the issue before it reads (`store/issues.py`), so that each of two
concurrent ones sees what the other has done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from newsletter.errors import ContentError, StateError
from newsletter.model import IssueState
from newsletter.render.edition import Editions
from newsletter.sending.freeze import may_begin, verify
from newsletter.store import audience, deliveries, issues, ledger, people
from newsletter.store.db import reading, writing
from newsletter.store.issues import Frozen

_AT_ONCE = 30_000
"""The most newcomers added in one transaction, so that it holds SQLite's write lock for a moment."""


def startable(engine: Engine, name: str, sources: Mapping[str, str], transport: str) -> Frozen:
    """Return issue `name` if it may start by `transport`: approved, unchanged since, without errors.

    Raises StateError and ContentError. It reads everything that was approved, so it holds no lock; `start`
    compares again under the lock.
    """
    with reading(engine) as connection:
        may_begin(issues.get(connection, name), transport)
    frozen = verify(engine, name, sources)
    may_begin(frozen, transport)
    return frozen


def start(
    connection: Connection, seen: Frozen, transport: str, now: datetime, window: timedelta = timedelta()
) -> Frozen:
    """Start the issue by `transport`, `window` from now, if it is still what was `seen`; or continue it.

    Raises StateError when it was approved again, paused or cancelled since.
    """
    frozen = issues.lock_approved(connection, seen.name)
    if frozen.state is IssueState.APPROVED and frozen.fingerprint != seen.fingerprint:
        raise StateError(
            f"issue {frozen.name} was approved again by {frozen.approved_by} just now",
            "Look at what is approved now, and send it again.",
        )
    may_begin(frozen, transport)
    if frozen.state is IssueState.APPROVED:
        ledger.postpone(connection, frozen.name, now + window)
    return issues.begin(connection, frozen.name, transport, now)


def undo(engine: Engine, name: str) -> IssueState:
    """Undo a start if nothing has been sent; return the state: approved, or paused if some was sent."""
    with writing(engine) as connection:
        issues.lock_approved(connection, name)
        begun = ledger.withdraw_chunks(connection, name) or any(deliveries.counts(connection, name).values())
        sending = [IssueState.SENDING]
        if begun:
            issues.change_state(connection, name, IssueState.PAUSED, among=sending, reason="paused by hand")
        else:
            issues.change_state(
                connection, name, IssueState.APPROVED, among=sending, transport="", begun_at=""
            )
        return issues.get(connection, name).state


def finish(engine: Engine, name: str) -> None:
    """Mark issue `name` as sent if it was being sent and no delivery of it is pending."""
    with writing(engine) as connection:
        issues.lock(connection, name)
        if not deliveries.open_chunks(connection, name):
            issues.change_state(connection, name, IssueState.SENT, among=[IssueState.SENDING])


def under_way(engine: Engine, now: datetime) -> Sequence[Frozen]:
    """Return the issues that are being sent and have deliveries due at `now`."""
    with reading(engine) as connection:
        names = deliveries.issues_due(connection, now.timestamp())
        return [issues.get(connection, name) for name in names]


def take_in(
    engine: Engine, editions: Editions, name: str, sources: Mapping[str, str]
) -> tuple[issues.Frozen, int, int]:
    """Add readers who joined after the approval to the audience of an issue that has been started.

    They get the editions that were approved. Return the issue, how many were added, and how many would
    need an edition that was not. Raises StateError when it has not been started, and ContentError when its
    files have changed since.

    Very many are added in several transactions, after each of which the audience and its fingerprint agree.
    What grows with the audience is read before the lock is taken.
    """
    added = 0
    while True:
        seen, after, fresh, unmatched = _newcomers(engine, editions, name, sources)
        with writing(engine) as connection:
            frozen = issues.lock_approved(connection, name)
            _refuse_newcomers(frozen, sources)
            if frozen.fingerprint != seen.fingerprint:
                continue  # somebody else added readers meanwhile
            audience.put(connection, name, fresh)
            audience.extend_chunks(connection, name, [number for number, _ in fresh])
            issues.seal(connection, replace(frozen, fingerprint=after, readers=frozen.readers + len(fresh)))
            if fresh:
                issues.change_state(connection, name, IssueState.SENDING, among=[IssueState.SENT])
            frozen = issues.get(connection, name)
        added += len(fresh)
        if len(fresh) < _AT_ONCE:
            return frozen, added, unmatched


def _newcomers(
    engine: Engine, editions: Editions, name: str, sources: Mapping[str, str]
) -> tuple[Frozen, str, list[tuple[int, str]], int]:
    """Return (issue, its fingerprint with the newcomers, these with their editions, how many have none)."""
    with reading(engine) as connection:
        frozen = issues.get(connection, name)
        _refuse_newcomers(frozen, sources)
        stored = set(issues.editions(connection, name))
        found = [
            (reader.id, edition.key)
            for reader in people.readers(connection, audience.not_in(name))
            if (edition := editions.of(reader.sections, reader.attributes))
        ]
        matched = [row for row in found if row[1] in stored]
        fresh = matched[:_AT_ONCE]
        after = issues.fingerprint(connection, name, frozen.envelope, fresh)
    return frozen, after, fresh, len(found) - len(matched)


def _refuse_newcomers(frozen: Frozen, sources: Mapping[str, str]) -> None:
    if frozen.state not in (IssueState.SENDING, IssueState.SENT):
        raise StateError(
            f"issue {frozen.name} is {frozen.state}",
            f"To add new readers: newsletter approve {frozen.name} --again",
        )
    if changed := frozen.changed_since(sources):
        raise ContentError(
            f"changed after the approval by {frozen.approved_by}: {', '.join(changed)}",
            "New readers can only get what was approved: put the files back as they were.",
        )
