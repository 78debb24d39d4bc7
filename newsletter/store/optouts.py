"""Opt-outs of people who were never subscribers: they refused mail, or their address bounces.

Only a keyed hash of the mailbox is stored: lists cannot bring the person in, and nothing reveals who it is.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, case, delete, select

from newsletter.errors import Message
from newsletter.links import Signer
from newsletter.model import Standing
from newsletter.store.bulk import is_empty
from newsletter.store.db import timestamp, upsert
from newsletter.store.mailbox import canonical
from newsletter.store.people import key
from newsletter.store.schema import opt_out

_WEIGHT = {Standing.BOUNCED: 1, Standing.LEFT: 2, Standing.COMPLAINED: 3}


@dataclass(frozen=True, slots=True)
class OptOut:
    """Why a mailbox gets no mail, since when, and the source of that information."""

    kind: Standing
    at: str = ""
    source: str = ""

    def outweighs(self, other: "OptOut | None") -> bool:
        """Tell whether this is a stronger reason than `other`."""
        return other is None or _WEIGHT[self.kind] > _WEIGHT[other.kind]

    @property
    def words(self) -> Message:
        """What to say of it: the reason, its source and its day."""
        what = {
            Standing.BOUNCED: Message("bounced elsewhere"),
            Standing.LEFT: Message("asked not to be written to"),
            Standing.COMPLAINED: Message("called our mail spam elsewhere"),
        }[self.kind]
        day = date.fromisoformat(self.at[:10]) if self.at else ""
        if self.source and day:
            return Message("%(what)s: %(source)s, %(day)s", what=what, source=self.source, day=day)
        return Message("%(what)s: %(detail)s", what=what, detail=self.source or day)


def find(connection: Connection, emails: Collection[str], signer: Signer) -> dict[str, OptOut]:
    """Return the opt-outs of `emails` by address; addresses without one are absent."""
    if not emails or is_empty(connection, opt_out):
        return {}
    digests = {email: _digests(email, signer) for email in emails}
    query = select(opt_out).where(opt_out.c.digest.in_({one for both in digests.values() for one in both}))
    kept = {row.digest: OptOut(Standing(row.kind), row.at, row.source) for row in connection.execute(query)}
    found: dict[str, OptOut] = {}
    for email, both in digests.items():
        for digest in both:
            one = kept.get(digest)
            if one and one.outweighs(found.get(email)):
                found[email] = one
    return found


@dataclass(frozen=True, slots=True)
class Mark:
    """An opt-out to record: the keyed hash of a mailbox, and why."""

    digest: bytes
    kind: Standing


def mark(email: str, kind: Standing, signer: Signer) -> Mark:
    """Return the opt-out of `email` for `record`.

    It covers every spelling of the mailbox; a bounce covers only this spelling, as another may be right.
    """
    return Mark(signer.digest(key(email) if kind is Standing.BOUNCED else canonical(email)), kind)


def record(connection: Connection, marks: Iterable[Mark], source: str, now: datetime) -> None:
    """Record opt-outs; a stronger reason replaces a weaker one."""
    best: dict[bytes, Mark] = {}
    for one in marks:
        known = best.get(one.digest)
        if known is None or _WEIGHT[one.kind] > _WEIGHT[known.kind]:
            best[one.digest] = one
    rows = [
        {"digest": digest, "kind": best[digest].kind.value, "source": source, "at": timestamp(now)}
        for digest in sorted(best)
    ]
    if not rows:
        return
    entry = upsert(connection, opt_out)
    weights = {kind.value: weight for kind, weight in _WEIGHT.items()}
    connection.execute(
        entry.on_conflict_do_update(
            index_elements=[opt_out.c.digest],
            set_={column: entry.excluded[column] for column in ("kind", "source", "at")},
            where=case(weights, value=entry.excluded.kind) > case(weights, value=opt_out.c.kind),
        ),
        rows,
    )


def lift(connection: Connection, email: str, signer: Signer) -> int:
    """Delete the opt-outs of a mailbox whose own reader wants the digest; return how many there were."""
    return connection.execute(delete(opt_out).where(opt_out.c.digest.in_(_digests(email, signer)))).rowcount


def _digests(email: str, signer: Signer) -> set[bytes]:
    return {signer.digest(key(email)), signer.digest(canonical(email))}
