"""A first look through a list that says who left: its words are all understood before a line is taken."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from newsletter.audience.entries import UnknownStatus
from newsletter.audience.headings import IGNORED
from newsletter.audience.layout import Row
from newsletter.audience.report import named
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.model import Standing

_MOST = 12
"""Words of one column that are told singly; a column with more of them says something else."""


def check_statuses(rows: Iterable[tuple[int, Row]], name: str) -> None:
    """Raise ContentError when a list says of somebody in an unknown word whether they may be written to."""
    unknown: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for line, cells in rows:
        if isinstance(cells, UnknownStatus):
            unknown[cells.heading][cells.value].append(line)
    if unknown:
        raise ContentError(
            [problem for heading, values in unknown.items() for problem in _problems(heading, values, name)]
        )


def _problems(heading: str, values: Mapping[str, list[int]], name: str) -> list[Problem]:
    other = (
        f'Is the column about something else: --column COLUMN="{heading}",'
        f" with {IGNORED} as COLUMN to leave it out of this list."
    )
    if len(values) > _MOST:
        value, lines = next(iter(values.items()))
        text = f"the column {heading!r} may say who left, and holds {len(values)} words, such as {value!r}"
        return [_problem(name, lines, text, other)]
    found = []
    for value, lines in values.items():
        says = f"says {value!r}" if value else "is empty"
        text = f"the column {heading!r} {says} ({named(lines)}), and nobody has said what that means"
        asked = f'May they be written to? --status STANDING="{value}", STANDING being {", ".join(Standing)}.'
        found.append(_problem(name, lines, text, f"{asked} {other}"))
    return found


def _problem(name: str, lines: list[int], text: str, hint: str) -> Problem:
    return Problem(severity=Severity.ERROR, text=text, at=Place(name, lines[0]), hint=hint)
