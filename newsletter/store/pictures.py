"""The pictures of frozen issues: their content once an issue, and what the archive says of them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select, true

from newsletter.model import Image, Picture
from newsletter.store.db import upsert
from newsletter.store.schema import picture


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPicture:
    """A picture as the archive and its feeds show it; width and height in pixels, size in bytes."""

    name: str
    media_type: str
    width: int
    height: int
    size: int
    alt: str
    caption: str = ""
    credit: str = ""


def public(shown: Picture | None) -> PublicPicture | None:
    """Return an item's picture as the archive shows it."""
    if shown is None or shown.image is None:
        return None
    image = shown.image
    return PublicPicture(
        name=image.name,
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        size=len(image.content),
        alt=shown.alt,
        caption=shown.caption,
        credit=shown.credit,
    )


def to_json(shown: PublicPicture | None) -> dict[str, Any] | None:
    """Return what a column holds of it."""
    return asdict(shown) if shown else None


def from_json(held: Mapping[str, Any] | None) -> PublicPicture | None:
    """Return what a column holds as a picture."""
    return PublicPicture(**held) if held else None


def put(connection: Connection, issue: str, images: Iterable[Image]) -> None:
    """Store the pictures of an issue, each once, beside those that it has."""
    rows = {
        image.name: {
            "issue": issue,
            "name": image.name,
            "media_type": image.media_type,
            "width": image.width,
            "height": image.height,
            "content": image.content,
        }
        for image in images
    }
    if rows:
        connection.execute(upsert(connection, picture).on_conflict_do_nothing(), list(rows.values()))


def of_issue(connection: Connection, issue: str, names: Iterable[str] | None = None) -> dict[str, Image]:
    """Return the pictures of an issue by name, all or some."""
    wanted = true() if names is None else picture.c.name.in_(list(names))
    rows = connection.execute(
        select(picture).where(picture.c.issue == issue, wanted).order_by(picture.c.name)
    )
    return {
        row.name: Image(
            name=row.name,
            media_type=row.media_type,
            width=row.width,
            height=row.height,
            content=row.content,
            sha256=sha256(row.content).hexdigest(),
        )
        for row in rows
    }


def find(connection: Connection, name: str) -> tuple[str, bytes] | None:
    """Return media type and content of a picture of any issue, or None; its name cannot be guessed."""
    found = connection.execute(
        select(picture.c.media_type, picture.c.content).where(picture.c.name == name).limit(1)
    ).one_or_none()
    return (found.media_type, found.content) if found else None
