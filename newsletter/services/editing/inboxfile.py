"""Files of the inbox, `inbox/<name>.md`: an item's front matter, and where and when it was found.

`source` says where it comes from, `found_at` when, `seen_in` the issue that had it already. A dismissed one
moves to `inbox/dismissed`, so that nothing brings it again; `was` says which issue a deleted item stood in.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from newsletter.compose.item import is_address, split_item
from newsletter.compose.words import is_line
from newsletter.config import Settings
from newsletter.errors import ContentError, Message, Problem
from newsletter.services.editing.fields import ItemFields, read_fields
from newsletter.services.editing.files import Version, read_version
from newsletter.yamlfile import load

FOLDER, DISMISSED = "inbox", "inbox/dismissed"
OWN_KEYS = ("source", "found_at", "seen_in", "was")
"""The keys that an item has in the inbox only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Was:
    """Where a deleted item stood."""

    issue: date
    id: str
    section: str
    position: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An item that waits in the inbox; `fields` is None when its file can only be edited as text."""

    name: str
    path: str
    version: Version
    fields: ItemFields | None
    source: str
    found_at: datetime | None
    seen_in: str
    was: Was | None
    problems: tuple[Problem, ...]

    @property
    def title(self) -> str:
        """The title, or the file's name where there is none."""
        return (self.fields.title if self.fields else "") or self.name

    @property
    def link(self) -> str:
        """The link, or nothing."""
        return self.fields.link if self.fields and is_address(self.fields.link) else ""


def path_of(name: str, *, dismissed: bool = False) -> str:
    """Return the path of a file of the inbox. Raises ContentError for what is no file's name."""
    if not name or name.startswith(".") or not is_line(name) or re.search(r"[/\\]", name):
        raise ContentError(Message("%(name)r is not the name of an item", name=name), "Go back to the inbox.")
    return f"{DISMISSED if dismissed else FOLDER}/{name}.md"


def names(root: Path, *, dismissed: bool = False) -> list[str]:
    """Return the names of the files of the inbox, or of those that were dismissed."""
    return sorted(file.stem for file in (root / (DISMISSED if dismissed else FOLDER)).glob("*.md"))


def free(root: Path, name: str) -> str:
    """Return `name`, or with a number a name that no file of the inbox has, dismissed ones included."""
    return free_among({*names(root), *names(root, dismissed=True)}, name)


def free_among(taken: Collection[str], name: str) -> str:
    """Return `name`, or with a number a name that is not among `taken`."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def read(root: Path, name: str, settings: Settings, *, dismissed: bool = False) -> Waiting:
    """Return a file of the inbox. Raises ContentError when it is not there."""
    path = path_of(name, dismissed=dismissed)
    version = read_version(root, path)
    if not version.sha:
        raise ContentError(
            Message("%(path)s is not there", path=path),
            "Somebody has placed or dismissed it: reload the page.",
        )
    head, _ = split_item(version.text)
    problems: tuple[Problem, ...] = ()
    data: Any = {}
    try:
        data = load(head or "", path, first_line=2).data
    except ContentError as error:
        problems = error.problems
    said = data if isinstance(data, Mapping) else {}
    return Waiting(
        name=name,
        path=path,
        version=version,
        fields=read_fields(version.text, path),
        source=str(said.get("source") or ""),
        found_at=_moment(said.get("found_at")),
        seen_in=str(said.get("seen_in") or ""),
        was=_was(said.get("was"), {section.slug for section in settings.sections}),
        problems=problems,
    )


def _moment(value: Any) -> datetime | None:
    try:
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _was(value: Any, sections: set[str]) -> Was | None:
    if not isinstance(value, Mapping):
        return None
    try:
        issue = date.fromisoformat(str(value.get("issue")))
    except ValueError:
        return None
    section, position = str(value.get("section") or ""), str(value.get("position") or "")
    return Was(
        issue=issue,
        id=str(value.get("id") or "item"),
        section=section if section in sections else "",
        position=int(position) if position.isdecimal() else None,
    )
