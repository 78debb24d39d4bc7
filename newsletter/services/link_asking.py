"""Ask the links of an issue whether they answer, ten at a time; a good answer is kept for a day."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from newsletter.checks.link_answers import Looked
from newsletter.fetched import FetchError
from newsletter.fetching import Fetcher
from newsletter.services.link_check import LinkCheck, addresses, recent_answers, save, summary

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.services.jobs.kinds import Request

AT_ONCE = 10
SECONDS = 120.0
"""The most time for all links together; those that had no turn by then stay unknown."""
_GOOD = timedelta(days=1)
_FIRST_ERROR = 400


def check_links(
    workspace: "Workspace",
    closing: date,
    *,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    fetcher: Callable[[str], Fetcher] = Fetcher,
) -> LinkCheck:
    """Ask each link of an issue that has no good answer yet; return how many are known afterwards.

    An exception of `progress` stops it; what was answered by then is kept. Raises ContentError when the issue
    cannot be read.
    """
    issue, _ = workspace.issue(closing)
    now = workspace.now()
    known = recent_answers(workspace)
    asked = [href for href in addresses(issue) if not _good(known.get(href), now)]
    found: dict[str, Looked] = {}
    try:
        if asked:
            agent = f"newsletter-link-check (+{workspace.settings.base_url})"
            asyncio.run(_ask(asked, fetcher(agent), found, now, progress))
    finally:
        if found:
            save(workspace, {**known, **found})
    return summary(issue, {**known, **found}, len(found))


def check_job(request: "Request") -> Mapping[str, Any]:
    """Check the links of `issue`, as a job."""
    closing = date.fromisoformat(request.arguments["issue"])
    found = check_links(request.workspace, closing, progress=request.report)
    return {"links": found.links, "known": found.known, "asked": found.asked}


def _good(looked: Looked | None, now: datetime) -> bool:
    return bool(looked and 0 < looked.status < _FIRST_ERROR and now - looked.at < _GOOD)


async def _ask(
    links: Iterable[str],
    opened: Fetcher,
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


async def _look(opened: Fetcher, href: str, now: datetime) -> Looked:
    try:
        answer = await opened.answer(href)
    except FetchError as error:
        return Looked(at=now, cause=error.cause, why=error.why, url=href)
    return Looked(
        at=now,
        status=answer.status,
        url=answer.url,
        moved=answer.moved,
        certificate_ends=answer.certificate_ends,
    )
