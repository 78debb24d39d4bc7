"""The editions of frozen issues: the parts of an issue, each once, and for each edition its recipe.

An edition that was rendered by itself has parts that no other one has.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, insert, select

from newsletter.model import Edition, Rendered
from newsletter.recipes import Assembled, Pages, Part, Separate, Stock, numbers_of, recipe_of
from newsletter.store import pictures
from newsletter.store.schema import edition, part

if TYPE_CHECKING:
    from hashlib import _Hash

_CHOSEN = select(edition.c.key, edition.c.recipe)


def put_parts(connection: Connection, name: str, parts: Iterable[Part], first: int = 0) -> None:
    """Store parts of issue `name`, numbered from `first`."""
    rows = [
        {
            "issue": name,
            "number": number,
            "kind": one.kind,
            "content": one.content,
            "pictures": list(one.pictures),
            "edition": one.edition,
        }
        for number, one in enumerate(parts, first)
    ]
    if rows:
        connection.execute(insert(part), rows)


def put(connection: Connection, name: str, pages: Pages, shown: Iterable[Edition]) -> None:
    """Store the recipes of editions of issue `name`, whose parts are stored."""
    rows = [
        {"issue": name, "key": one.key, "sections": list(one.sections), "recipe": pages.recipe(one)}
        for one in shown
    ]
    if rows:
        connection.execute(insert(edition), rows)


def put_page(connection: Connection, name: str, page: Rendered, sections: Iterable[str]) -> None:
    """Store another edition of issue `name`, rendered by itself."""
    first = connection.execute(
        select(func.coalesce(func.max(part.c.number) + 1, 0)).where(part.c.issue == name)
    ).scalar_one()
    own = Separate([page]).stock.parts
    put_parts(connection, name, own, first)
    end = first + len(own)
    recipe = recipe_of(range(first, end), end)
    row = {"issue": name, "key": page.edition, "sections": list(sections), "recipe": recipe}
    connection.execute(insert(edition), row)


def sizes(connection: Connection, name: str) -> dict[str, int]:
    """Return the bytes of HTML of each edition of issue `name`, by key."""
    held = stock(connection, name)
    rows = connection.execute(_CHOSEN.where(edition.c.issue == name))
    return {key: held.size(recipe) for key, recipe in rows}


def stock(connection: Connection, name: str) -> Stock:
    """Return the parts of issue `name`, and its pictures."""
    rows = connection.execute(select(part).where(part.c.issue == name).order_by(part.c.number))
    parts = [Part(row.kind, row.content, tuple(row.pictures), row.edition) for row in rows]
    return Stock(parts, pictures.of_issue(connection, name).values())


def recipes(connection: Connection, name: str, keys: Iterable[str]) -> Mapping[str, bytes]:
    """Return the recipes of some editions of issue `name` by key."""
    wanted = _CHOSEN.where(edition.c.issue == name, edition.c.key.in_(list(keys)))
    return {row.key: row.recipe for row in connection.execute(wanted)}


def keys(connection: Connection, name: str) -> set[str]:
    """Return the keys of all editions of issue `name`."""
    return set(connection.execute(select(edition.c.key).where(edition.c.issue == name)).scalars())


def find(connection: Connection, name: str, key: str) -> Assembled | None:
    """Return an edition of issue `name`, of which nothing else is read; None if there is none."""
    found = recipes(connection, name, [key]).get(key)
    if found is None:
        return None
    wanted = part.c.issue == name, part.c.number.in_(numbers_of(found))
    rows = connection.execute(select(part).where(*wanted).order_by(part.c.number))
    parts = [Part(row.kind, row.content, tuple(row.pictures), row.edition) for row in rows]
    names = {image for one in parts for image in one.pictures}
    return Assembled(key, parts, pictures.of_issue(connection, name, names))


def count(total: "_Hash", connection: Connection, name: str) -> None:
    """Add the editions of issue `name` to a fingerprint: parts of several once, then each edition.

    One that has only parts of its own counts as its texts, as it did before editions had parts.
    """
    held = stock(connection, name)
    for one in held.parts:
        if not one.edition:
            _add(total, one.kind, one.content, *one.pictures)
    rows = connection.execute(
        _CHOSEN.where(edition.c.issue == name).order_by(edition.c.key),
        execution_options={"yield_per": 5000},
    )
    for key, recipe in rows:
        parts = held.assembled(key, recipe).parts
        if all(one.edition for one in parts):
            shown = (image for one in parts for image in one.pictures)
            _add(total, key, *(one.content for one in parts), *shown)
        else:
            _add(total, key, recipe.hex())


def _add(total: "_Hash", *texts: str) -> None:
    for text in texts:
        data = text.encode()
        total.update(len(data).to_bytes(8, "big") + data)
