"""First pass over a list with a status column: check that all values are known before the import."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from newsletter.audience.entries import UnknownStatus
from newsletter.audience.headings import IGNORED
from newsletter.audience.layout import Row
from newsletter.audience.report import named
from newsletter.errors import ContentError, Place, Problem
from newsletter.model import Standing

_MOST = 12
"""Unknown values of a column listed one by one; a column with more is probably about something else."""


def check_statuses(rows: Iterable[tuple[int, Row]], name: str) -> None:
    """Raise ContentError when a status column has values of unknown meaning."""
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
        f'If the column is about something else: --column COLUMN="{heading}",'
        f" with {IGNORED} as COLUMN to ignore it in this list."
    )
    if len(values) > _MOST:
        value, lines = next(iter(values.items()))
        text = f"the column {heading!r} may say who left, and has {len(values)} values, such as {value!r}"
        return [Problem.error(text, Place(name, lines[0]), other)]
    found = []
    for value, lines in values.items():
        says = f"says {value!r}" if value else "is empty"
        text = f"the column {heading!r} {says} ({named(lines)}), whose meaning is not known"
        asked = f'May they be written to? --status STANDING="{value}", STANDING being {", ".join(Standing)}.'
        found.append(Problem.error(text, Place(name, lines[0]), f"{asked} {other}"))
    return found
