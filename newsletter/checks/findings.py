"""Run all checks on an issue and its editions: a sorted list of problems without duplicates."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from newsletter.checks.editorial import editorial
from newsletter.checks.kinds import several_leads
from newsletter.checks.lines import Locate, as_given
from newsletter.checks.markup import markup
from newsletter.config import Settings
from newsletter.errors import Place, Problem, RenderError, Severity
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
    shared: defaultdict[Problem, list[Edition]] = defaultdict(list)
    for edition in editions:
        for problem in several_leads(edition, locate):
            shared[problem].append(edition)
        try:
            page = renderer.render(issue, edition)
        except RenderError as error:
            shared[as_problem(error)].append(edition)
            continue
        rendered.append(page)
        for problem in markup(page, edition):
            shared[problem].append(edition)
    found = {
        **dict.fromkeys(own_problems),
        **dict.fromkeys(editorial(issue, settings, locate)),
        **{_named(problem, where, len(editions)): None for problem, where in shared.items()},
    }
    return rendered, sorted(found, key=_order)


def silenced(
    issue: Issue, problems: Iterable[Problem], faults: Iterable[Problem]
) -> tuple[list[Problem], list[tuple[Problem, str]]]:
    """Split `problems` into those to be shown, and those that an item silences, each with the reason.

    `faults`, which were found in reading the files, cannot be silenced.
    """
    reasons = {
        (item.at.path, one.finding): one.reason
        for block in issue.blocks
        for item in block.items
        for one in item.silenced
    }
    shown, quiet, never = [], [], set(faults)
    for problem in problems:
        reason = reasons.get((problem.at.path, problem.text)) if problem.at else None
        if reason is None or problem in never:
            shown.append(problem)
        else:
            quiet.append((problem, reason))
    return shown, quiet


def as_problem(error: RenderError) -> Problem:
    """Convert an error in a template to a problem."""
    text = error.message.removeprefix(f"{error.at}: ")
    return Problem.error(text, error.at, error.hint)


def _named(problem: Problem, where: Sequence[Edition], of: int) -> Problem:
    """Add the editions that have a problem to its text, unless all have it or it belongs to an item."""
    if problem.at or len(where) == of:
        return problem
    first = ", ".join(where[0].sections)
    more = f" and {len(where) - 1} more" if len(where) > 1 else ""
    return replace(problem, text=f"{problem.text} (edition {first}{more})")


def _order(problem: Problem) -> tuple[Place, Severity]:
    return problem.at or Place(""), problem.severity
