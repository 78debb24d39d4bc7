"""The report of an import: counts (every line in exactly one), errors and warnings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.audience.listfile import PASSED, ListFile
from newsletter.errors import Place, Problem, Severity
from newsletter.store.choices import Choices
from newsletter.store.import_people import Decision, Fate
from newsletter.store.people import Record

NO_ADDRESS = "no_address"
"""Kind of skipped lines: contacts without a mail address."""
_LINES_NAMED = 10


@dataclass(slots=True, kw_only=True)
class Report:
    """Result of an import: lines by fate, errors and warnings, and the changes that a dry run would make.

    Everything is counted, but of each severity and kind of change only the first `keep` are stored, unless it
    is None. `passed` counts skipped lines by kind.
    """

    name: str
    encoding: str
    headings: Mapping[str, str]
    keep: int | None = None
    service: str = ""
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blank_sections: int = 0
    """Lines without a section where others name some; they get all sections."""
    passed: Counter[str] = field(default_factory=Counter)
    fates: Counter[Fate] = field(default_factory=Counter)
    found: Counter[Severity] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    resumed_after: int = 0
    """The last line that an earlier, interrupted run had imported."""
    changes: dict[Fate, list[str]] = field(default_factory=lambda: {Fate.NEW: [], Fate.CHANGED: []})

    @property
    def counts(self) -> dict[str, int]:
        """Number of lines by fate."""
        return {fate.value: self.fates[fate] for fate in Fate}

    @property
    def lines(self) -> dict[str, int]:
        """Number of skipped lines by kind, and of all lines of the list."""
        passed = {why: self.passed[why] for why in (*PASSED, NO_ADDRESS)}
        return {**passed, "all": sum(passed.values()) + self.fates.total()}

    @property
    def refused(self) -> bool:
        """Whether any line was refused."""
        return self.fates[Fate.REFUSED] > 0

    def add_problem(self, problem: Problem) -> None:
        """Count a problem, and store it within the limit `keep`."""
        self.found[problem.severity] += 1
        if self.keep is None or self.found[problem.severity] <= self.keep:
            self.problems.append(problem)

    def sum_up(self, problem: Problem) -> None:
        """Count and store a problem shared by many lines, whatever the limit."""
        self.found[problem.severity] += 1
        self.problems.append(problem)

    def add_change(self, decision: Decision) -> None:
        """Store a description of what a line would change, if anything, within the limit `keep`."""
        if decision.fate in (Fate.UNCHANGED, Fate.REFUSED):
            return
        kept = self.changes.setdefault(decision.fate, [])
        if self.keep is None or len(kept) < self.keep:
            kept.append(f"{Place(self.name, decision.entry.line)}: {described(decision)}")


def new_report(source: ListFile, keep: int | None) -> Report:
    """Return an empty report for an open list."""
    service = source.layout.service
    notes = [service.note, *source.notes] if service and service.note else list(source.notes)
    return Report(
        name=source.name,
        encoding=source.encoding,
        headings=source.headings,
        keep=keep,
        service=service.name if service else "",
        left_out=source.layout.left_out(),
        notes=notes,
        passed=source.passed,
    )


def named(lines: Sequence[int]) -> str:
    """Format line numbers: `line 3`, or `243 lines: 2, 4, 7 and 240 more`."""
    if len(lines) == 1:
        return f"line {lines[0]}"
    shown = ", ".join(map(str, lines[:_LINES_NAMED]))
    more = f" and {len(lines) - _LINES_NAMED} more" if len(lines) > _LINES_NAMED else ""
    return f"{len(lines)} lines: {shown}{more}"


def described(decision: Decision) -> str:
    """Describe what a decision changes, beginning with the address."""
    before, after = decision.before, decision.after
    if after is None or before is None or after is before or decision.became:
        return f"{decision.entry.email}: {decision.fate}"
    old, new = _values(before), _values(after)
    changes = (
        f"{column} «{old.get(column, '')}» → «{new.get(column, '')}»"
        for column in dict.fromkeys((*old, *new))
        if old.get(column) != new.get(column)
    )
    return f"{after.email}: {', '.join(changes)}"


def _values(person: Record) -> dict[str, str]:
    return {
        "name": person.name,
        "language": person.language,
        **person.attributes,
        "sections": _shown(person.choices),
    }


def _shown(choices: Choices) -> str:
    return " ".join(
        section if choice.state == "active" else f"{section} ({choice.state})"
        for section, choice in sorted(choices.items())
    )
