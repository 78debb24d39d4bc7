"""Start an issue, by the weekly schedule or by hand; undo a start, or add readers after it.

Each is one transaction that locks the issue before it reads (`store/issues.py`), so that each of two
concurrent ones sees what the other has done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_

from newsletter.config.types import WebhookEvent
from newsletter.errors import ContentError, Message, StateError
from newsletter.model import Edition, Issue, IssueState, Rendered
from newsletter.render.edition import Editions
from newsletter.sending.freeze import may_begin, verify
from newsletter.store import (
    audience,
    contents,
    corrections,
    deliveries,
    issues,
    ledger,
    notices,
    people,
    pictures,
)
from newsletter.store import editions as frozen_editions
from newsletter.store.db import reading, writing
from newsletter.store.issues import Frozen

_AT_ONCE = 30_000
"""The most newcomers added in one transaction, so that it holds SQLite's write lock for a moment."""


Render = Callable[[Issue, Edition], Rendered]
"""Renders an edition of an issue."""


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
            Message(
                "issue %(name)s was approved again by %(approved_by)s just now",
                name=frozen.name,
                approved_by=frozen.approved_by,
            ),
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


def finish(engine: Engine, name: str, now: datetime) -> None:
    """Mark issue `name` as sent if it was being sent and no delivery of it is pending.

    Webhooks are told once of a start, whoever joins and is sent it later.
    """
    with writing(engine) as connection:
        frozen = issues.lock_approved(connection, name)
        if deliveries.open_chunks(connection, name):
            return
        if issues.change_state(connection, name, IssueState.SENT, among=[IssueState.SENDING]):
            sent = WebhookEvent.ISSUE_SENT
            notices.put_issue(connection, sent, name, frozen.begun_at, frozen.readers, now)


def under_way(engine: Engine, now: datetime) -> Sequence[Frozen]:
    """Return the issues that are being sent and have deliveries due at `now`."""
    with reading(engine) as connection:
        names = deliveries.issues_due(connection, now.timestamp())
        return [issues.get(connection, name) for name in names]


def take_in(  # noqa: PLR0913  which readers, and what they get
    engine: Engine,
    editions: Editions,
    name: str,
    sources: Mapping[str, str],
    *,
    where: ColumnElement[bool] | None = None,
    render: Render | None = None,
) -> tuple[issues.Frozen, int, int]:
    """Add readers who joined after the approval, or those of them `where`, to an issue that was started.

    They get the editions that were approved. With `render` they get what was approved and corrected since, in
    editions that are rendered where there are none yet; files do not matter then. Return the issue, how many
    were added, and how many would need an edition that was not approved. Raises StateError when it has not
    been started, and ContentError when files that matter have changed since.

    Very many are added in several transactions, after each of which the audience and its fingerprint agree.
    What grows with the audience is read before the lock is taken.
    """
    added = 0
    while True:
        found = _newcomers(engine, editions, name, sources, where, render)
        with writing(engine) as connection:
            frozen = issues.lock_approved(connection, name)
            if frozen.fingerprint != found.frozen.fingerprint:
                continue  # somebody else added readers, or corrected an item, meanwhile
            _refuse_newcomers(frozen, found.sources)
            _put_pages(connection, name, found.pages)
            audience.put(connection, name, found.fresh)
            audience.extend_chunks(connection, name, [number for number, _ in found.fresh])
            after = issues.fingerprint(connection, name, frozen.envelope) if found.pages else found.after
            readers = frozen.readers + len(found.fresh)
            issues.seal(connection, replace(frozen, fingerprint=after, readers=readers))
            if found.fresh:
                issues.change_state(connection, name, IssueState.SENDING, among=[IssueState.SENT])
            frozen = issues.get(connection, name)
        added += len(found.fresh)
        if len(found.fresh) < _AT_ONCE:
            return frozen, added, found.unmatched


@dataclass(frozen=True, slots=True, kw_only=True)
class _Newcomers:
    """Readers to be added to an issue, with their editions; `after` is its fingerprint with them.

    `pages` are editions that it does not have yet, `sources` the files that have to be as approved, and
    `unmatched` is how many readers would need an edition that there is not.
    """

    frozen: Frozen
    sources: Mapping[str, str]
    fresh: list[tuple[int, str]]
    pages: list[tuple[Edition, Rendered]]
    after: str
    unmatched: int


def _newcomers(  # noqa: PLR0913, PLR0917  as take_in
    engine: Engine,
    editions: Editions,
    name: str,
    sources: Mapping[str, str],
    where: ColumnElement[bool] | None,
    render: Render | None,
) -> _Newcomers:
    with reading(engine) as connection:
        frozen = issues.get(connection, name)
        content = contents.find(connection, name) if render else None
        if content:
            editions, sources = Editions(content.current), frozen.sources
        _refuse_newcomers(frozen, sources)
        stored = frozen_editions.keys(connection, name)
        outside = audience.not_in(name)
        found = [
            (reader.id, edition)
            for reader in people.readers(connection, outside if where is None else and_(outside, where))
            if (edition := editions.of(reader.sections, reader.attributes))
        ]
        matched = found if content else [row for row in found if row[1].key in stored]
        chosen = matched[:_AT_ONCE]
        fresh = [(number, edition.key) for number, edition in chosen]
        after = issues.fingerprint(connection, name, frozen.envelope, fresh)
    missing = {edition.key: edition for _, edition in chosen if edition.key not in stored}
    pages = [(one, render(editions.issue, one)) for one in missing.values()] if render else []
    return _Newcomers(
        frozen=frozen,
        sources=sources,
        fresh=fresh,
        pages=pages,
        after=after,
        unmatched=len(found) - len(matched),
    )


def _put_pages(connection: Connection, name: str, pages: Sequence[tuple[Edition, Rendered]]) -> None:
    """Store editions that were rendered for newcomers, after the last correction."""
    content = contents.find(connection, name) if pages else None
    if content is None:
        return
    for edition, page in pages:
        frozen_editions.put_page(connection, name, page, edition.sections)
        pictures.put(connection, name, page.pictures)
    last = len(corrections.of_issue(connection, name))
    contents.put_editions(connection, name, content.issue, [edition for edition, _ in pages], last)


def _refuse_newcomers(frozen: Frozen, sources: Mapping[str, str]) -> None:
    if frozen.state not in (IssueState.SENDING, IssueState.SENT):
        raise StateError(
            Message("issue %(name)s is %(state)s", name=frozen.name, state=frozen.state),
            Message("To add new readers: newsletter approve %(name)s --again", name=frozen.name),
        )
    if changed := frozen.changed_since(sources):
        raise ContentError(
            Message(
                "changed after the approval by %(approved_by)s: %(changed)s",
                approved_by=frozen.approved_by,
                changed=", ".join(changed),
            ),
            "New readers can only get what was approved: put the files back as they were.",
        )
