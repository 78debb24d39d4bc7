"""What an approved issue says, as data: corrections and the editions of newcomers are made from it.

An issue is stored as JSON; every value that JSON does not have carries the name of its type. The content of
pictures stays in their own table.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from newsletter import model
from newsletter.errors import Place
from newsletter.model import Block, Edition, Image, Issue, Item, ItemKind, anchor_of
from newsletter.store import pictures
from newsletter.store.corrections import OfItem, in_copy
from newsletter.store.db import upsert
from newsletter.store.schema import content, correction, edition_items

_TYPES: dict[str, Any] = {name: one for name, one in vars(model).items() if is_dataclass(one)}
_TYPES["Place"] = Place


@dataclass(frozen=True, slots=True)
class Content:
    """An issue with all that was corrected since its approval, and the ids of items that were taken back."""

    issue: Issue
    withdrawn: frozenset[str] = frozenset()

    @property
    def current(self) -> Issue:
        """The issue as a newcomer gets it, without what was taken back."""
        kept = (
            replace(block, items=tuple(item for item in block.items if item.id not in self.withdrawn))
            for block in self.issue.blocks
        )
        return replace(self.issue, blocks=tuple(block for block in kept if block.items))

    def find(self, item_id: str) -> tuple[Block, Item] | None:
        """Return an item and the section that it stands in, or None."""
        return next(
            ((block, item) for block in self.issue.blocks for item in block.items if item.id == item_id), None
        )

    def with_item(self, item: Item) -> "Content":
        """Return the content with `item` in the place of the one with its id."""
        blocks = (
            replace(block, items=tuple(item if one.id == item.id else one for one in block.items))
            for block in self.issue.blocks
        )
        return replace(self, issue=replace(self.issue, blocks=tuple(blocks)))


def put(connection: Connection, name: str, issue: Issue) -> None:
    """Store what the approved issue `name` says."""
    connection.execute(insert(content).values(issue=name, document=encode(issue), withdrawn=[]))


def change(connection: Connection, name: str, after: Content) -> None:
    """Store what issue `name` says after a correction."""
    connection.execute(
        update(content)
        .where(content.c.issue == name)
        .values(document=encode(after.issue), withdrawn=sorted(after.withdrawn))
    )


def find(connection: Connection, name: str) -> Content | None:
    """Return what issue `name` says; None if it was approved by a version that did not record it."""
    row = connection.execute(select(content).where(content.c.issue == name)).one_or_none()
    if row is None:
        return None
    images = pictures.of_issue(connection, name)
    return Content(decode(row.document, images), frozenset(row.withdrawn))


def corrected_in(connection: Connection, name: str, edition: str) -> list[OfItem]:
    """Return the notes of what was corrected in an edition of issue `name` after it was made."""
    held = select(content.c.document).where(content.c.issue == name)
    document = connection.execute(held.where(content.c.issue.in_(select(correction.c.issue)))).scalar()
    if document is None:
        return []
    blocks = decode(document, {}).blocks
    return in_copy(connection, name, edition, [anchor_of(one.id) for block in blocks for one in block.items])


def put_editions(
    connection: Connection, name: str, whole: Issue, editions: Iterable[Edition], correction: int = 0
) -> None:
    """Record which items of `whole` the `editions` of issue `name` show; `correction` was the last one."""
    places = {
        id_: place for place, id_ in enumerate(item.id for block in whole.blocks for item in block.items)
    }
    rows = [
        {
            "issue": name,
            "edition": edition.key,
            "places": f",{','.join(str(places[item.id]) for item in edition.items)},",
            "correction": correction,
        }
        for edition in editions
    ]
    if rows:
        connection.execute(upsert(connection, edition_items).on_conflict_do_nothing(), rows)


def place_of(whole: Issue, item_id: str) -> int:
    """Return the place of an item in its issue, by which `edition_items` names it."""
    return [item.id for block in whole.blocks for item in block.items].index(item_id)


def encode(value: Any) -> Any:
    """Return `value` as JSON has it; fields at their default, and pictures' content, are left out."""
    if is_dataclass(value):
        kept = {field.name: getattr(value, field.name) for field in fields(value) if field.name != "content"}
        defaults = {field.name: field.default for field in fields(value) if field.default is not MISSING}
        shown = {name: one for name, one in kept.items() if name not in defaults or one != defaults[name]}
        return {"type": type(value).__name__, **{name: encode(one) for name, one in shown.items()}}
    if isinstance(value, frozenset):
        return {"type": "set", "of": sorted(value)}
    if isinstance(value, dt.datetime):
        return {"type": "time", "at": value.isoformat(), "zone": str(value.tzinfo or "")}
    if isinstance(value, dt.date):
        return {"type": "day", "at": value.isoformat()}
    if isinstance(value, tuple):
        return [encode(one) for one in value]
    return str(value) if isinstance(value, ItemKind) else value


def decode(value: Any, images: Mapping[str, Image]) -> Any:
    """Return the value that `encode` was given; `images` are the issue's pictures by name."""
    if isinstance(value, list):
        return tuple(decode(one, images) for one in value)
    if not isinstance(value, dict):
        return value
    kind = value["type"]
    if kind in _PLAIN:
        return _PLAIN[kind](value)
    if kind == "Image":
        return images.get(value["name"])
    given = {name: decode(one, images) for name, one in value.items() if name != "type"}
    if kind == "Item" and "kind" in given:
        given["kind"] = ItemKind(given["kind"])
    return _TYPES[kind](**given)


_PLAIN: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "set": lambda value: frozenset(value["of"]),
    "day": lambda value: dt.date.fromisoformat(value["at"]),
    "time": lambda value: dt.datetime.fromisoformat(value["at"]).astimezone(ZoneInfo(value["zone"])),
}
