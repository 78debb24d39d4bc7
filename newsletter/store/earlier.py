"""The approval before an issue's present one: who gave it, its files, and what it would have published."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select

from newsletter.model import IssueState
from newsletter.store import archive
from newsletter.store.schema import cover, earlier_approval, item

if TYPE_CHECKING:
    from newsletter.store.archive import Cover, PublicItem
    from newsletter.store.issues import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An approval that another one has replaced; `sources` as in an approved issue."""

    by: str
    at: str
    sources: Mapping[str, str]
    cover: "Cover | None"
    items: "list[PublicItem]"


def keep(connection: Connection, frozen: "Frozen") -> None:
    """Keep an approval that is about to be replaced, in place of one before it.

    One that was interrupted while it was stored is none: then the one before it stays.
    """
    if frozen.state is IssueState.FREEZING:
        return
    name = frozen.name
    pages = connection.execute(select(cover).where(cover.c.issue == name)).mappings().all()
    rows = connection.execute(select(item).where(item.c.issue == name).order_by(item.c.number)).mappings()
    connection.execute(delete(earlier_approval).where(earlier_approval.c.issue == name))
    connection.execute(
        insert(earlier_approval).values(
            issue=name,
            by=frozen.approved_by,
            at=frozen.approved_at,
            sources=frozen.sources,
            shown={"cover": [dict(page) for page in pages], "items": [dict(row) for row in rows]},
        )
    )


def find(connection: Connection, name: str) -> Earlier | None:
    """Return the approval before the present one of issue `name`, or None."""
    row = connection.execute(select(earlier_approval).where(earlier_approval.c.issue == name)).one_or_none()
    if row is None:
        return None
    pages = [archive.cover_of({"begun_at": "", "corrected_at": "", **page}) for page in row.shown["cover"]]
    return Earlier(
        by=row.by,
        at=row.at,
        sources=row.sources,
        cover=pages[0] if pages else None,
        items=archive.public_items(connection, row.shown["items"]),
    )
