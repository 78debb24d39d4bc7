"""Run all checks on an issue and its editions: a sorted list of problems without duplicates."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from newsletter.checks.codes import finding
from newsletter.checks.editorial import editorial
from newsletter.checks.kinds import several_leads
from newsletter.checks.lines import Locate, as_given
from newsletter.checks.markup import markup
from newsletter.config import Settings
from newsletter.errors import Message, Place, Problem, RenderError
from newsletter.model import Edition, Issue, Rendered


class Renders(Protocol):
    """What renders an edition of an issue, or has done so."""

    def render(self, issue: Issue, edition: Edition) -> Rendered:
        """Return `edition` of `issue`. Raises RenderError."""


def findings(  # noqa: PLR0913  what is checked, how it is rendered, and how lines are located
    issue: Issue,
    own_problems: Iterable[Problem],
    editions: Sequence[Edition],
    renderer: Renders,
    settings: Settings,
    *,
    locate: Locate = as_given,
) -> tuple[list[Rendered], list[Problem]]:
    """Render `editions` and check them and `issue`; return the rendered editions and all problems.

    An edition that cannot be rendered becomes a problem. `own_problems` are those from reading the issue;
    `locate` finds the line of a text in its files.
    """
    rendered = []
    shared = Shared(len(editions))
    for edition in editions:
        for problem in several_leads(edition, locate):
            shared.add(problem, edition)
        try:
            page = renderer.render(issue, edition)
        except RenderError as error:
            shared.add(as_problem(error), edition)
            continue
        rendered.append(page)
        for problem in markup(page, edition):
            shared.add(problem, edition)
    return rendered, ordered([*own_problems, *editorial(issue, settings, locate), *shared.problems()])


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems sorted by place, each once."""
    return sorted(dict.fromkeys(problems), key=_order)


class Shared:
    """Problems of editions; one that not all of `of` editions have is told with the first that has it."""

    def __init__(self, of: int) -> None:
        self._of = of
        self._where: dict[Problem, tuple[Edition, int]] = {}

    def add(self, problem: Problem, edition: Edition) -> None:
        """Add a problem of an edition."""
        first, number = self._where.get(problem, (edition, 0))
        self._where[problem] = first, number + 1

    def problems(self) -> Iterator[Problem]:
        """Yield each problem, with its editions unless all have it or it belongs to an item."""
        for problem, (first, number) in self._where.items():
            if problem.at or number == self._of:
                yield problem
                continue
            where = "%(text)s (edition %(sections)s)"
            if number > 1:
                where = "%(text)s (edition %(sections)s and %(more)s more)"
            words = Message(where, text=problem.text, sections=", ".join(first.sections), more=number - 1)
            yield replace(problem, text=words)


def silenced(
    issue: Issue, problems: Iterable[Problem], faults: Iterable[Problem]
) -> tuple[list[Problem], list[tuple[Problem, str]]]:
    """Split `problems` into those to be shown, and those that an item silences, each with the reason.

    Of an item whose link cannot be used it is not said, too, that it has none.

    An item names what it silences by code; files of earlier versions name it by its text. `faults`, which
    were found in reading the files, cannot be silenced.
    """
    reasons = {
        (item.at.path, one.finding): one.reason
        for block in issue.blocks
        for item in block.items
        for one in item.silenced
    }
    shown, quiet, never = [], [], set(faults)
    linked = {fault.at for fault in never if fault.code == "link-invalid"}
    for problem in problems:
        if problem.code == "link-missing" and problem.at in linked:
            continue
        names = ((problem.at.path, name) for name in (problem.code, problem.text)) if problem.at else ()
        reason = next((reasons[name] for name in names if name in reasons), None)
        if reason is None or problem in never:
            shown.append(problem)
        else:
            quiet.append((problem, reason))
    return shown, quiet


def as_problem(error: RenderError) -> Problem:
    """Convert an error in a template to a problem."""
    text = error.message.removeprefix(f"{error.at}: ")
    return finding("template-fails", text, error.at, error.hint)


def _order(problem: Problem) -> tuple[Place, int]:
    return problem.at or Place(""), problem.severity.rank
