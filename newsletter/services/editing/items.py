"""Read, make, save and delete the items of an issue, each a file."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from newsletter.checks.editorial import editorial
from newsletter.checks.findings import silenced
from newsletter.checks.lines import lines_under
from newsletter.compose.edit import edit_item
from newsletter.compose.issuefile import Folder, folder_of, path_of, read_folder, read_text
from newsletter.compose.item import parse_item
from newsletter.compose.pictures import with_images
from newsletter.compose.reorder import reorder
from newsletter.compose.slug import slug
from newsletter.compose.words import is_line
from newsletter.errors import ContentError, Message, Problem, StateError
from newsletter.model import Block, Issue, IssueState, Item
from newsletter.services.approval import standing
from newsletter.services.editing.fields import ItemFields, read_fields, write_fields
from newsletter.services.editing.files import (
    Conflict,
    Desk,
    Saved,
    Version,
    exclusive,
    put,
    read_version,
    save,
)
from newsletter.services.editing.order import listed, placed
from newsletter.services.proof import repeats
from newsletter.services.spelling import spelt

if TYPE_CHECKING:
    from newsletter.services import Workspace

CLOSED = (IssueState.FREEZING, IssueState.SENDING, IssueState.PAUSED, IssueState.SENT)
"""States in which files no longer matter: readers get, or got, what was approved."""

_LONGEST_SLUG = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFile:
    """An item's file: its text as it is, its fields unless it is broken, and what is found wrong."""

    id: str
    path: str
    version: Version
    fields: ItemFields | None
    item: Item | None
    problems: Sequence[Problem]


def item_path(workspace: "Workspace", closing: date, name: str) -> str:
    """Return the path of an item's file in the workspace. Raises ContentError for what is no file's name."""
    path = f"{folder_of(closing)}/items/{name}.md"
    home = workspace.root / folder_of(closing) / "items"
    file = workspace.root / path
    if not name or name.startswith(".") or not is_line(name) or re.search(r"[/\\]", name):
        raise ContentError(Message("%(name)r is not the name of an item", name=name), "Go back to the issue.")
    if file.is_symlink() or not file.resolve().is_relative_to(home.resolve()):
        raise ContentError(
            Message("%(path)s is a link to a file elsewhere", path=path), "Put the file itself there."
        )
    return path


def read_item(
    workspace: "Workspace", closing: date, name: str, folder: Folder | None = None
) -> ItemFile | None:
    """Return an item's file with the findings on it alone; None if there is none. Raises ContentError.

    `folder` are the files of the issue, if they were read already.
    """
    path = item_path(workspace, closing, name)
    version = read_version(workspace.root, path)
    if not version.sha:
        return None
    return look_at(workspace, closing, path, version, folder)


def look_at(
    workspace: "Workspace", closing: date, path: str, version: Version, folder: Folder | None = None
) -> ItemFile:
    """Return what the text `version` of an item's file says, and the findings on it alone."""
    settings = workspace.settings
    folder = folder or read_folder(workspace.root, closing, settings)
    item, problems = parse_item(
        version.text, path, sections=folder.sections, fields=settings.fields, timezone=settings.timezone
    )
    if item:
        shown, faults = with_images(workspace.root, folder_of(closing), {item.id: item})
        item = shown[item.id]
        problems += faults
    if item:
        others = [one for name, one in folder.items.items() if one and name != item.id]
        locate = lines_under(workspace.root, {**folder.texts, path: version.text})
        alone = replace(_alone(folder, item), language=settings.language)
        remarks = [
            *editorial(_alone(folder, *others, item), settings, locate),
            *repeats(workspace, alone),
            *spelt(workspace, alone, locate),
        ]
        problems += silenced(alone, remarks, problems)[0]
    found = [problem for problem in dict.fromkeys(problems) if problem.at and problem.at.path == path]
    return ItemFile(
        id=path.rpartition("/")[2].removesuffix(".md"),
        path=path,
        version=version,
        fields=read_fields(version.text, path),
        item=item,
        problems=found,
    )


def _alone(folder: Folder, *items: Item) -> Issue:
    """Return an issue of `items` only, in one section."""
    section = folder.sections[items[0].sections[0]]
    return Issue(
        period=folder.period, subject="", blocks=(Block(section=section, items=items),), at=folder.at
    )


def save_item(  # noqa: PLR0913  what is written, where, as whose, and for what
    desk: Desk, closing: date, name: str, sha: str, fresh: ItemFields, *, correcting: bool = False
) -> Saved | Conflict:
    """Save the fields of an item whose file had the hash `sha` when it was opened. Raises ContentError.

    An item that leaves the section it is listed under moves to the end of its first one. With `correcting`
    the file may be changed though the issue was sent: the correction is then made of it.
    """
    workspace = desk.workspace
    path = item_path(workspace, closing, name)
    with editing(desk.workspace, closing, correcting=correcting):
        now = read_version(workspace.root, path).text
        held = read_fields(now, path)
        text = write_fields(now if held else "", path, fresh)
        done = save(desk, path, text, sha, f"{closing}: {name} edited")
        if isinstance(done, Saved) and not (held and held.sections == fresh.sections):
            _follow(desk, closing, name, fresh.sections)
        return done


def _follow(desk: Desk, closing: date, name: str, sections: Sequence[str]) -> None:
    """List an item under its first section, if it stands under one that it no longer has."""
    folder = read_folder(desk.workspace.root, closing, desk.workspace.settings)
    home = next((slug for slug, names in listed(folder).items() if name in names), None)
    first = next((slug for slug in sections if slug in folder.sections), None)
    if first and home and home not in sections:
        order = placed(folder, name, first)
        text = reorder(issue_text(desk.workspace, closing), path_of(closing), order)
        put(desk, {path_of(closing): text}, f"{closing}: {name} moved to {first}")


def save_text(  # noqa: PLR0913  as save_item
    desk: Desk, closing: date, name: str, sha: str, text: str, *, correcting: bool = False
) -> Saved | Conflict:
    """Save the whole text of an item's file, as it must be done when its front matter is broken."""
    workspace = desk.workspace
    path = item_path(workspace, closing, name)
    with editing(desk.workspace, closing, correcting=correcting):
        before = read_version(workspace.root, path).text
        end = "\r\n" if "\r\n" in before else "\n"
        text = end.join(re.split("\r\n|\r|\n", text))
        return save(desk, path, text, sha, f"{closing}: {name} edited")


def new_item(desk: Desk, closing: date, fresh: ItemFields) -> str:
    """Write a new item and list it last in its first section; return its id. Raises ContentError."""
    with editing(desk.workspace, closing):
        return add(desk, closing, write_fields("", "", fresh), fresh, f"{closing}: new item")


def add(  # noqa: PLR0913  what is written, where, and as whose
    desk: Desk,
    closing: date,
    text: str,
    fresh: ItemFields,
    message: str,
    *,
    position: int | None = None,
    name: str = "",
    gone: Sequence[str] = (),
) -> str:
    """Write an item's `text` under a free id and list it in the issue; the caller holds `editing`."""
    workspace = desk.workspace
    folder = read_folder(workspace.root, closing, workspace.settings)
    name = _free(name or slug(fresh.title, _LONGEST_SLUG) or "item", folder)
    section = next((one for one in fresh.sections if one in folder.sections), None)
    texts = {item_path(workspace, closing, name): text}
    if section:
        order = placed(folder, name, section, position)
        texts[path_of(closing)] = reorder(issue_text(workspace, closing), path_of(closing), order)
    put(desk, texts, message, gone=gone)
    return name


def issue_text(workspace: "Workspace", closing: date) -> str:
    """Return the text of issue.yaml."""
    return read_text(workspace.root, path_of(closing))


def _free(name: str, folder: Folder) -> str:
    taken = {*folder.items, *(one for names in listed(folder).values() for one in names)}
    number = 2
    free = name
    while free in taken:
        free = f"{name}-{number}"
        number += 1
    return free


def set_lead(desk: Desk, closing: date, name: str, *, lead: bool) -> None:
    """Make an item the lead, and let go of the one before; those that are for some readers only stay."""
    workspace = desk.workspace
    item_path(workspace, closing, name)
    with editing(desk.workspace, closing):
        folder = read_folder(workspace.root, closing, workspace.settings)
        texts = {}
        for other, item in folder.items.items():
            wanted = lead if other == name else bool(item and item.lead and (item.only_for or not lead))
            path = f"{folder_of(closing)}/items/{other}.md"
            text = read_version(workspace.root, path).text
            held = read_fields(text, path)
            if held and held.lead != wanted:
                texts[path] = write_fields(text, path, replace(held, lead=wanted))
        if texts:
            put(desk, texts, f"{closing}: {name} {'leads' if lead else 'leads no more'}")


def move(desk: Desk, closing: date, name: str, section: str, position: int | None = None) -> None:
    """Put an item into `section` at `position` (last if None); its file gets the section, if it lacks it.

    Raises ContentError when there is no such section or item.
    """
    workspace = desk.workspace
    path = item_path(workspace, closing, name)
    with editing(desk.workspace, closing):
        folder = read_folder(workspace.root, closing, workspace.settings)
        if section not in folder.sections or name not in folder.items:
            raise ContentError(
                Message("there is no item %(name)r or no section %(section)r", name=name, section=section),
                "Reload the page.",
            )
        text = read_version(workspace.root, path).text
        item = folder.items[name]
        texts = {
            path_of(closing): reorder(
                issue_text(workspace, closing), path_of(closing), placed(folder, name, section, position)
            )
        }
        if item and section not in item.sections:
            home = next((slug for slug, names in listed(folder).items() if name in names), item.sections[0])
            kept = [section if one == home else one for one in item.sections]
            named = kept if section in kept else [section, *kept[1:]]
            texts = {path: edit_item(text, path, {"section": named[0] if len(named) == 1 else named})} | texts
        put(desk, texts, f"{closing}: {name} moved to {section}")


def shift(desk: Desk, closing: date, name: str, step: int) -> None:
    """Move an item by `step` places within its section, not beyond its ends. Raises ContentError."""
    with editing(desk.workspace, closing):
        folder = read_folder(desk.workspace.root, closing, desk.workspace.settings)
        order = listed(folder)
        section = next((slug for slug, names in order.items() if name in names), None)
        if section is None:
            raise ContentError(Message("%(name)r stands in no section", name=name), "Reload the page.")
        position = max(0, order[section].index(name) + step)
        text = reorder(
            issue_text(desk.workspace, closing), path_of(closing), placed(folder, name, section, position)
        )
        put(desk, {path_of(closing): text}, f"{closing}: {name} moved")


@contextmanager
def editing(workspace: "Workspace", closing: date, *, correcting: bool = False) -> Iterator[None]:
    """Let this thread alone change an issue's files. Raises StateError when they no longer matter."""
    with exclusive(workspace):
        insist_open(workspace, closing, correcting=correcting)
        yield


def insist_open(workspace: "Workspace", closing: date, *, correcting: bool = False) -> None:
    """Raise StateError when readers get, or got, what was approved, so that files no longer matter.

    They do when an item of a sent issue is to be corrected.
    """
    state = standing(workspace, closing).state
    if state in CLOSED and (state == IssueState.FREEZING or not correcting):
        raise StateError(
            Message(
                "the issue of %(closing)s is %(state)s: its files no longer reach anybody",
                closing=closing,
                state=state,
            ),
            "Mend an item with a correction: newsletter correct.",
        )
