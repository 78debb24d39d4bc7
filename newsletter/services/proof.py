"""Render and check an issue as it would be sent now."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.checks.across import Earlier, repeated
from newsletter.checks.assembled import checked
from newsletter.checks.findings import ordered, silenced
from newsletter.checks.lines import lines_under
from newsletter.checks.link_answers import link_problems
from newsletter.compose.addresses import same_page
from newsletter.compose.issuefile import closings, folder_of
from newsletter.compose.item import split_item
from newsletter.errors import Problem, Severity
from newsletter.model import Edition, Issue, Rendered
from newsletter.recipes import Pages
from newsletter.render.edition import Editions
from newsletter.services.link_check import recent_answers
from newsletter.services.spelling import spelt

if TYPE_CHECKING:
    from newsletter.services import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An issue as it would be sent now: each edition that readers need, how many get it, all findings.

    `own` are the problems found in reading it; `silenced` are the findings that items silence, each with the
    reason.
    """

    issue: Issue
    editions: Editions
    tally: list[tuple[Edition, int]]
    without: int
    pages: Pages
    problems: list[Problem]
    own: Sequence[Problem] = ()
    silenced: list[tuple[Problem, str]] = field(default_factory=list)

    @property
    def rendered(self) -> list[Rendered]:
        """The editions that could be rendered as whole texts; of very many, take one after the other."""
        return [page for edition, _ in self.tally if (page := self.page(edition))]

    def page(self, edition: Edition) -> Rendered | None:
        """Return an edition as whole texts; None if it could not be rendered."""
        recipe = self.pages.recipe(edition)
        return self.pages.stock.assembled(edition.key, recipe).page if recipe else None

    @property
    def sizes(self) -> list[int]:
        """The bytes of HTML of each edition that could be rendered."""
        recipes = (self.pages.recipe(edition) for edition, _ in self.tally)
        return [self.pages.stock.size(recipe) for recipe in recipes if recipe]

    def count(self, severity: Severity) -> int:
        """Return how many findings of a severity there are."""
        return sum(problem.severity is severity for problem in self.problems)

    @property
    def errors(self) -> int:
        """How many findings forbid a real transport."""
        return self.count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many findings are shown and forbid nothing, advice apart."""
        return self.count(Severity.WARNING)

    @property
    def advice(self) -> int:
        """How many findings are a matter of taste."""
        return self.count(Severity.ADVICE)


def _tally(workspace: "Workspace", editions: Editions) -> tuple[list[tuple[Edition, int]], int]:
    """Return each edition with its number of readers today, and the number of readers who get nothing."""
    from newsletter.store.db import reading
    from newsletter.store.people import readers

    today = workspace.now().astimezone(ZoneInfo(workspace.settings.timezone)).date()
    with reading(workspace.readable) as connection:
        return editions.tally(readers(connection, today=today))


def repeats(workspace: "Workspace", issue: Issue) -> list[Problem]:
    """Return the findings on items that an issue of the weeks before had, too."""
    items = [item for block in issue.blocks for item in block.items]
    earlier = _earlier(workspace.root, issue.period.end)
    return list(repeated(items, earlier, lines_under(workspace.root)))


_WEEKS = 8
"""How far back an issue is compared with those before it."""


def _earlier(root: Path, closing: date) -> Iterator[Earlier]:
    """Yield the items of the issues of the weeks before; of their files only title and link are read."""
    for day in closings(root):
        if timedelta() < closing - day <= timedelta(weeks=_WEEKS):
            for file in sorted((root / folder_of(day) / "items").glob("*.md")):
                with suppress(OSError, UnicodeDecodeError):
                    keys = dict(_KEYS.findall(split_item(file.read_text(encoding="utf-8-sig"))[0] or ""))
                    title, link = (keys.get(key, "").strip().strip("\"'") for key in ("title", "link"))
                    yield Earlier(day.isoformat(), title, same_page(link))


_KEYS = re.compile(r"^(title|link):(.*)$", re.MULTILINE)


def prove(workspace: "Workspace", closing: date) -> Proof:
    """Render and check issue `closing`. Raises ContentError, ConfigError and StoreError."""
    issue, own = workspace.issue(closing)
    editions = Editions(issue)
    tally, without = _tally(workspace, editions) if workspace.has_database else ([], 0)
    whole = editions.whole()
    if not tally and not without and whole:
        tally = [(whole, 0)]
    shown = [edition for edition, _ in tally]
    locate = lines_under(workspace.root)
    pages, problems = checked(editions, own, shown, workspace.renderer, workspace.settings, locate=locate)
    problems = ordered(
        [
            *problems,
            *link_problems(issue, recent_answers(workspace), locate),
            *repeats(workspace, issue),
            *spelt(workspace, issue, locate),
        ]
    )
    problems, quiet = silenced(issue, problems, own)
    problems = [one for one in problems if one.at not in {known.at for known in workspace.theme_problems}]
    problems += [*workspace.letter_problems, *workspace.theme_problems]
    return Proof(
        issue=issue,
        editions=editions,
        tally=tally,
        without=without,
        pages=pages,
        problems=problems,
        own=own,
        silenced=quiet,
    )
