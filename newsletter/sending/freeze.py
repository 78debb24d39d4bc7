"""Approval: store editions, audience and archive in the database, the only source of what is sent later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from newsletter.errors import ContentError, StateError
from newsletter.model import Edition, Envelope, IssueState, Rendered
from newsletter.registry import OUTBOX
from newsletter.render.edition import Editions
from newsletter.sending.publication import publication
from newsletter.sending.staging import Chosen, stage
from newsletter.store import archive, audience, chunks, issues, people
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


def freeze(
    engine: Engine,
    editions: Editions,
    rendered: Sequence[tuple[Edition, Rendered]],
    shared: Envelope,
    approval: Approval,
) -> issues.Frozen:
    """Store `rendered`, who gets which, and what the archive will show; replaces an earlier approval.

    It is one transaction, except for very many readers (staging.py). Raises StateError when some of the issue
    has been sent already, or when readers' choices changed since the rendering.
    """
    name = shared.issue
    draft = issues.Frozen(
        name=name,
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
    chosen = _choose(engine, editions, {edition.key for edition, _ in rendered})

    def put_pages(connection: Connection) -> None:
        for edition, page in rendered:
            issues.put_edition(connection, name, page, edition.sections)
        if public := publication(editions):
            archive.put(connection, *public)

    with reading(engine) as connection:
        earlier = issues.find(connection, name)
    if max(len(chosen.numbers), earlier.readers if earlier else 0) > AT_ONCE:
        return stage(engine, draft, chosen, put_pages, _claim)
    with writing(engine) as connection:
        epoch = chunks.next_epoch(connection)
        if earlier := issues.claim(connection, draft):
            _refuse_begun(earlier)
            issues.replace(connection, draft)
        put_pages(connection)
        audience.put(connection, name, chosen.rows(0, len(chosen.numbers)))
        chunks.put(connection, name, chosen.numbers, epoch)
        fingerprint = issues.fingerprint(connection, name, shared)
        sealed = replace(draft, fingerprint=fingerprint, readers=len(chosen.numbers), without=chosen.without)
        issues.seal(connection, sealed)
    return sealed


def _claim(connection: Connection, staged: issues.Frozen) -> None:
    """Begin to store an approval; it replaces and voids an earlier one."""
    if earlier := issues.claim(connection, staged):
        _refuse_begun(earlier)
        issues.overwrite(connection, staged)


def _refuse_begun(earlier: issues.Frozen) -> None:
    if earlier.state not in _NOT_BEGUN and earlier.transport != OUTBOX:
        raise StateError(
            f"issue {earlier.name} has been started by {earlier.transport}: it is {earlier.state}",
            "What readers have received cannot be approved again. Put corrections into the next issue.",
        )


def _choose(engine: Engine, editions: Editions, stored: set[str]) -> Chosen:
    """Return who gets which edition. Raises StateError when a reader's edition was not rendered."""
    chosen = Chosen()
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
        if frozen.state is IssueState.APPROVED and (changed := changed_since(frozen, sources)):
            raise ContentError(
                f"changed after the approval by {frozen.approved_by}: {', '.join(changed)}",
                f"Look at it again and approve it again: newsletter approve {name} --by NAME",
            )
        if issues.fingerprint(connection, name, frozen.envelope) != frozen.fingerprint:
            raise ContentError(
                f"the approved copy of issue {name} in the database is not what was approved",
                "Restore the database from a backup, or approve the issue again.",
            )
    return frozen


def _refuse_unfinished(frozen: issues.Frozen) -> None:
    if frozen.state is IssueState.FREEZING:
        raise StateError(
            f"the approval of issue {frozen.name} is being stored, or was interrupted",
            f"Wait until it ends, or approve it again: newsletter approve {frozen.name} --by NAME",
        )


def may_begin(frozen: issues.Frozen, transport: str) -> None:
    """Raise StateError or ContentError when `frozen` may not be sent by `transport` now."""
    name = frozen.name
    _refuse_unfinished(frozen)
    if frozen.state is IssueState.PAUSED:
        raise StateError(f"issue {name} is paused: {frozen.reason}", f"To go on: newsletter resume {name}")
    if frozen.state is IssueState.CANCELLED:
        raise StateError(f"issue {name} is cancelled", "It is not sent to anyone else.")
    if frozen.transport not in ("", transport):
        raise StateError(
            f"issue {name} has been started by {frozen.transport}, not {transport}",
            f"Go on by {frozen.transport}; an issue that went only to the outbox can be approved --again.",
        )
    if frozen.errors and transport != OUTBOX:
        raise ContentError(
            f"issue {name} was approved for the outbox only: it has {frozen.errors} errors",
            f"See them: newsletter check {name}. Then approve it again.",
        )


def changed_since(frozen: issues.Frozen, sources: Mapping[str, str]) -> list[str]:
    """Return the names of files that were changed, added or removed since the approval."""
    names = sorted(frozen.sources.keys() | sources.keys())
    return [name for name in names if frozen.sources.get(name) != sources.get(name)]
