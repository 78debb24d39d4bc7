"""The archive's copy of an issue: the edition with all sections as approved, and calendar files."""

from dataclasses import replace
from datetime import datetime

from newsletter.model import ClosingCall, Envelope, Issue, Item, Section
from newsletter.render import markdown, plaintext
from newsletter.render.characters import printable
from newsletter.render.edition import Editions, closing_call
from newsletter.render.events import anchor, calendar_name, event_values
from newsletter.render.ics import Source, calendar
from newsletter.render.urls import ascii_url
from newsletter.store.archive import Cover, PublicItem


def publication(editions: Editions) -> tuple[Cover, list[PublicItem]] | None:
    """Return the cover and the public items of an issue; None when every item has an `only_for`."""
    edition = editions.whole()
    if edition is None:
        return None
    issue = editions.issue
    items = [_item(issue, block.section, item) for block in edition.blocks for item in block.items]
    return _cover(issue, closing_call(issue.call, edition)), items


def _cover(issue: Issue, call: ClosingCall | None) -> Cover:
    return Cover(
        period=issue.period,
        subject=_line(issue.subject),
        preheader=_line(issue.preheader),
        intro=markdown.html(printable(issue.intro)),
        call=ClosingCall(text=_line(call.text), hashtag=call.hashtag) if call else None,
    )


def calendars(editions: Editions, shared: Envelope, at: datetime) -> dict[str, str]:
    """Return the calendar file of each event of an issue by its name, also of those for some readers only.

    `at` is when the issue is approved.
    """
    name = editions.issue.name
    source = Source(issue=name, base_url=shared.base_url, domain=shared.domain, at=at)
    return {
        calendar_name(name, item): calendar(item, item.event, source)
        for block in editions.issue.blocks
        for item in block.items
        if item.event
    }


def _item(issue: Issue, section: Section, item: Item) -> PublicItem:
    text = printable(item.text)
    words = plaintext.words(text)
    event = replace(item.event, place=_line(item.event.place)) if item.event else None
    if event:  # its date and place are searched too
        said = event_values(event, issue.language)
        words = "\n".join(filter(None, (said.line, said.place, words)))
    return PublicItem(
        closing=issue.period.end,
        anchor=anchor(item),
        section=section.slug,
        section_title=_line(section.title),
        title=_line(item.title),
        html=markdown.html(text),
        text=words,
        link=ascii_url(item.link or "") or "",
        kind=item.kind,
        event=event,
        section_colour=section.colour,
    )


def _line(text: str) -> str:
    return " ".join(printable(text).split())
