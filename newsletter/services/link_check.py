"""Ask the links of an issue whether they answer, ten at a time, and remember the answers.

What they answered is a finding of the issue for a week; a good answer is not asked for again within a day.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from newsletter import private
from newsletter.checks.link_answers import Looked, links_of
from newsletter.fetched import Cause, FetchError
from newsletter.files import OWNER, atomic_write

if TYPE_CHECKING:
    from newsletter.fetching import Fetcher
    from newsletter.model import Issue
    from newsletter.services import Workspace
    from newsletter.services.jobs.kinds import Request

AT_ONCE = 10
SECONDS = 120.0
"""The most time for all links together; those that had no turn by then stay unknown."""
_GOOD = timedelta(days=1)
_SHOWN = timedelta(days=7)
_FILE = "links.json"
_FIRST_ERROR = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCheck:
    """How many web addresses an issue links to, how many are known, and when the oldest answer was given."""

    links: int
    known: int
    since: datetime | None = None
    asked: int = 0


def check_links(
    workspace: "Workspace",
    closing: date,
    *,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    fetcher: "Callable[[str], Fetcher] | None" = None,
) -> LinkCheck:
    """Ask each link of an issue that has no good answer yet; return how many are known afterwards.

    An exception of `progress` stops it; what was answered by then is kept. Raises ContentError when the issue
    cannot be read.
    """
    issue, _ = workspace.issue(closing)
    now = workspace.now()
    known = _load(workspace)
    asked = [href for href in _addresses(issue) if not _good(known.get(href), now)]
    found: dict[str, Looked] = {}
    try:
        if asked:
            agent = f"newsletter-link-check (+{workspace.settings.base_url})"
            asyncio.run(_ask(asked, (fetcher or _fetcher())(agent), found, now, progress))
    finally:
        if found:
            kept = {href: one for href, one in {**known, **found}.items() if now - one.at < _SHOWN}
            _save(workspace, kept)
    return _summary(issue, {**known, **found}, len(found))


def _fetcher() -> "type[Fetcher]":
    from newsletter.fetching import Fetcher

    return Fetcher


def check_job(request: "Request") -> Mapping[str, Any]:
    """Check the links of `issue`, as a job."""
    closing = date.fromisoformat(request.arguments["issue"])
    found = check_links(request.workspace, closing, progress=request.report)
    return {"links": found.links, "known": found.known, "asked": found.asked}


def recent_answers(workspace: "Workspace") -> Mapping[str, Looked]:
    """Return what links answered within a week, by address."""
    now = workspace.now()
    return {href: one for href, one in _load(workspace).items() if now - one.at < _SHOWN}


def link_check(workspace: "Workspace", issue: "Issue") -> LinkCheck:
    """Return what is known of the links of an issue, and ask nobody."""
    return _summary(issue, recent_answers(workspace), 0)


def _summary(issue: "Issue", answers: Mapping[str, Looked], asked: int) -> LinkCheck:
    links = _addresses(issue)
    moments = [answers[href].at for href in links if href in answers]
    return LinkCheck(links=len(links), known=len(moments), since=min(moments, default=None), asked=asked)


def _addresses(issue: "Issue") -> list[str]:
    return list(dict.fromkeys(href for href, _ in links_of(issue)))


def _good(looked: Looked | None, now: datetime) -> bool:
    return bool(looked and 0 < looked.status < _FIRST_ERROR and now - looked.at < _GOOD)


async def _ask(
    links: Iterable[str],
    opened: "Fetcher",
    found: dict[str, Looked],
    now: datetime,
    progress: Callable[[int, int], None],
) -> None:
    """Ask all links, some at a time, until the time is up; `found` takes each answer as it comes."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(href: str) -> tuple[str, Looked]:
        async with turns:
            return href, await _look(opened, href, now)

    async with opened:
        asking = [asyncio.create_task(one(href)) for href in links]
        try:
            for task in asyncio.as_completed(asking, timeout=SECONDS):
                href, looked = await task
                found[href] = looked
                progress(len(found), len(asking))
        except TimeoutError:
            pass
        finally:
            for left in asking:
                left.cancel()
            await asyncio.gather(*asking, return_exceptions=True)


async def _look(opened: "Fetcher", href: str, now: datetime) -> Looked:
    try:
        answer = await opened.answer(href)
    except FetchError as error:
        return Looked(at=now, cause=error.cause, why=str(error), url=href)
    return Looked(
        at=now,
        status=answer.status,
        url=answer.url,
        moved=answer.moved,
        certificate_ends=answer.certificate_ends,
    )


def _load(workspace: "Workspace") -> dict[str, Looked]:
    """Read the answers; without a file, or of a damaged one, none are known."""
    try:
        data = json.loads((workspace.var / _FILE).read_text("utf-8"))
        return {str(href): _read(one) for href, one in data.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _read(one: dict[str, Any]) -> Looked:
    ends, cause = one["certificate_ends"], one["cause"]
    moments = {
        "at": datetime.fromisoformat(one["at"]),
        "certificate_ends": ends and datetime.fromisoformat(ends),
    }
    return Looked(**{**one, **moments, "cause": cause and Cause(cause)})


def _save(workspace: "Workspace", answers: Mapping[str, Looked]) -> None:
    private.own_folder(workspace.var)
    content = json.dumps({href: asdict(one) for href, one in answers.items()}, default=str, indent=0)
    atomic_write(workspace.var / _FILE, content.encode(), mode=OWNER)
