"""Read one source: a feed or page over the web, by its robots.txt; or the files of a folder."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from protego import Protego

from newsletter.collect import feeds, pages
from newsletter.collect.entries import LONGEST_TITLE, Entry, absolute
from newsletter.config.parts import CollectEntry
from newsletter.errors import ContentError, Message
from newsletter.fetched import Fetched, FetchError
from newsletter.fetching import Fetcher
from newsletter.services.collect.state import Asked

AGENT = "newsletter"
_LARGEST_FILE = 1_000_000
_NO_RULES = range(400, 500)  # without a robots.txt everything may be fetched (RFC 9309, section 2.3.1.3)
_LINK = re.compile(r"https?://[^\s<>\"')\]]+")


@dataclass(slots=True)
class Read:
    """What a source had: its entries, as of the address they came from; None if nothing has changed."""

    entries: Sequence[Entry] | None
    url: str = ""
    asked: Asked = field(default_factory=Asked)
    is_feed: bool = True


class Web:
    """Reads sources over the web; a host's rules for robots are fetched once."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._rules: dict[str, asyncio.Task[Protego]] = {}

    async def read(self, source: CollectEntry, before: Asked) -> Read:
        """Read a feed or a page; with what the last answer gave, unless the settings are others since.

        Raises FetchError, and with it whatever is wrong with the source.
        """
        read_as = hashlib.sha256(repr(source).encode()).hexdigest()[:16]
        known = before if before.read_as == read_as else Asked()
        if source.page:
            return await self._page(source.page, known, read_as)
        return await self._feed(source.feed or "", known, read_as)

    async def page(self, url: str) -> Entry:
        """Read one page as an entry. Raises FetchError."""
        answer = await self._get(url, Asked())
        return _parsed_page(answer).entry

    async def picture(self, url: str) -> bytes:
        """Fetch a picture. Raises FetchError."""
        return (await self._get(url, Asked())).content or b""

    async def _feed(self, url: str, known: Asked, read_as: str) -> Read:
        answer = await self._get(url, known)
        asked = Asked(answer.etag or known.etag, answer.modified or known.modified, read_as, known.feed)
        if answer.content is None:
            return Read(None, answer.url, asked)
        try:
            return Read(feeds.parse(answer.content, answer.url), answer.url, asked)
        except feeds.NotAFeedError as error:
            raise FetchError(error.args[0]) from None

    async def _page(self, url: str, known: Asked, read_as: str) -> Read:
        """Read the feed that a page names, or, as it has none, the page itself."""
        if known.feed:
            return await self._feed(known.feed, known, read_as)
        answer = await self._get(url, known)
        asked = Asked(answer.etag or known.etag, answer.modified or known.modified, read_as)
        if answer.content is None:
            return Read(None, answer.url, asked)
        page = _parsed_page(answer)
        if page.feed:
            return await self._feed(page.feed, Asked(read_as=read_as, feed=page.feed), read_as)
        return Read([page.entry], answer.url, asked, is_feed=False)

    async def _get(self, url: str, known: Asked) -> Fetched:
        await self._insist_allowed(url)
        return await self._fetcher.get(url, etag=known.etag, modified=known.modified)

    async def _insist_allowed(self, url: str) -> None:
        """Raise FetchError when the host's robots.txt forbids this address, or cannot be read (RFC 9309)."""
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._rules:
            self._rules[host] = asyncio.create_task(self._read_rules(host))
        if not (await self._rules[host]).can_fetch(url, AGENT):
            raise FetchError("its robots.txt forbids programs to read it")

    async def _read_rules(self, host: str) -> Protego:
        try:
            answer = await self._fetcher.get(f"{host}/robots.txt")
        except FetchError as error:
            if error.status not in _NO_RULES:
                raise
            return Protego.parse("")
        return Protego.parse((answer.content or b"").decode("utf-8", "replace"))


def _parsed_page(answer: Fetched) -> pages.Page:
    try:
        return pages.parse(answer.content or b"", answer.url, answer.content_type)
    except pages.NotAPageError as error:
        raise FetchError(error.args[0]) from None


def finished(read: Read, entry: Entry) -> Entry:
    """Return an entry with plain texts."""
    return feeds.finished(entry, read.url) if read.is_feed else entry


def read_folder(root: Path, name: str) -> list[tuple[str, Entry]]:
    """Return the texts in a folder of the workspace, each with a key of its content.

    The first line of a `.txt` or `.md` file is the title, its first link the item's. Raises ContentError.
    """
    folder = (root / name).resolve()
    if not folder.is_relative_to(root.resolve()) or not folder.is_dir():
        raise ContentError(
            Message("there is no folder %(name)s in the workspace", name=name), "Make it, or name another."
        )
    found = []
    for file in sorted((*folder.glob("[!.]*.txt"), *folder.glob("[!.]*.md"))):
        try:
            content = file.read_bytes()
        except OSError:  # it has gone meanwhile, or is nobody's to read
            continue
        if len(content) > _LARGEST_FILE:
            continue
        text = content.decode("utf-8-sig", "replace").strip()
        title, _, rest = text.partition("\n")
        link = _LINK.search(text)
        entry = Entry(
            title=" ".join(title.lstrip("# ").split())[:LONGEST_TITLE],
            link=absolute("", link[0].rstrip(".,;:!?")) if link else "",
            text=" ".join(rest.split()),
            published=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        )
        found.append((f"{name}/{file.name} {hashlib.sha256(content).hexdigest()[:16]}", entry))
    return found
