"""Collect the week's news from the sources of newsletter.yaml into the inbox, for an editor to place.

Not here: how a feed, a page or a mail is read (newsletter/collect), and fetched (newsletter/fetching.py).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from newsletter.collect import mails
from newsletter.collect.entries import Entry, markdown, summary
from newsletter.collect.likeness import Titles
from newsletter.compose.addresses import same_page
from newsletter.compose.item import is_address
from newsletter.config.parts import CollectEntry
from newsletter.config.secrets import secret
from newsletter.errors import ContentError, Message, NewsletterError, TransportUnavailable
from newsletter.fetched import FetchError
from newsletter.fetching import Fetcher
from newsletter.services import inbox
from newsletter.services.collect import state as kept
from newsletter.services.collect.sources import AGENT, Read, Web, finished, read_folder
from newsletter.services.collect.state import Asked, State
from newsletter.services.editing.fields import ItemFields
from newsletter.services.editing.files import Desk
from newsletter.services.editing.history import Author
from newsletter.services.inbox import Found
from newsletter.services.jobs.kinds import Request

if TYPE_CHECKING:
    from newsletter.services import Workspace

_log = logging.getLogger(__name__)
_MOST = 200
"""Items that one source may bring at a time: more is a source that is not one for this digest."""
_MAILS = 200

MakeFetcher = Callable[[str], Fetcher]


@dataclass(slots=True)
class Collected:
    """What came of one source: new items by name in the inbox, the others counted, or why it failed."""

    source: str
    new: list[str] = field(default_factory=list)
    old: int = 0
    unmatched: int = 0
    known: int = 0
    failed: str = ""


def collect(
    workspace: "Workspace",
    *,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    fetcher: MakeFetcher = Fetcher,
) -> list[Collected]:
    """Read all sources side by side, and put what is new into the inbox; one that fails holds up no other.

    Raises ContentError when the inbox cannot be written.
    """
    return _Collecting(workspace, progress).run(fetcher)


def collect_job(request: Request) -> Mapping[str, Any]:
    """Collect, as a job."""
    found = collect(request.workspace, progress=request.report)
    return {"new": sum(len(one.new) for one in found), "sources": [asdict(one) for one in found]}


def look(workspace: "Workspace", url: str, *, fetcher: MakeFetcher = Fetcher) -> Entry:
    """Return what a page says of itself, to be offered for an item. Raises ContentError."""

    async def read() -> Entry:
        async with fetcher(agent(workspace)) as opened:
            return await Web(opened).page(url)

    try:
        found = asyncio.run(read())
    except FetchError as error:
        raise ContentError(
            Message("the page cannot be read: %(error)s", error=error.why), "Type its title and text."
        ) from None
    return Entry(**{**_values(found), "text": summary(found.text)})


def add_link(desk: Desk, url: str, *, fetcher: MakeFetcher = Fetcher) -> str | None:
    """Put what a page says of itself into the inbox; return its name there, or None if its link is known.

    Raises ContentError when the page cannot be read.
    """
    workspace = desk.workspace
    entry = look(workspace, url, fetcher=fetcher)
    host = (urlsplit(entry.link or url).hostname or "").removeprefix("www.")
    found = _found(entry, host, "", workspace.now(), ZoneInfo(workspace.settings.timezone))
    return inbox.add(desk, replace(found, fields=replace(found.fields, link=found.fields.link or url)))


def _values(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ("title", "link", "text", "published", "picture", "alt")}


def agent(workspace: "Workspace") -> str:
    """Return how this press names itself to those whose pages it reads."""
    return f"{AGENT} (+{workspace.settings.base_url})"


class _Collecting:
    """One run over all sources."""

    def __init__(self, workspace: "Workspace", progress: Callable[[int, int], None]) -> None:
        self._workspace = workspace
        self._settings = workspace.settings
        self._progress = progress
        self._now = workspace.now()
        self._zone = ZoneInfo(self._settings.timezone)
        today = self._now.astimezone(self._zone).date()
        self._today = today
        self._since = self._settings.period(self._settings.closing_day(today)).start
        self._state: State = kept.load(workspace.var)
        self._titles = Titles()
        self._fresh: dict[str, tuple[Collected, Found]] = {}
        for title in inbox.titles(workspace):
            self._titles.add(title)

    def run(self, fetcher: MakeFetcher) -> list[Collected]:
        sources = self._settings.collect
        reading = asyncio.run(self._web([one for one in sources if one.feed or one.page], fetcher))
        found = []
        for source in sources:
            one = Collected(source.name)
            try:
                self._one(source, one, reading)
            except (FetchError, NewsletterError) as error:
                one.failed = error.message if isinstance(error, NewsletterError) else error.why
                _log.info("%s: %s", source.name, one.failed)
            found.append(one)
        self._write()
        self._state.save(self._workspace.var, self._today)
        return found

    async def _web(
        self, sources: Sequence[CollectEntry], fetcher: MakeFetcher
    ) -> dict[str, Read | FetchError]:
        """Read the sources on the web side by side."""
        answers: dict[str, Read | FetchError] = {}
        async with fetcher(agent(self._workspace)) as opened:
            web = Web(opened)

            async def read(source: CollectEntry) -> None:
                try:
                    answers[source.name] = await web.read(source, self._state.asked.get(source.name, Asked()))
                except FetchError as error:
                    answers[source.name] = error
                self._progress(len(answers), len(sources))

            await asyncio.gather(*map(read, sources))
        return answers

    def _one(self, source: CollectEntry, one: Collected, reading: Mapping[str, Read | FetchError]) -> None:
        if source.folder:
            self._folder(source, source.folder, one)
        elif source.imap:
            self._mailbox(source, one)
        else:
            read = reading[source.name]
            if isinstance(read, FetchError):
                raise read
            fresh = [entry for entry in read.entries or () if self._is_recent(entry, one)]
            self._take(source, one, (("", finished(read, entry)) for entry in fresh))
            self._state.asked[source.name] = read.asked

    def _folder(self, source: CollectEntry, name: str, one: Collected) -> None:
        files = read_folder(self._workspace.root, name)
        self._take(source, one, [(key, entry) for key, entry in files if self._is_recent(entry, one)])

    def _mailbox(self, source: CollectEntry, one: Collected) -> None:
        """Read the mails of a mailbox; they are moved aside once they are in the inbox."""
        from newsletter.feedback.mailboxes import Account, from_imap

        imap, password = source.imap, secret("NEWSLETTER_COLLECT_PASSWORD")
        if imap is None or password is None:
            raise TransportUnavailable("NEWSLETTER_COLLECT_PASSWORD is not set", "Set it, or its _FILE.")
        account = Account(
            host=imap.host,
            port=imap.port,
            security=imap.security,
            user=imap.user,
            password=password,
            folder=imap.folder,
            processed=imap.processed,
        )
        with from_imap(account) as box:
            entries = {mail.name: mails.parse(mail.content) for mail in islice(box, _MAILS)}
            self._take(source, one, [(f"mail {entry.title}", entry) for entry in entries.values()])
            self._write()
            box.settle(list(entries), [])

    def _is_recent(self, entry: Entry, one: Collected) -> bool:
        """Tell whether an entry is of this week; one without a date is taken for new."""
        if entry.published is None or entry.published.astimezone(self._zone).date() >= self._since:
            return True
        one.old += 1
        return False

    def _take(self, source: CollectEntry, one: Collected, entries: Iterable[tuple[str, Entry]]) -> None:
        """Take what is new, and what the source is asked for; after so many the others are not looked at."""
        taken = 0
        for key, entry in entries:
            known_as = key or same_page(entry.link) or entry.title
            if not entry.title or not self._matches(source, entry):
                one.unmatched += 1
            elif known_as in self._state.seen or self._titles.like(entry.title):
                one.known += 1
            else:
                taken += 1
                item = _found(entry, source.name, source.section or "", self._now, self._zone)
                self._fresh[known_as] = one, item
                self._state.seen[known_as] = self._today.isoformat()
                self._titles.add(entry.title)
                if taken == _MOST:
                    break

    def _write(self) -> None:
        """Put what was taken into the inbox, as one change."""
        names = inbox.add_all(Desk(self._workspace, Author()), [found for _, found in self._fresh.values()])
        for name, (one, _) in zip(names, self._fresh.values(), strict=True):
            if name:
                one.new.append(name)
            else:
                one.known += 1
        self._fresh.clear()

    @staticmethod
    def _matches(source: CollectEntry, entry: Entry) -> bool:
        words = f"{entry.title} {entry.text}".casefold()
        return not source.match or any(word.casefold() in words for word in source.match)


def _found(entry: Entry, source: str, section: str, now: datetime, zone: ZoneInfo) -> Found:
    fields = ItemFields(
        title=entry.title,
        sections=(section,) if section else (),
        link=entry.link if is_address(entry.link) else "",
        date=day_of(entry.published, zone),
        text=markdown(summary(entry.text)),
    )
    picture = entry.picture if urlsplit(entry.picture).scheme in ("http", "https") else ""
    return Found(fields=fields, source=source, found_at=now, picture=picture, alt=entry.alt)


def day_of(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return the day of a moment as an item has it; empty without one."""
    day: date | None = moment.astimezone(zone).date() if moment else None
    return day.isoformat() if day else ""
