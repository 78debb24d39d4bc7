"""An issue as its editors see it: sections and items in the order of the mail, each with its findings."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from newsletter.checks.editorial import editorial
from newsletter.checks.findings import silenced
from newsletter.checks.kinds import several_leads
from newsletter.checks.lines import lines_under
from newsletter.compose.issuefile import Folder, folder_of, issue_of, path_of, read_folder
from newsletter.errors import Problem, Severity
from newsletter.model import Issue, Item, Period, Section
from newsletter.render.edition import Editions
from newsletter.render.plaintext import words as spoken
from newsletter.services.editing.order import listed
from newsletter.services.proof import repeats
from newsletter.services.spelling import spelt

if TYPE_CHECKING:
    from newsletter.services import Workspace

_FIRST_WORDS = 160
"""Characters; one line of the board at its widest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineItem:
    """An item of the outline; `item` is None when its file is broken, and then its name is the title."""

    id: str
    path: str
    title: str
    words: str
    item: Item | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineSection:
    """A section with its items in order; it is not in the mail when there are none."""

    section: Section
    items: tuple[OutlineItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """An issue in the order of the mail; no section lists what is `unplaced`, `problems` are of no item."""

    closing: date
    period: Period
    issue: Issue
    sections: tuple[OutlineSection, ...]
    unplaced: tuple[OutlineItem, ...]
    problems: tuple[Problem, ...]
    reading: tuple[Problem, ...]
    """The problems of reading the files; they are among those above, too."""
    folder: Folder

    @property
    def items(self) -> int:
        """How many items the mail has."""
        return sum(len(section.items) for section in self.sections)

    def count(self, severity: Severity) -> int:
        """Return how many findings of a severity there are."""
        every = [self.problems, *(item.problems for item in self._all())]
        return sum(problem.severity is severity for problems in every for problem in problems)

    def _all(self) -> Iterable[OutlineItem]:
        yield from (item for section in self.sections for item in section.items)
        yield from self.unplaced


def read_outline(workspace: "Workspace", closing: date) -> Outline:
    """Return the outline of an issue. Raises ContentError for a broken issue.yaml, and StoreError."""
    folder = read_folder(workspace.root, closing, workspace.settings)
    issue, problems = issue_of(workspace.root, folder, workspace.settings)
    locate = lines_under(workspace.root, folder.texts)
    whole = Editions(issue).whole()
    leads = several_leads(whole, locate) if whole else ()
    remarks = [*editorial(issue, workspace.settings, locate), *leads, *repeats(workspace, issue)]
    remarks += spelt(workspace, issue, locate)
    found, _ = silenced(issue, [*problems, *remarks], problems)
    by_path: dict[str, list[Problem]] = {}
    for problem in dict.fromkeys(found):
        by_path.setdefault(problem.at.path if problem.at else "", []).append(problem)
    shown = {item.id: item for block in issue.blocks for item in block.items}
    items = {
        name: _item(closing, name, shown.get(name, item), by_path) for name, item in folder.items.items()
    }
    order = listed(folder)
    placed = {name for names in order.values() for name in names}
    elsewhere = {problem for item in items.values() for problem in item.problems}
    return Outline(
        closing=closing,
        period=folder.period,
        issue=issue,
        sections=tuple(_sections(folder, order, items)),
        unplaced=tuple(item for name, item in items.items() if name not in placed),
        problems=tuple(problem for problem in dict.fromkeys(found) if problem not in elsewhere),
        reading=tuple(problems),
        folder=folder,
    )


def _item(
    closing: date, name: str, item: Item | None, by_path: Mapping[str, Sequence[Problem]]
) -> OutlineItem:
    path = f"{folder_of(closing)}/items/{name}.md"
    problems = tuple(by_path.get(path, ()))
    if item is None:
        return OutlineItem(id=name, path=path, title=name, words="", item=None, problems=problems)
    words = " ".join(spoken(item.text[: 4 * _FIRST_WORDS]).split())[:_FIRST_WORDS]
    return OutlineItem(
        id=name,
        path=path,
        title=item.title,
        words=re.sub(r"\s\S*$", "…", words) if len(words) == _FIRST_WORDS else words,
        item=item,
        problems=problems,
    )


def _sections(
    folder: Folder, order: Mapping[str, Sequence[str]], items: Mapping[str, OutlineItem]
) -> Iterable[OutlineSection]:
    """Yield the sections in the order of the mail, and between them those that are empty this week."""
    slugs = [slug for slug in order if slug in folder.sections]
    at = 0
    for slug in folder.sections:
        if slug in slugs:
            at = slugs.index(slug) + 1
        else:
            slugs.insert(at, slug)
            at += 1
    seen: set[str] = set()
    for slug in slugs:
        names = [name for name in dict.fromkeys(order.get(slug, ())) if name in items and name not in seen]
        seen.update(names)
        yield OutlineSection(section=folder.sections[slug], items=tuple(items[name] for name in names))


def is_there(workspace: "Workspace", closing: date) -> bool:
    """Return whether the issue has a folder."""
    return (workspace.root / folder_of(closing)).is_dir()


def is_composed(workspace: "Workspace", closing: date) -> bool:
    """Return whether the issue has an issue.yaml."""
    return (workspace.root / path_of(closing)).is_file()
