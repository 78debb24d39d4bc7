"""The archive's copy of an issue: the edition with all sections as approved, and calendar files."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from newsletter.model import ClosingCall, Envelope, Image, Issue, Item, Section
from newsletter.render import markdown, plaintext
from newsletter.render.characters import one_line, printable
from newsletter.render.edition import Editions, closing_call
from newsletter.render.events import anchor, calendar_name, event_values
from newsletter.render.ics import Source, calendar
from newsletter.render.urls import ascii_url
from newsletter.store.archive import Cover, PublicItem
from newsletter.store.pictures import public


def publication(editions: Editions) -> tuple[Cover, list[PublicItem]] | None:
    """Return the cover and the public items of an issue; None when every item has an `only_for`."""
    edition = editions.whole()
    if edition is None:
        return None
    issue = editions.issue
    items = [public_item(issue, block.section, item) for block in edition.blocks for item in block.items]
    shown = sorted((item for item in edition.items if item.picture), key=lambda item: not item.lead)
    first = public(shown[0].picture) if shown else None
    return replace(_cover(issue, closing_call(issue.call, edition)), picture=first), items


def images(editions: Editions, sent: Iterable[Image]) -> list[Image]:
    """Return the images that the archive shows, and those of messages."""
    edition = editions.whole()
    public_ones = [item.picture.image for item in edition.items if item.picture] if edition else []
    return [image for image in (*public_ones, *sent) if image]


def _cover(issue: Issue, call: ClosingCall | None) -> Cover:
    return Cover(
        period=issue.period,
        subject=one_line(issue.subject),
        preheader=one_line(issue.preheader),
        intro=markdown.html(printable(issue.intro)),
        call=ClosingCall(text=one_line(call.text), hashtag=call.hashtag) if call else None,
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


def public_item(issue: Issue, section: Section, item: Item) -> PublicItem:
    """Return an item of `section` as the archive shows it."""
    text = printable(item.text)
    words = plaintext.words(text)
    event = replace(item.event, place=one_line(item.event.place)) if item.event else None
    if event:  # its date and place are searched too
        said = event_values(event, issue.language)
        words = "\n".join(filter(None, (said.line, said.place, words)))
    return PublicItem(
        closing=issue.period.end,
        anchor=anchor(item),
        section=section.slug,
        section_title=one_line(section.title),
        title=one_line(item.title),
        html=markdown.html(text),
        text=words,
        link=ascii_url(item.link or "") or "",
        kind=item.kind,
        lead=item.lead,
        event=event,
        section_colour=section.colour,
        picture=public(item.picture),
    )
