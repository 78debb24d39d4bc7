"""What changed in an issue since it was approved, and what it repeats of the issue before, item by item."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from lxml.html import document_fromstring

from newsletter.compose.difference import Piece, difference, excerpt
from newsletter.compose.issuefile import folder_of, path_of
from newsletter.render.edition import Editions
from newsletter.sending.publication import publication
from newsletter.store import archive, earlier, issues
from newsletter.store.db import reading

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.store.archive import Cover, PublicItem

    _Shown = tuple[Cover | None, Sequence[PublicItem]]

_NOTHING: "_Shown" = (None, ())


class What(StrEnum):
    """What happened to an item."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REPEATED = "repeated"


class Part(StrEnum):
    """What of an item, or of the issue around it, differs."""

    TITLE = "title"
    TEXT = "text"
    LINK = "link"
    SECTION = "section"
    KIND = "kind"
    WHEN = "when"
    PICTURE = "picture"
    LEAD = "lead"
    SUBJECT = "subject"
    PREHEADER = "preheader"
    INTRO = "intro"
    CALL = "closing call"


@dataclass(frozen=True, slots=True)
class PartChange:
    """The changed words of one part."""

    part: Part
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """An item that was added, removed, changed, or repeated from the issue before; `id` is its anchor."""

    what: What
    id: str
    title: str
    section: str
    parts: tuple[PartChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The differences between two states of an issue, or between two issues.

    `issue` are those of the words around the items. `files` are changed files that no item explains, such as
    settings, theme, and items for some readers only. `reordered` says that items stand in another order.
    `since` names the earlier issue; `fresh` counts the items that the earlier one has not.
    """

    since: str
    items: tuple[ItemChange, ...] = ()
    issue: tuple[PartChange, ...] = ()
    files: tuple[str, ...] = ()
    reordered: bool = False
    fresh: int = 0

    def __bool__(self) -> bool:
        return bool(self.items or self.issue or self.files or self.reordered)


def since_approval(workspace: "Workspace", closing: date) -> Changes | None:
    """Return what changed since issue `closing` was approved; None when it is not approved.

    Raises ContentError when the issue's files cannot be read, and StoreError.
    """
    name = closing.isoformat()
    with reading(workspace.readable) as connection:
        frozen = issues.find(connection, name)
        stored = archive.approved(connection, closing) if frozen else None
    if frozen is None:
        return None
    files = frozen.changed_since(workspace.sources(closing))
    if not files:
        return Changes(since=name)
    current = publication(Editions(workspace.issue(closing)[0]))
    return _compared(closing, stored or _NOTHING, current or _NOTHING, files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The approval before the present one: who gave it, when, and what changed until the present one."""

    by: str
    at: str
    changes: Changes


def since_earlier_approval(workspace: "Workspace", closing: date) -> Replaced | None:
    """Return what changed from the approval before to the present one; None when there is none before."""
    name = closing.isoformat()
    with reading(workspace.readable) as connection:
        frozen, before = issues.find(connection, name), earlier.find(connection, name)
        stored = archive.approved(connection, closing)
    if frozen is None or before is None:
        return None
    files = replace(frozen, sources=before.sources).changed_since(frozen.sources)
    changes = _compared(closing, (before.cover, before.items), stored or _NOTHING, files)
    return Replaced(by=before.by, at=before.at, changes=changes)


def _compared(closing: date, before: "_Shown", after: "_Shown", files: Sequence[str]) -> Changes:
    items = tuple(_by_anchor(before[1], after[1]))
    explained = {path_of(closing), *(f"{folder_of(closing)}/items/{one.id}.md" for one in items)}
    return Changes(
        since=closing.isoformat(),
        items=items,
        issue=tuple(_around(before[0], after[0])),
        files=tuple(file for file in files if file not in explained),
        reordered=_order(before[1], after[1]) != _order(after[1], before[1]),
    )


def since_last_week(workspace: "Workspace", closing: date) -> Changes | None:
    """Return which items of issue `closing` the issue before had too, by link or by title.

    None when there is no approved issue before it. Raises ContentError when the files cannot be read.
    """
    with reading(workspace.readable) as connection:
        last = archive.before(connection, closing)
        old = archive.items(connection, [last]) if last else []
    if last is None:
        return None
    current = publication(Editions(workspace.issue(closing)[0]))
    new = current[1] if current else []
    known = {key: one for one in reversed(old) for key in _likeness(one)}
    repeated = [
        (twin, one) for one in new if (twin := next((known[k] for k in _likeness(one) if k in known), None))
    ]
    return Changes(
        since=last.isoformat(),
        items=tuple(_changed(before, after, What.REPEATED) for before, after in repeated),
        fresh=len(new) - len(repeated),
    )


def between(before: "PublicItem", after: "PublicItem") -> tuple[PartChange, ...]:
    """Return the changed words of an item, part by part."""
    return tuple(_parts(_texts(before), _texts(after)))


def _by_anchor(before: Sequence["PublicItem"], after: Sequence["PublicItem"]) -> Iterator[ItemChange]:
    """Yield the changes in the order of the newer state, removed items last."""
    old, new = {one.anchor: one for one in before}, {one.anchor: one for one in after}
    for anchor, one in new.items():
        if anchor not in old:
            yield _named(one, What.ADDED)
        elif (change := _changed(old[anchor], one, What.CHANGED)).parts:
            yield change
    yield from (_named(one, What.REMOVED) for anchor, one in old.items() if anchor not in new)


def _order(of: Sequence["PublicItem"], among: Sequence["PublicItem"]) -> list[str]:
    """Return the anchors of the items that both have, in the order of the first."""
    both = {one.anchor for one in among}
    return [one.anchor for one in of if one.anchor in both]


def _named(one: "PublicItem", what: What) -> ItemChange:
    return ItemChange(what=what, id=one.anchor, title=one.title, section=one.section_title)


def _changed(before: "PublicItem", after: "PublicItem", what: What) -> ItemChange:
    parts = between(before, after)
    return ItemChange(what=what, id=after.anchor, title=after.title, section=after.section_title, parts=parts)


def _parts(before: Iterable[tuple[Part, str]], after: Iterable[tuple[Part, str]]) -> Iterator[PartChange]:
    for (part, old), (_, new) in zip(before, after, strict=True):
        if pieces := difference(old, new):
            yield PartChange(part, excerpt(pieces))


def _texts(one: "PublicItem") -> list[tuple[Part, str]]:
    event = one.event
    when = f"{event.start} – {event.end or ''} {event.place}".strip(" –") if event else ""
    shown = one.picture
    return [
        (Part.TITLE, one.title),
        (Part.TEXT, one.text),
        (Part.LINK, one.link),
        (Part.SECTION, one.section_title),
        (Part.KIND, one.kind.value),
        (Part.LEAD, "★" if one.lead else ""),
        (Part.WHEN, when),
        (Part.PICTURE, f"{shown.alt} {shown.caption} {shown.credit} {shown.name[:8]}" if shown else ""),
    ]


def _around(before: "Cover | None", after: "Cover | None") -> Iterator[PartChange]:
    if before and after:
        yield from _parts(_cover_texts(before), _cover_texts(after))


def _cover_texts(cover: "Cover") -> list[tuple[Part, str]]:
    call = cover.call
    intro = str(document_fromstring(cover.intro).xpath("string()")).strip() if cover.intro.strip() else ""
    return [
        (Part.SUBJECT, cover.subject),
        (Part.PREHEADER, cover.preheader),
        (Part.INTRO, intro),
        (Part.CALL, f"{call.text} {call.hashtag}".strip() if call else ""),
    ]


def _likeness(one: "PublicItem") -> list[tuple[str, str]]:
    """Return what two items that tell the same would share: the link, or the title."""
    link = [("link", one.link)] if one.link else []
    return [*link, ("title", " ".join(one.title.casefold().split()))]
