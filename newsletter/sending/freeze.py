"""Approval: store editions, audience and archive in the database, the only source of what is sent later.

For very many readers it takes several short transactions, so that no write lock is held for long. While that
lasts, and if it is interrupted, the issue is `freezing`: it has no approval, an earlier one being void,
nothing sends it, and the next approval begins from scratch. A short last transaction makes it approved.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_hex

from sqlalchemy import Connection, Engine, delete

from newsletter.config.types import WebhookEvent
from newsletter.errors import ContentError, Message, StateError
from newsletter.model import Edition, Envelope, IssueState
from newsletter.recipes import Pages
from newsletter.registry import OUTBOX
from newsletter.render.edition import Editions
from newsletter.sending.publication import calendars, images, publication
from newsletter.store import archive, audience, contents, issues, notices, people, pictures, schema
from newsletter.store import earlier as earlier_approvals
from newsletter.store import editions as frozen_editions
from newsletter.store.batches import Batches
from newsletter.store.db import reading, timestamp, writing

AT_ONCE = 30_000
"""Up to so many readers an approval is one transaction, which holds SQLite's write lock for a moment."""

_NOT_BEGUN = (IssueState.APPROVED, IssueState.FREEZING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved, when (UTC), which files (name -> sha256), and despite how many errors in the check."""

    by: str
    at: datetime
    sources: Mapping[str, str]
    errors: int


@dataclass(slots=True)
class _Chosen:
    """Which reader gets which edition, by ascending id, and how many get none; 16 MB a million readers."""

    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    keys: "array[int]" = field(default_factory=lambda: array("Q"))
    without: int = 0

    def add(self, number: int, key: str) -> None:
        """Add a reader, who gets the edition `key`."""
        self.numbers.append(number)
        self.keys.append(int(key, 16))

    def rows(self, start: int, end: int) -> list[tuple[int, str]]:
        """Return (subscriber, edition) for a slice of the readers."""
        part = zip(self.numbers[start:end], self.keys[start:end], strict=True)
        return [(number, f"{key:016x}") for number, key in part]


@dataclass(frozen=True, slots=True)
class _Put:
    """How an approval is stored beside its audience: once, and some editions of those `shown`."""

    pages: Callable[[Connection], None]
    editions: Callable[[Connection, Sequence[Edition]], None]
    shown: Sequence[Edition]


def freeze(
    engine: Engine,
    editions: Editions,
    pages: Pages,
    shared: Envelope,
    approval: Approval,
) -> issues.Frozen:
    """Store `pages`, who gets which, and what the archive will show; replaces an earlier approval.

    It is one transaction, except for very many readers. Raises StateError when some of the issue has been
    sent already, or when readers' choices changed since the rendering.
    """
    name = shared.issue
    draft = _draft(shared, approval)
    chosen = _choose(engine, editions, {edition.key for edition in pages.editions})

    def put_pages(connection: Connection) -> None:
        frozen_editions.put_parts(connection, name, pages.stock.parts)
        contents.put(connection, name, editions.issue)
        if public := publication(editions):
            archive.put(connection, *public)
        archive.put_calendars(connection, name, calendars(editions, shared, approval.at))
        pictures.put(connection, name, images(editions, pages.stock.images.values()))

    def put_editions(connection: Connection, some: Sequence[Edition]) -> None:
        frozen_editions.put(connection, name, pages, some)
        contents.put_editions(connection, name, editions.issue, some)

    with reading(engine) as connection:
        earlier = issues.find(connection, name)
    if max(len(chosen.numbers), earlier.readers if earlier else 0) > AT_ONCE:
        put = _Put(put_pages, put_editions, pages.editions)
        return _freeze_in_steps(engine, draft, chosen, put)
    with writing(engine) as connection:
        epoch = audience.next_epoch(connection)
        if earlier := issues.claim(connection, draft):
            _refuse_begun(earlier)
            earlier_approvals.keep(connection, earlier)
            issues.replace(connection, draft)
        put_pages(connection)
        put_editions(connection, pages.editions)
        audience.put(connection, name, chosen.rows(0, len(chosen.numbers)))
        audience.put_chunks(connection, name, chosen.numbers, epoch)
        fingerprint = issues.fingerprint(connection, name, shared)
        sealed = replace(draft, fingerprint=fingerprint, readers=len(chosen.numbers), without=chosen.without)
        issues.seal(connection, sealed)
        _tell(connection, sealed, approval.at)
    return sealed


def _tell(connection: Connection, sealed: issues.Frozen, now: datetime) -> None:
    approved = WebhookEvent.ISSUE_APPROVED
    notices.put_issue(connection, approved, sealed.name, sealed.approved_at, sealed.readers, now)


def _draft(shared: Envelope, approval: Approval) -> issues.Frozen:
    """Return an approved issue before its readers are counted."""
    return issues.Frozen(
        name=shared.issue,
        state=IssueState.APPROVED,
        reason="",
        fingerprint="",
        envelope=shared,
        sources=approval.sources,
        errors=approval.errors,
        transport="",
        approved_by=approval.by,
        approved_at=timestamp(approval.at),
        begun_at="",
        readers=0,
        without=0,
    )


def _freeze_in_steps(engine: Engine, draft: issues.Frozen, chosen: _Chosen, put: _Put) -> issues.Frozen:
    """Store an approval in short transactions. Raises StateError when another approval began meanwhile."""
    staged = staged_of(draft)
    with writing(engine) as connection:
        if earlier := issues.claim(connection, staged):
            _refuse_begun(earlier)
            earlier_approvals.keep(connection, earlier)
            issues.overwrite(connection, staged)
    batches = Batches(engine)
    epoch = clear(batches, staged, put.pages)
    batches.each(put.shown, lambda one, part: _put_editions(one, staged, put, part))
    batches.each(range(len(chosen.numbers)), lambda one, part: _put(one, staged, chosen, part))
    return complete(engine, staged, replace(draft, without=chosen.without), chosen.numbers, epoch)


def staged_of(draft: issues.Frozen) -> issues.Frozen:
    """Return `draft` while it is being stored: nothing sends it, and its fingerprint is a token."""
    return replace(draft, state=IssueState.FREEZING, fingerprint=token_hex(16))


def clear(batches: Batches, staged: issues.Frozen, put: Callable[[Connection], None]) -> int:
    """Delete all of an earlier approval, and `put` what is stored once; return the epoch of new chunks.

    Raises StateError when another approval has taken the issue.
    """
    for table in (schema.delivery, schema.audience):
        batches.delete(table, table.c.issue == staged.name, before=lambda one: hold(one, staged))
    with writing(batches.engine) as connection:
        hold(connection, staged)
        epoch = audience.next_epoch(connection)
        for table in (
            schema.chunk,
            schema.edition,
            schema.part,
            schema.calendar,
            schema.item,
            schema.cover,
            schema.picture,
            schema.content,
            schema.edition_items,
            schema.correction,
        ):
            connection.execute(delete(table).where(table.c.issue == staged.name))
        put(connection)
    return epoch


def complete(
    engine: Engine, staged: issues.Frozen, draft: issues.Frozen, readers: Sequence[int], epoch: int
) -> issues.Frozen:
    """Make a staged issue, whose audience of `readers` is stored, approved as `draft` says."""
    with reading(engine) as connection:
        fingerprint = issues.fingerprint(connection, draft.name, draft.envelope)
    sealed = replace(draft, fingerprint=fingerprint, readers=len(readers))
    with writing(engine) as connection:
        hold(connection, staged)
        audience.put_chunks(connection, draft.name, readers, epoch)
        issues.seal(connection, sealed)
        issues.change_state(connection, draft.name, draft.state, among=[IssueState.FREEZING])
        _tell(connection, sealed, datetime.fromisoformat(sealed.approved_at))
    return sealed


def _put_editions(connection: Connection, staged: issues.Frozen, put: _Put, part: Sequence[Edition]) -> None:
    hold(connection, staged)
    put.editions(connection, part)


def _put(connection: Connection, staged: issues.Frozen, chosen: _Chosen, part: Sequence[int]) -> None:
    hold(connection, staged)
    audience.put(connection, staged.name, chosen.rows(part[0], part[-1] + 1))


def hold(connection: Connection, staged: issues.Frozen) -> None:
    """Lock the issue until the transaction ends. Raises StateError when another approval has taken it."""
    found = issues.lock(connection, staged.name)
    if found is None or (found.state, found.fingerprint) != (staged.state, staged.fingerprint):
        raise StateError(
            Message("another approval of issue %(name)s began meanwhile", name=staged.name),
            "See its result: newsletter status",
        )


def _refuse_begun(earlier: issues.Frozen) -> None:
    if earlier.state not in _NOT_BEGUN and earlier.transport != OUTBOX:
        raise StateError(
            Message(
                "issue %(name)s has been started by %(transport)s: it is %(state)s",
                name=earlier.name,
                transport=earlier.transport,
                state=earlier.state,
            ),
            "What readers have received cannot be approved again. Put corrections into the next issue.",
        )


def _choose(engine: Engine, editions: Editions, stored: set[str]) -> _Chosen:
    """Return who gets which edition. Raises StateError when a reader's edition was not rendered."""
    chosen = _Chosen()
    with reading(engine) as connection:
        for reader in people.readers(connection):
            edition = editions.of(reader.sections, reader.attributes)
            if edition is None:
                chosen.without += 1
            elif edition.key not in stored:
                raise StateError(
                    "readers changed their choices while the editions were rendered", "Approve once more."
                )
            else:
                chosen.add(reader.id, edition.key)
    return chosen


def verify(engine: Engine, name: str, sources: Mapping[str, str]) -> issues.Frozen:
    """Return the frozen issue `name` if it is byte for byte what was approved.

    `sources` are the files as they are now; they matter until the first message is sent. Raises StateError
    when the issue is not approved, and ContentError naming what changed.
    """
    with reading(engine) as connection:
        frozen = issues.get(connection, name)
        _refuse_unfinished(frozen)
        if frozen.state is IssueState.APPROVED and (changed := frozen.changed_since(sources)):
            raise ContentError(
                Message(
                    "changed after the approval by %(approved_by)s: %(changed)s",
                    approved_by=frozen.approved_by,
                    changed=", ".join(changed),
                ),
                Message(
                    "Look at it again and approve it again: newsletter approve %(name)s --by NAME", name=name
                ),
            )
        if issues.fingerprint(connection, name, frozen.envelope) != frozen.fingerprint:
            raise ContentError(
                Message(
                    "the approved copy of issue %(name)s in the database is not what was approved", name=name
                ),
                "Restore the database from a backup, or approve the issue again.",
            )
    return frozen


def _refuse_unfinished(frozen: issues.Frozen) -> None:
    if frozen.state is IssueState.FREEZING:
        raise StateError(
            Message("the approval of issue %(name)s is being stored, or was interrupted", name=frozen.name),
            Message(
                "Wait until it ends, or approve it again: newsletter approve %(name)s --by NAME",
                name=frozen.name,
            ),
        )


def may_begin(frozen: issues.Frozen, transport: str) -> None:
    """Raise StateError or ContentError when `frozen` may not be sent by `transport` now."""
    name = frozen.name
    _refuse_unfinished(frozen)
    if frozen.state is IssueState.PAUSED:
        raise StateError(
            Message("issue %(name)s is paused: %(reason)s", name=name, reason=frozen.reason),
            Message("To go on: newsletter resume %(name)s", name=name),
        )
    if frozen.state is IssueState.CANCELLED:
        raise StateError(Message("issue %(name)s is cancelled", name=name), "It is not sent to anyone else.")
    if frozen.transport and (frozen.transport == OUTBOX) is not (transport == OUTBOX):
        raise StateError(
            Message(
                "issue %(name)s has been started by %(transport)s, not %(other)s",
                name=name,
                transport=frozen.transport,
                other=transport,
            ),
            Message(
                "Go on by %(transport)s; an issue that went only to the outbox can be approved --again.",
                transport=frozen.transport,
            ),
        )
    if frozen.errors and transport != OUTBOX:
        raise ContentError(
            Message(
                "issue %(name)s was approved for the outbox only: it has %(errors)s errors",
                name=name,
                errors=frozen.errors,
            ),
            Message("See them: newsletter check %(name)s. Then approve it again.", name=name),
        )
