"""The archive's copy of an issue: the edition with all sections, as approved."""

from newsletter.model import ClosingCall, Issue, Item
from newsletter.render import markdown, plaintext
from newsletter.render.characters import printable
from newsletter.render.edition import Editions, closing_call
from newsletter.render.urls import ascii_url
from newsletter.store.archive import Cover, PublicItem


def publication(editions: Editions) -> tuple[Cover, list[PublicItem]] | None:
    """Return the cover and the public items of an issue; None when every item has an `only_for`."""
    edition = editions.whole()
    if edition is None:
        return None
    issue = editions.issue
    items = [
        _item(issue, block.section.slug, block.section.title, item)
        for block in edition.blocks
        for item in block.items
    ]
    return _cover(issue, closing_call(issue.call, edition)), items


def _cover(issue: Issue, call: ClosingCall | None) -> Cover:
    return Cover(
        period=issue.period,
        subject=_line(issue.subject),
        preheader=_line(issue.preheader),
        intro=markdown.html(printable(issue.intro)),
        call=ClosingCall(text=_line(call.text), hashtag=call.hashtag) if call else None,
    )


def _item(issue: Issue, section: str, section_title: str, item: Item) -> PublicItem:
    text = printable(item.text)
    return PublicItem(
        closing=issue.period.end,
        anchor="-".join(item.id.split()),
        section=section,
        section_title=_line(section_title),
        title=_line(item.title),
        html=markdown.html(text),
        text=plaintext.words(text),
        link=ascii_url(item.link or "") or "",
    )


def _line(text: str) -> str:
    return " ".join(printable(text).split())
