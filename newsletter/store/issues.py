"""Frozen issues: what was approved, its editions and its audience."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, RowMapping, case, delete, insert, select, update

from newsletter.errors import StateError
from newsletter.model import Envelope, IssueState, Rendered
from newsletter.store.db import timestamp
from newsletter.store.schema import audience, chunk, cover, delivery, edition, issue, item


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


def find(connection: Connection, name: str) -> Frozen | None:
    """Return the frozen issue `name`, if it has been approved."""
    row = connection.execute(select(issue).where(issue.c.name == name)).mappings().one_or_none()
    return None if row is None else _frozen(row)


def find_all(connection: Connection) -> list[Frozen]:
    """Return every frozen issue, the newest first."""
    return [
        _frozen(row) for row in connection.execute(select(issue).order_by(issue.c.name.desc())).mappings()
    ]


def _frozen(row: RowMapping) -> Frozen:
    state, envelope = IssueState(row["state"]), Envelope(**row["envelope"])
    return Frozen(**{**row, "state": state, "envelope": envelope})


def get(connection: Connection, name: str) -> Frozen:
    """Return the frozen issue `name`. Raises StateError when it has not been approved."""
    found = find(connection, name)
    if found is None:
        raise StateError(
            f"issue {name} is not approved", f"Approve it first: newsletter approve {name} --by NAME"
        )
    return found


def editions(connection: Connection, name: str) -> dict[str, Rendered]:
    """Return the frozen editions of issue `name` by key."""
    rows = connection.execute(select(edition).where(edition.c.issue == name).order_by(edition.c.key))
    return {
        row.key: Rendered(
            edition=row.key, subject=row.subject, html=row.html, text=row.text, sha256=row.sha256
        )
        for row in rows
    }


def put(connection: Connection, frozen: Frozen) -> None:
    """Store an approved issue; its editions and audience follow."""
    values = asdict(frozen)
    connection.execute(insert(issue).values(values))


def put_edition(connection: Connection, name: str, rendered: Rendered, sections: Iterable[str]) -> None:
    """Store one edition of issue `name`."""
    connection.execute(
        insert(edition).values(
            issue=name,
            key=rendered.edition,
            sections=list(sections),
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            sha256=rendered.sha256,
        )
    )


def seal(connection: Connection, frozen: Frozen) -> None:
    """Complete an issue that was put before its readers were counted."""
    connection.execute(
        update(issue)
        .where(issue.c.name == frozen.name)
        .values(fingerprint=frozen.fingerprint, readers=frozen.readers, without=frozen.without)
    )


def remove(connection: Connection, name: str) -> None:
    """Forget a frozen issue of which nothing has left this machine."""
    for table in (chunk, delivery, audience, edition, item, cover):
        connection.execute(delete(table).where(table.c.issue == name))
    connection.execute(delete(issue).where(issue.c.name == name))


def change_state(
    connection: Connection, name: str, to: IssueState, *, among: Iterable[IssueState], **values: str
) -> bool:
    """Move issue `name` to a state if it is in one of `among`; tell whether it was."""
    done = connection.execute(
        update(issue)
        .where(issue.c.name == name, issue.c.state.in_([state.value for state in among]))
        .values(state=to.value, **values)
    )
    return done.rowcount == 1


def begin(connection: Connection, name: str, transport: str, now: datetime) -> Frozen:
    """Let issue `name` leave by `transport` from `now` on, or go on doing so; return it as it then is."""
    before = [IssueState.APPROVED.value, IssueState.SCHEDULED.value, IssueState.SENDING.value]
    begun = case((issue.c.begun_at == "", timestamp(now)), else_=issue.c.begun_at)
    connection.execute(
        update(issue)
        .where(issue.c.name == name, issue.c.state.in_(before))
        .values(state=IssueState.SENDING.value, transport=transport, begun_at=begun)
    )
    return get(connection, name)


def fingerprint(connection: Connection, name: str, envelope: Envelope) -> str:
    """Return sha256 over the stored bytes: the envelope, every edition, who gets which, and the archive."""
    total = sha256(json.dumps(asdict(envelope), sort_keys=True).encode())
    for one in editions(connection, name).values():
        for text in (one.edition, one.subject, one.html, one.text):
            data = text.encode()
            total.update(len(data).to_bytes(8, "big") + data)
    rows = connection.execute(
        select(audience.c.subscriber, audience.c.edition)
        .where(audience.c.issue == name)
        .order_by(audience.c.subscriber),
        execution_options={"yield_per": 5000},
    )
    for subscriber, key in rows:
        total.update(f"{subscriber} {key}\n".encode())
    shown = [column for column in item.c if column.key != "id"]
    for archived in (select(cover), select(*shown).order_by(item.c.number)):
        for row in connection.execute(archived.where(archived.selected_columns.issue == name)):
            total.update(json.dumps(list(row)).encode() + b"\n")
    return total.hexdigest()
