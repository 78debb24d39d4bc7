"""The inbox: items that were found or written and wait for an issue, each a file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from newsletter.compose.addresses import same_page
from newsletter.compose.edit import GONE, edit_item
from newsletter.compose.issuefile import closings, folder_of, path_of, read_text
from newsletter.compose.slug import slug
from newsletter.errors import ContentError, Message
from newsletter.services.editing import inboxfile
from newsletter.services.editing.fields import ItemFields, read_fields, write_fields
from newsletter.services.editing.files import Conflict, Desk, Saved, Version, exclusive, put, save
from newsletter.services.editing.inboxfile import OWN_KEYS, Waiting
from newsletter.services.editing.items import add as add_item
from newsletter.services.editing.items import editing

if TYPE_CHECKING:
    from newsletter.services import Workspace

_LONGEST_SLUG = 40
_ALIKE = 0.85
"""How much of two titles is the same when they speak of the same news."""
_WEEKS = 3
"""How far back issues are searched for what the inbox has: a story is told again within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An item that was found for the inbox, and the place it comes from.

    `picture` is the address of one that its page shows, `alt` its words: offered, not yet taken.
    """

    fields: ItemFields
    source: str
    found_at: datetime
    picture: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An issue that has the same news, by its link or a title that is much alike."""

    closing: date
    title: str
    by_link: bool


def waiting(workspace: "Workspace") -> list[Waiting]:
    """Return what waits in the inbox, the newest first."""
    found = []
    for name in inboxfile.names(workspace.root):
        try:
            found.append(inboxfile.read(workspace.root, name, workspace.settings))
        except ContentError as error:
            found.append(_unreadable(name, error))
    return sorted(
        found, key=lambda one: (one.found_at.timestamp() if one.found_at else 0.0, one.name), reverse=True
    )


def number(workspace: "Workspace") -> int:
    """Return how many items wait in the inbox."""
    return len(inboxfile.names(workspace.root))


def dismissed(workspace: "Workspace", most: int) -> list[Waiting]:
    """Return what was dismissed or deleted last, at most `most`."""
    files = sorted(
        (workspace.root / inboxfile.DISMISSED).glob("*.md"),
        key=lambda file: file.stat().st_mtime,
        reverse=True,
    )
    return [
        inboxfile.read(workspace.root, file.stem, workspace.settings, dismissed=True) for file in files[:most]
    ]


def _unreadable(name: str, error: ContentError) -> Waiting:
    return Waiting(
        name=name,
        path=inboxfile.path_of(name),
        version=Version(),
        fields=None,
        source="",
        found_at=None,
        seen_in="",
        was=None,
        problems=error.problems,
    )


def add(desk: Desk, found: Found) -> str | None:
    """Write an item into the inbox; return its name, or None if its link is known or was dismissed.

    Raises ContentError when it cannot be written.
    """
    return add_all(desk, [found])[0]


def add_all(desk: Desk, found: Sequence[Found]) -> list[str | None]:
    """Write items into the inbox as one change; return the name of each, None if its link is known.

    Raises ContentError when they cannot be written.
    """
    workspace = desk.workspace
    if not found:
        return []
    with exclusive(workspace):
        known = {
            *_links(workspace),
            *(link for _, _, link in _published(workspace, found[0].found_at.date())),
        }
        taken = {*inboxfile.names(workspace.root), *inboxfile.names(workspace.root, dismissed=True)}
        texts: dict[str, str] = {}
        names: list[str | None] = []
        for one in found:
            link = same_page(one.fields.link)
            if link and link in known:
                names.append(None)
                continue
            name = inboxfile.free_among(taken, slug(one.fields.title, _LONGEST_SLUG) or "item")
            path = inboxfile.path_of(name)
            texts[path] = edit_item(write_fields("", "", one.fields), path, _said(one))
            known.add(link)
            taken.add(name)
            names.append(name)
        if texts:
            what = next(filter(None, names)) if len(texts) == 1 else f"{len(texts)} items"
            put(desk, texts, f"inbox: {what} added")
    return names


def _said(found: Found) -> dict[str, Any]:
    """Return the keys that an item has in the inbox only."""
    said: dict[str, Any] = {"source": found.source, "found_at": found.found_at.isoformat(timespec="seconds")}
    if found.picture:
        said["picture_from"] = {"url": found.picture, "alt": found.alt}
    return said


def titles(workspace: "Workspace") -> Iterator[str]:
    """Yield the titles of what waits, and of what was dismissed."""
    for is_dismissed in (False, True):
        for name in inboxfile.names(workspace.root, dismissed=is_dismissed):
            fields = read_fields(
                read_text(workspace.root, inboxfile.path_of(name, dismissed=is_dismissed)), name
            )
            if fields:
                yield fields.title


def save_fields(desk: Desk, name: str, sha: str, fresh: ItemFields) -> Saved | Conflict:
    """Save the fields of an item that waits, whose file had the hash `sha` when it was opened."""
    workspace = desk.workspace
    path = inboxfile.path_of(name)
    with exclusive(workspace):
        now = inboxfile.read(workspace.root, name, workspace.settings)
        text = write_fields(now.version.text if now.fields else "", path, fresh)
        return save(desk, path, text, sha, f"inbox: {name} edited")


def place(desk: Desk, name: str, closing: date, section: str) -> str:
    """Move an item from the inbox to the end of an issue's section; return its id. Raises ContentError."""
    workspace = desk.workspace
    with editing(workspace, closing):
        found = inboxfile.read(workspace.root, name, workspace.settings)
        if found.fields is None:
            raise ContentError(
                found.problems or Message("%(path)s has no front matter", path=found.path), "Mend it first."
            )
        fields = replace(found.fields, sections=(section,))
        text = edit_item(
            found.version.text, found.path, {"section": section, **dict.fromkeys(OWN_KEYS, GONE)}
        )
        message = f"{closing}: {name} placed in {section}"
        return add_item(desk, closing, text, fields, message, name=name, gone=[found.path])


def dismiss(desk: Desk, name: str, is_current: Callable[[str], bool] = bool) -> bool:
    """Take an item out of the inbox; it is kept, so that it is not brought again. Raises ContentError.

    Nothing is done, and False returned, unless `is_current` says so of the SHA-256 of its file.
    """
    workspace = desk.workspace
    with exclusive(workspace):
        found = inboxfile.read(workspace.root, name, workspace.settings)
        if not is_current(found.version.sha):
            return False
        texts = {inboxfile.path_of(name, dismissed=True): found.version.text}
        put(desk, texts, f"inbox: {name} dismissed", gone=[found.path])
        return True


class SeenBefore:
    """Finds what the inbox has in the issues of the last weeks; they are read once."""

    def __init__(self, workspace: "Workspace", today: date) -> None:
        self._published = list(_published(workspace, today))

    def find(self, item: Waiting) -> Seen | None:
        """Return the newest issue with the same link, or with a title that is much alike."""
        link, title = same_page(item.link), _plain(item.title)
        for closing, other, published in self._published:
            if link and link == published:
                return Seen(closing=closing, title=other, by_link=True)
        for closing, other, _ in self._published:
            matcher = SequenceMatcher(None, title, _plain(other), autojunk=False)
            if matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE:
                return Seen(closing=closing, title=other, by_link=False)
        return None


def _links(workspace: "Workspace") -> Iterator[str]:
    for is_dismissed in (False, True):
        for name in inboxfile.names(workspace.root, dismissed=is_dismissed):
            fields = read_fields(
                read_text(workspace.root, inboxfile.path_of(name, dismissed=is_dismissed)), name
            )
            if fields and fields.link:
                yield same_page(fields.link)


def _published(workspace: "Workspace", today: date) -> Iterator[tuple[date, str, str]]:
    """Yield closing date, title and page of each item of the last issues, the newest first."""
    for closing in closings(workspace.root):
        if abs(closing - today) > timedelta(weeks=_WEEKS):
            continue
        home = f"{folder_of(closing)}/items"
        for file in sorted((workspace.root / home).glob("*.md")):
            try:
                fields = read_fields(read_text(workspace.root, f"{home}/{file.name}"), file.name)
            except ContentError:
                continue
            if fields:
                yield closing, fields.title, same_page(fields.link)


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())


def issues_to_place(workspace: "Workspace", most: int = 8) -> Sequence[date]:
    """Return the newest issues, into which an item may be placed."""
    return [closing for closing in closings(workspace.root) if (workspace.root / path_of(closing)).is_file()][
        :most
    ]
