"""Report how accessible editions or pages are: by our own rules, and by axe where it is installed.

Not here: the page that shows it (newsletter/web/accessibility.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import __version__
from newsletter.checks.accessibility import NAMES, NOT_IN_EN, RULES, barriers
from newsletter.checks.readability import Reading, reading
from newsletter.i18n import format_period
from newsletter.model import Issue
from newsletter.render.plaintext import words
from newsletter.services import axe
from newsletter.services.screenshot import browser

if TYPE_CHECKING:
    from newsletter.services import Workspace

MOST = 5
"""Editions or pages that are tested; the first is the one with everything in it."""
_PLACES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A barrier with the pages that have it, and where; `by` is the rule of axe that found it, or empty."""

    criterion: str
    text: str
    by: str
    certain: bool
    pages: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A success criterion that was tested: its name, the clause of EN 301 549, and its number of barriers."""

    number: str
    name: str
    clause: str
    barriers: int
    to_judge: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was tested, when and with what; what was found; and how hard the words are to read.

    `axe` and `browser` are versions, empty where they are not installed.
    """

    issue: str
    title: str
    tested_at: datetime
    version: str
    axe: str
    browser: str
    pages: tuple[str, ...]
    of: int
    found: tuple[Found, ...]
    criteria: tuple[Criterion, ...]
    reading: Reading | None

    @property
    def barriers(self) -> int:
        """How many barriers are certain."""
        return sum(one.certain for one in self.found)


def report_of_issue(workspace: "Workspace", closing: date, *, in_browser: bool = True) -> Report:
    """Test the editions that readers of an issue need. Raises ContentError, ConfigError and StoreError."""
    proof = workspace.proof(closing)
    editions = sorted((edition for edition, _ in proof.tally), key=lambda one: -len(one.items))
    sections = {block.section.slug: block.section.title for block in proof.issue.blocks}
    pages = {
        ", ".join(sections[slug] for slug in edition.sections): page.html
        for edition in editions[:MOST]
        if (page := proof.page(edition))
    }
    period = format_period(proof.issue.period, workspace.settings.language)
    return report(
        workspace,
        f"{workspace.settings.title}, {period}",
        pages,
        issue=proof.issue,
        of=len(editions),
        in_browser=in_browser,
    )


def report(  # noqa: PLR0913  what it is about
    workspace: "Workspace",
    title: str,
    pages: Mapping[str, str],
    *,
    issue: Issue | None = None,
    of: int = 0,
    in_browser: bool = True,
) -> Report:
    """Test pages, given by their names as HTML with its styles in it."""
    found: dict[tuple[str, str, str, bool], list[tuple[str, str]]] = defaultdict(list)
    for name, html in pages.items():
        for one in barriers(html):
            found[one.criterion, one.text, "", one.certain].append((name, one.where))
    script, program = axe.script(workspace.root), browser()
    looked = _in_browser(pages, script, found) if in_browser and script and program else []
    numbers = {*RULES, *(number for seen in looked for number in seen.looked_at)} & NAMES.keys()
    clause = "10" if issue else "9"
    told = tuple(
        Found(
            criterion=criterion,
            text=text,
            by=by,
            certain=certain,
            pages=tuple(dict.fromkeys(name for name, _ in places)),
            places=tuple(dict.fromkeys(where for _, where in places if where))[:_PLACES],
        )
        for (criterion, text, by, certain), places in sorted(
            found.items(), key=lambda pair: _order(pair[0][0])
        )
    )
    return Report(
        issue=issue.name if issue else "",
        title=title,
        tested_at=workspace.now(),
        version=__version__,
        axe=looked[0].version if looked else "",
        browser=axe.browser_version(program) if looked and program else "",
        pages=tuple(pages),
        of=of or len(pages),
        found=told,
        criteria=tuple(_criterion(number, clause, told) for number in sorted(numbers, key=_order)),
        reading=reading(_texts(issue)) if issue else None,
    )


def _in_browser(
    pages: Mapping[str, str],
    script: Path,
    found: dict[tuple[str, str, str, bool], list[tuple[str, str]]],
) -> list[axe.Seen]:
    """Let axe look at each page, light and dark; a browser that fails has seen nothing."""
    looked = []
    for name, html in pages.items():
        for scheme in ("light", "dark"):
            seen = axe.look(html, script, scheme)
            if seen is None:
                return []
            looked.append(seen)
            for certain, rules in ((True, seen.violations), (False, seen.to_judge)):
                for rule in rules:
                    for criterion in rule.criteria or ("4.1.2",):
                        places = [(name, place) for place in rule.places]
                        found[criterion, rule.help, rule.id, certain] += places
    return looked


def _criterion(number: str, clause: str, found: Iterable[Found]) -> Criterion:
    here = [one for one in found if one.criterion == number]
    return Criterion(
        number=number,
        name=NAMES[number],
        clause="" if number in NOT_IN_EN else f"{clause}.{number}",
        barriers=sum(one.certain for one in here),
        to_judge=sum(not one.certain for one in here),
    )


def _order(number: str) -> list[int]:
    return [int(part) for part in number.split(".")]


def _texts(issue: Issue) -> Iterable[str]:
    yield words(issue.intro)
    for block in issue.blocks:
        for item in block.items:
            yield words(item.text)
