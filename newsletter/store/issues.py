"""Frozen (approved) issues with their editions and audience, and every change of an issue's state.

State changes only here: a transaction that decides by the state locks the row (`lock`, `claim`) before it
reads it. On SQLite the write lock, which `writing` takes at the start, does the same.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from heapq import merge
from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping, Select, delete, select, update

from newsletter.config.types import WebhookEvent
from newsletter.errors import Message, StateError
from newsletter.model import Envelope, Image, IssueState
from newsletter.store import editions, notices, pictures
from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import (
    audience,
    calendar,
    chunk,
    content,
    correction,
    cover,
    delivery,
    edition,
    edition_items,
    issue,
    item,
    part,
    picture,
)

if TYPE_CHECKING:
    from hashlib import _Hash

_LATER = {
    "kind": "news",
    "lead": 0,
    "section_colour": "",
    "starts": "",
    "ends": "",
    "place": "",
    "picture": None,
}
"""Columns of `item` that older versions lacked, and the values that leave their fingerprints as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """An approved issue as the database holds it."""

    name: str
    state: IssueState
    reason: str
    fingerprint: str
    envelope: Envelope
    sources: Mapping[str, str]
    errors: int
    transport: str
    approved_by: str
    approved_at: str
    begun_at: str
    readers: int
    without: int

    def changed_since(self, sources: Mapping[str, str]) -> list[str]:
        """Return the names of files that were changed, added or removed since the approval."""
        names = sorted(self.sources.keys() | sources.keys())
        return [name for name in names if self.sources.get(name) != sources.get(name)]


def find(connection: Connection, name: str) -> Frozen | None:
    """Return the frozen issue `name`, or None if it has not been approved."""
    return _read(connection, select(issue).where(issue.c.name == name))


def find_all(connection: Connection) -> list[Frozen]:
    """Return every frozen issue, the newest first."""
    return [
        _frozen(row) for row in connection.execute(select(issue).order_by(issue.c.name.desc())).mappings()
    ]


def lock(connection: Connection, name: str) -> Frozen | None:
    """Lock issue `name` until the transaction ends and return its current row; None if not approved.

    It uses FOR NO KEY UPDATE, as the foreign keys of new deliveries share-lock the row while their worker
    waits for a chunk.
    """
    return _read(connection, select(issue).where(issue.c.name == name).with_for_update(key_share=True))


def _read(connection: Connection, query: Select[tuple[object, ...]]) -> Frozen | None:
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _frozen(row)


def _frozen(row: RowMapping) -> Frozen:
    state, envelope = IssueState(row["state"]), Envelope(**row["envelope"])
    return Frozen(**{**row, "state": state, "envelope": envelope})


def get(connection: Connection, name: str) -> Frozen:
    """Return the frozen issue `name`. Raises StateError when it has not been approved."""
    return _approved(find(connection, name), name)


def lock_approved(connection: Connection, name: str) -> Frozen:
    """Lock issue `name` as `lock` does and return it. Raises StateError when it has not been approved."""
    return _approved(lock(connection, name), name)


def _approved(found: Frozen | None, name: str) -> Frozen:
    if found is None:
        issue, letter, _ = name.partition("+")
        cure = f"correct {issue} ITEM --letter" if letter else f"approve {issue} --by NAME"
        raise StateError(
            Message("issue %(name)s is not approved", name=name),
            Message("Approve it first: newsletter %(cure)s", cure=cure),
        )
    return found


def claim(connection: Connection, draft: Frozen) -> Frozen | None:
    """Insert `draft` and return None; if the issue was approved before, lock and return that approval.

    Of concurrent first approvals exactly one stores its draft, and the others wait for it here.
    """
    first = upsert(connection, issue).values(asdict(draft)).on_conflict_do_nothing().returning(issue.c.name)
    return None if connection.execute(first).first() else lock_approved(connection, draft.name)


def replace(connection: Connection, draft: Frozen) -> None:
    """Replace an earlier approval, locked by `claim` and not sent at all, with `draft`."""
    for table in (
        *(chunk, delivery, audience, edition, part, calendar, item, cover, picture),
        *(content, edition_items, correction),
    ):
        connection.execute(delete(table).where(table.c.issue == draft.name))
    connection.execute(update(issue).where(issue.c.name == draft.name).values(asdict(draft)))


def overwrite(connection: Connection, frozen: Frozen) -> None:
    """Replace an earlier approval's row with `frozen`; its editions and audience are not touched."""
    connection.execute(update(issue).where(issue.c.name == frozen.name).values(asdict(frozen)))


def seal(connection: Connection, frozen: Frozen) -> None:
    """Complete an issue that was stored before its readers were counted, or that got more of them."""
    connection.execute(
        update(issue)
        .where(issue.c.name == frozen.name)
        .values(fingerprint=frozen.fingerprint, readers=frozen.readers, without=frozen.without)
    )


def change_state(
    connection: Connection, name: str, to: IssueState, *, among: Iterable[IssueState], **values: str
) -> bool:
    """Lock issue `name` and set its state to `to` if it is in one of `among`; tell whether it was."""
    lock(connection, name)
    done = connection.execute(
        update(issue)
        .where(issue.c.name == name, issue.c.state.in_([state.value for state in among]))
        .values(state=to.value, **values)
    )
    return done.rowcount == 1


def begin(connection: Connection, name: str, transport: str, now: datetime) -> Frozen:
    """Start or continue sending issue `name` by `transport`; return its current row."""
    frozen = lock_approved(connection, name)
    begun_at = frozen.begun_at or timestamp(now)
    change_state(
        connection,
        name,
        IssueState.SENDING,
        among=(IssueState.APPROVED, IssueState.SENDING),
        transport=transport,
        begun_at=begun_at,
    )
    if frozen.state is IssueState.APPROVED:
        notices.put_issue(connection, WebhookEvent.ISSUE_STARTED, name, begun_at, frozen.readers, now)
    return get(connection, name)


def fingerprint(
    connection: Connection, name: str, envelope: Envelope, more: Sequence[tuple[int, str]] = ()
) -> str:
    """Return the SHA-256 of what is stored: envelope, editions, who gets which, and archive entries.

    `more` is counted as stored too: subscribers with their editions, in ascending order.
    """
    return with_archive(delivered(connection, name, envelope, more), connection, name)


def delivered(
    connection: Connection,
    name: str,
    envelope: Envelope,
    more: Sequence[tuple[int, str]] = (),
    images: Iterable[Image] = (),
) -> "_Hash":
    """Return the first part of a fingerprint, which grows with the audience: all that readers get.

    `more` and `images` are counted as stored too.
    """
    shared = asdict(envelope)
    if not envelope.greeting:  # as approvals had it before there were greetings
        del shared["greeting"], shared["unnamed"]
    total = sha256(json.dumps(shared, sort_keys=True).encode())
    editions.count(total, connection, name)
    shown = {image.name: image for image in images} | pictures.of_issue(connection, name)
    for _, image in sorted(shown.items()):
        said = (image.name, image.media_type, image.width, image.height, image.sha256)
        total.update(json.dumps(said).encode() + b"\n")
    rows = connection.execute(
        select(audience.c.subscriber, audience.c.edition)
        .where(audience.c.issue == name)
        .order_by(audience.c.subscriber),
        execution_options={"yield_per": 5000},
    )
    for subscriber, key in merge(((number, key) for number, key in rows), more) if more else rows:
        total.update(f"{subscriber} {key}\n".encode())
    return total


def with_archive(total: "_Hash", connection: Connection, name: str) -> str:
    """Return the fingerprint that begins with `total`, and goes on with what the archive shows."""
    shown = [column for column in item.c if column.key not in ("id", *_LATER)]
    later = [item.c[key] for key in _LATER]
    for *page, shown_picture in connection.execute(select(cover).where(cover.c.issue == name)):
        total.update(json.dumps(page + [shown_picture] * bool(shown_picture)).encode() + b"\n")
    for row in connection.execute(select(*shown, *later).where(item.c.issue == name).order_by(item.c.number)):
        values = dict(zip(_LATER, row[len(shown) :], strict=True))
        given = {key: value for key, value in values.items() if value != _LATER[key]}
        total.update(json.dumps([*row[: len(shown)], *([given] if given else [])]).encode() + b"\n")
    files = select(calendar).where(calendar.c.issue == name).order_by(calendar.c.name)
    for file in sorted(map(tuple, connection.execute(files))):
        total.update(json.dumps(file).encode() + b"\n")
    return total.hexdigest()
