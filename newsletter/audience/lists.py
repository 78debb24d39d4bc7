"""Importing a list: every line is taken, or refused with the reason; one transaction for the whole file."""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from newsletter.audience.columns import Columns
from newsletter.audience.entries import EntryReader, Refusal, clean
from newsletter.audience.listfile import Headings, Row, open_list
from newsletter.audience.mistakes import doubt
from newsletter.config import Settings
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.links import Signer
from newsletter.store.choices import Choices
from newsletter.store.db import reading, writing
from newsletter.store.intake import Decision, Entry, Fate, decide, write
from newsletter.store.people import key

_BATCH = 2000
_FINAL = "No list brings back who left, was suppressed or was erased."


@dataclass(slots=True, kw_only=True)
class Report:
    """What became of a list: lines by fate, what is wrong or doubtful, and, in a dry run, what would change.

    Everything is counted; of each severity and each kind of change only the first `keep` are kept, if that
    is a number.
    """

    name: str
    encoding: str
    headings: Headings
    keep: int | None = None
    fates: Counter[Fate] = field(default_factory=Counter)
    found: Counter[Severity] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    changes: dict[Fate, list[str]] = field(default_factory=lambda: {Fate.NEW: [], Fate.CHANGED: []})

    @property
    def counts(self) -> dict[str, int]:
        """How many lines had each fate."""
        return {fate.value: self.fates[fate] for fate in Fate}

    @property
    def refused(self) -> bool:
        """Whether any line was refused."""
        return self.fates[Fate.REFUSED] > 0

    def add_problem(self, problem: Problem) -> None:
        """Count a problem, and keep it unless there are enough."""
        self.found[problem.severity] += 1
        if self.keep is None or self.found[problem.severity] <= self.keep:
            self.problems.append(problem)

    def add_change(self, decision: Decision) -> None:
        """Keep in words what a line would change, unless there are enough."""
        kept = self.changes[decision.fate]
        if self.keep is None or len(kept) < self.keep:
            kept.append(f"{Place(self.name, decision.entry.line)}: {described(decision)}")


class Importer:
    """Takes people into one workspace's database; `told` are columns by heading beside the usual ones."""

    def __init__(
        self, database: Engine, settings: Settings, signer: Signer, told: Mapping[str, str] | None = None
    ) -> None:
        self.database = database
        self._signer = signer
        self._reader = EntryReader(settings)
        self._columns = Columns(settings.fields, told)
        self._optional = [section.slug for section in settings.sections if not section.always]

    def file(  # noqa: PLR0913  what an import is asked for
        self,
        path: Path,
        name: str,
        now: datetime,
        *,
        consent: str,
        sheet: str | None = None,
        dry_run: bool = False,
        keep: int | None = None,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> Report:
        """Import the list at `path`, called `name` in the report; a dry run changes nothing.

        `consent` says where the consent of its people comes from, and is kept with the new ones;
        `progress` is told the lines done, and about how many there are. Raises ContentError when the file
        is not a list.
        """
        with (
            _collector_off(),
            open_list(path, name, self._columns, sheet) as source,
            (reading if dry_run else writing)(self.database) as connection,
        ):
            report = Report(name=source.name, encoding=source.encoding, headings=source.headings, keep=keep)
            seen: dict[str, int] = {}
            rows = iter(source.rows)
            while lines := list(islice(rows, _BATCH)):
                problems: list[Problem] = []
                entries = list(self._entries(lines, report, seen, problems))
                decisions = decide(connection, entries, self._optional, self._signer)
                if not dry_run:
                    write(connection, decisions, f"{consent} ({path.name})", now)
                for decision in decisions:
                    report.fates[decision.fate] += 1
                    if decision.fate is Fate.REFUSED:
                        problems.append(_refused(report.name, decision))
                    elif dry_run and decision.fate is not Fate.UNCHANGED:
                        report.add_change(decision)
                for problem in sorted(problems, key=lambda problem: problem.at or Place(name)):
                    report.add_problem(problem)
                progress(lines[-1][0], source.lines)
            return report

    def one(self, cells: Mapping[str, str], source: str, now: datetime) -> Decision:
        """Take one person, given by column. Raises ContentError with the reason when they are refused."""
        entry = self._reader.read(0, {column: clean(cell) for column, cell in cells.items()})
        if isinstance(entry, Refusal):
            raise ContentError(entry.text, entry.hint)
        with writing(self.database) as connection:
            (decision,) = decide(connection, [entry], self._optional, self._signer)
            if decision.fate is Fate.REFUSED:
                raise ContentError(f"{entry.email} {decision.refusal}", _FINAL)
            write(connection, [decision], source, now)
        return decision

    def _entries(
        self, lines: Iterable[Row], report: Report, seen: dict[str, int], problems: list[Problem]
    ) -> Iterator[Entry]:
        """Yield the entries of lines, each address once; what is refused or doubtful goes to `problems`."""
        for line, cells in lines:
            entry = cells if isinstance(cells, Refusal) else self._reader.read(line, cells)
            if isinstance(entry, Entry):
                first = seen.setdefault(key(entry.email), line)
                if first == line:
                    text, hint = doubt(entry.email)
                    if text:
                        problems.append(_problem(report.name, line, Severity.WARNING, text, hint))
                    yield entry
                    continue
                entry = Refusal(f"{entry.email} stands on line {first} already", "Keep one of the two lines.")
            report.fates[Fate.REFUSED] += 1
            problems.append(_problem(report.name, line, Severity.ERROR, entry.text, entry.hint))


@contextmanager
def _collector_off() -> Iterator[None]:
    """Let nobody look for cycles: batches of lines hold none, and looking takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _problem(name: str, line: int, severity: Severity, text: str, hint: str) -> Problem:
    return Problem(severity=severity, text=text, at=Place(name, line), hint=hint)


def _refused(name: str, decision: Decision) -> Problem:
    entry = decision.entry
    return _problem(name, entry.line, Severity.ERROR, f"{entry.email} {decision.refusal}", _FINAL)


def described(decision: Decision) -> str:
    """Return in words what a decision changes of whom."""
    before, after = decision.before, decision.after
    if after is None or before is None or after is before:
        return f"{decision.entry.email}: {decision.fate}"
    old = {"name": before.name, "language": before.language, **before.attributes}
    new = {"name": after.name, "language": after.language, **after.attributes}
    old["sections"], new["sections"] = _shown(before.choices), _shown(after.choices)
    changes = (
        f"{column} «{old.get(column, '')}» → «{new.get(column, '')}»"
        for column in dict.fromkeys((*old, *new))
        if old.get(column) != new.get(column)
    )
    return f"{after.email}: {', '.join(changes)}"


def _shown(choices: Choices) -> str:
    return " ".join(
        section if choice.state == "active" else f"{section} ({choice.state})"
        for section, choice in sorted(choices.items())
    )
