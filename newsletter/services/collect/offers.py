"""Offer for an item what the page behind its link says of itself: title, summary, date, and a picture.

The picture is fetched and looked at before it is offered, and waits for a day in `var/offered`.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from time import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter import private
from newsletter.collect.entries import Entry, markdown, summary
from newsletter.errors import ContentError, Message
from newsletter.fetched import FetchError
from newsletter.fetching import Fetcher
from newsletter.files import OWNER, atomic_write
from newsletter.pictures.prepare import WIDEST
from newsletter.services.collect import MakeFetcher, agent, day_of
from newsletter.services.collect.sources import Web
from newsletter.services.editing.pictures import insist_usable

if TYPE_CHECKING:
    from pathlib import Path

    from newsletter.services import Workspace

_DAY = 86_400
_TOKEN = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a page offers: words for an item, and the token of its picture with the page's words for it.

    `refused` says why its picture cannot be used.
    """

    title: str = ""
    text: str = ""
    date: str = ""
    picture: str = ""
    alt: str = ""
    refused: ContentError | None = None


def offer(
    workspace: "Workspace", url: str, *, picture: str = "", alt: str = "", fetcher: MakeFetcher = Fetcher
) -> Offer:
    """Return what the page at `url` offers; `picture` is one that is known of it already, with its words.

    Raises ContentError when the page cannot be read.
    """

    async def read() -> tuple[Entry, bytes | FetchError | None]:
        async with fetcher(agent(workspace)) as opened:
            web = Web(opened)
            entry = await web.page(url)
            address = picture or entry.picture
            try:
                return entry, await web.picture(address) if address else None
            except FetchError as error:
                return entry, error

    try:
        entry, content = asyncio.run(read())
    except FetchError as error:
        raise ContentError(
            Message("the page cannot be read: %(error)s", error=error.why), "Type its title and text."
        ) from None
    token, refused = "", None
    if isinstance(content, bytes):
        try:
            insist_usable(workspace, content, WIDEST)
            token = _keep(workspace, content)
        except ContentError as error:
            refused = error
    elif content:
        refused = ContentError(
            Message("the picture cannot be fetched: %(content)s", content=content), "Choose a file."
        )
    return Offer(
        title=entry.title,
        text=markdown(summary(entry.text)),
        date=day_of(entry.published, ZoneInfo(workspace.settings.timezone)),
        picture=token,
        alt=(alt if picture else entry.alt) if token else "",
        refused=refused,
    )


def offered(workspace: "Workspace", token: str) -> "Path":
    """Return the file of a picture that was offered. Raises ContentError when it waits no longer."""
    file = workspace.var / "offered" / token
    if not _TOKEN.fullmatch(token) or not file.is_file():
        raise ContentError("the picture no longer waits here", "Look at the page once more.")
    return file


def _keep(workspace: "Workspace", content: bytes) -> str:
    home = workspace.var / "offered"
    private.own_folder(workspace.var)
    private.own_folder(home)
    for old in home.iterdir():
        with suppress(OSError):
            if time() - old.stat().st_mtime > _DAY:
                old.unlink()
    token = token_hex(16)
    try:
        atomic_write(home / token, content, mode=OWNER, durable=False)
    except OSError as error:
        raise ContentError(
            Message("the picture cannot be kept: %(strerror)s", strerror=error.strerror), "Free some space."
        ) from None
    return token
