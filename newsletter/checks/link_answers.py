"""Check what the links of an issue answered when they were asked: gone, moved, refused, not to be trusted.

All are warnings: a site that does not answer now may do so when readers open it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from newsletter.checks.codes import finding
from newsletter.checks.lines import Locate, as_given
from newsletter.checks.wording import hrefs
from newsletter.errors import Message, Place, Problem
from newsletter.fetched import Cause
from newsletter.model import Issue

_GONE = {404, 410}
_NOT_FOR_PROGRAMS = {401, 403, 405, 406, 429, 451, 503}
"""Answers that sites give to programs, and not to people in a browser."""
_FAULTY = 400
_SOON = timedelta(days=7)
"""Readers open a message for about a week."""
_FIRST_PAGES = {"", "/uk", "/ua", "/en", "/home", "/index.html", "/index.php"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a link answered `at` a moment: a status, or 0 and the cause; where it led, and moved for good."""

    at: datetime
    status: int = 0
    url: str = ""
    moved: str = ""
    certificate_ends: datetime | None = None
    cause: Cause | None = None
    why: str = ""


def links_of(issue: Issue) -> Iterator[tuple[str, Place]]:
    """Yield the web address of each link of an issue with its file, each once for a file."""
    seen = set()
    for href, at in _links(issue):
        address = href.partition("#")[0]
        if address.lower().startswith(("http://", "https://")) and (address, at) not in seen:
            seen.add((address, at))
            yield address, at


def _links(issue: Issue) -> Iterator[tuple[str, Place]]:
    for words in (issue.intro, issue.call.text if issue.call else ""):
        yield from ((href, issue.at) for href in hrefs(words))
    for block in issue.blocks:
        for item in block.items:
            yield from ((href, item.at) for href in (item.link or "", *hrefs(item.text)))


def link_problems(
    issue: Issue, answers: Mapping[str, Looked], locate: Locate = as_given
) -> Iterator[Problem]:
    """Yield what is wrong with the links of an issue, as far as `answers` know them by their address."""
    certificates: set[str] = set()
    for href, at in links_of(issue) if answers else ():
        if looked := answers.get(href):
            place = locate(at, href)
            yield from _faults(href, looked, place)
            host = urlsplit(looked.url).hostname or ""
            if looked.certificate_ends and host not in certificates:
                certificates.add(host)
                yield from _certificate(host, looked.certificate_ends, looked.at, place)


def _faults(href: str, looked: Looked, at: Place) -> Iterable[Problem]:
    """Return at most one problem of a link."""
    status = looked.status
    if not status:
        return _silent(href, looked, at)
    if status in _GONE:
        text = Message("the link %(href)s leads to no page: it answers %(status)s", href=href, status=status)
        return [finding("link-gone", text, at, "Open it; correct the address, or take another page.")]
    if status in _NOT_FOR_PROGRAMS:
        text = Message(
            "the link %(href)s cannot be tested: its site answers programs %(status)s",
            href=href,
            status=status,
        )
        return [finding("link-refuses-programs", text, at, "Open it in a browser once.")]
    if status >= _FAULTY:
        text = Message("the link %(href)s answers with error %(status)s", href=href, status=status)
        return [
            finding("link-fails", text, at, "Check it again later; while it is so, readers see an error.")
        ]
    return _led_away(href, looked, at)


def _silent(href: str, looked: Looked, at: Place) -> Iterable[Problem]:
    match looked.cause:
        case Cause.SLOW:
            text = Message("the link %(href)s gives no answer in ten seconds", href=href)
        case Cause.UNKNOWN_HOST:
            text = Message("the link %(href)s leads to a site that there is not", href=href)
        case Cause.NOT_PUBLIC:
            text = Message("the link %(href)s leads to no site on the public internet", href=href)
        case Cause.UNTRUSTED:
            text = Message("browsers refuse the certificate of the link %(href)s", href=href)
            hint = "Readers see a warning instead of the page: tell the site, or take another page."
            return [finding("link-untrusted", text, at, hint)]
        case _:
            text = Message("the link %(href)s gives no answer: %(why)s", href=href, why=looked.why)
    return [finding("link-silent", text, at, "Open it; correct the address, or check it again later.")]


def _led_away(href: str, looked: Looked, at: Place) -> Iterable[Problem]:
    asked, reached = _page(href), _page(looked.url)
    if asked[1] not in _FIRST_PAGES and reached[1] in _FIRST_PAGES and not urlsplit(looked.url).query:
        text = Message("the link %(href)s ends at the first page of a site", href=href)
        return [
            finding(
                "link-to-first-page",
                text,
                at,
                "The page is probably gone: open it, and find its new address.",
            )
        ]
    if looked.moved and _page(looked.moved) != asked:
        text = Message("the page of the link %(href)s has moved for good", href=href)
        return [finding("link-moved", text, at, Message("Use %(mend)s", mend=looked.moved))]
    return ()


def _page(address: str) -> tuple[str, str]:
    """Return host and path of an address, without what only looks different."""
    parts = urlsplit(address)
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")


def _certificate(host: str, ends: datetime, now: datetime, at: Place) -> Iterator[Problem]:
    if ends - now < _SOON:
        yield finding(
            "certificate-ends",
            Message("the certificate of %(host)s ends on %(day)s", host=host, day=ends.date()),
            at,
            "Tell the site: from then on browsers show readers a warning instead of the page.",
        )
