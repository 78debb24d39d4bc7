"""Importing a list: every line is taken, or refused with the reason, a chunk of lines a transaction.

A list that is no list is refused before anything is written. An import that was stopped goes on where it was
when the same list is given again, and its report is the one it would have had.
"""

import gc
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine

from newsletter.audience.columns import Columns
from newsletter.audience.entries import EntryReader, Refusal, clean
from newsletter.audience.listfile import Headings, ListFile, Row, open_list
from newsletter.audience.mistakes import doubt
from newsletter.config import Settings
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.links import Signer
from newsletter.store import import_progress
from newsletter.store.batches import Batches
from newsletter.store.choices import Choices
from newsletter.store.db import reading, writing
from newsletter.store.import_progress import ChunkDone
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
    resumed_after: int = 0
    """The last line that an earlier run, which was stopped, had taken in."""
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
        self.signer = signer
        self.reader = EntryReader(settings)
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
        if path.suffix.lower() == ".xlsx" and not dry_run:
            self._read_through(path, name, sheet)
        with _collector_off(), open_list(path, name, self._columns, sheet) as source:
            report = Report(name=source.name, encoding=source.encoding, headings=source.headings, keep=keep)
            reading_in = _ReadingIn(self, source, report, progress)
            if dry_run:
                with reading(self.database) as connection:
                    reading_in.look(connection)
            else:
                origin = f"{consent} ({path.name})"
                described_as = (path, sheet, sorted(source.headings.items()), origin)
                reading_in.take(self.run_of(*described_as), origin, now)
            return report

    def _read_through(self, path: Path, name: str, sheet: str | None) -> None:
        """Read a workbook to its end: one that breaks off half-way is not taken in part."""
        with open_list(path, name, self._columns, sheet) as source:
            deque(source.rows, maxlen=0)

    def run_of(self, path: Path, *options: object) -> bytes:
        """Return what names an import: the same for the same bytes, read in the same way."""
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        return self.signer.digest(repr((content, *options)))

    def decide(
        self, connection: Connection, entries: Sequence[Entry], *, lock: bool = True
    ) -> list[Decision]:
        """Decide what entries of different addresses change."""
        return decide(connection, entries, self._optional, self.signer, lock=lock)

    def one(self, cells: Mapping[str, str], source: str, now: datetime) -> Decision:
        """Take one person, given by column. Raises ContentError with the reason when they are refused."""
        entry = self.reader.read(0, {column: clean(cell) for column, cell in cells.items()})
        if isinstance(entry, Refusal):
            raise ContentError(entry.text, entry.hint)
        with writing(self.database) as connection:
            (decision,) = self.decide(connection, [entry])
            if decision.fate is Fate.REFUSED:
                raise ContentError(f"{entry.email} {decision.refusal}", _FINAL)
            write(connection, [decision], source, now)
        return decision


class _ReadingIn:
    """One list on its way into the database."""

    def __init__(
        self, importer: Importer, source: ListFile, report: Report, progress: Callable[[int, int], None]
    ) -> None:
        self._importer = importer
        self._source = source
        self._rows = iter(source.rows)
        self._report = report
        self._progress = progress
        self._seen: dict[str, int] = {}
        self._taken = 0

    def look(self, connection: Connection) -> None:
        """Find out what an import would change."""
        while lines := list(islice(self._rows, _BATCH)):
            entries, problems = self._read(lines)
            decisions = self._importer.decide(connection, entries, lock=False)
            for decision in decisions:
                if decision.fate in self._report.changes:
                    self._report.add_change(decision)
            self._account(lines, problems, _done(self._taken + len(lines), decisions), entries)

    def take(self, run: bytes, source: str, now: datetime) -> None:
        """Write what is not written yet, chunk by chunk; each is decided and recorded in its transaction."""
        database = self._importer.database
        with reading(database) as connection:
            earlier = import_progress.chunks(connection, run)
        for done in earlier:
            self._pass_over(done)
        batches = Batches(database)
        while lines := list(islice(self._rows, batches.size)):
            entries, problems = self._read(lines)

            def write_chunk(
                connection: Connection, lines: list[Row] = lines, entries: list[Entry] = entries
            ) -> ChunkDone:
                decisions = self._importer.decide(connection, entries)
                write(connection, decisions, source, now)
                done = _done(self._taken + len(lines), decisions)
                import_progress.put(connection, run, done, now)
                return done

            self._account(lines, problems, batches.run(len(lines), write_chunk), entries)
        with writing(database) as connection:
            import_progress.finish(connection, run)

    def _pass_over(self, done: ChunkDone) -> None:
        """Account for the lines of a chunk that an earlier run has written."""
        lines = list(islice(self._rows, done.rows - self._taken))
        entries, problems = self._read(lines)
        self._account(lines, problems, done, entries)
        self._report.resumed_after = lines[-1][0]

    def _read(self, lines: Iterable[Row]) -> tuple[list[Entry], list[Problem]]:
        problems: list[Problem] = []
        return list(self._entries(lines, problems)), problems

    def _account(
        self, lines: Sequence[Row], problems: list[Problem], done: ChunkDone, entries: Iterable[Entry]
    ) -> None:
        """Enter a chunk into the report, what is wrong in the order of the list."""
        name = self._report.name
        self._taken = done.rows
        for fate, number in done.fates.items():
            self._report.fates[Fate(fate)] += number
        problems += [
            _problem(name, one.line, Severity.ERROR, f"{one.email} {done.refusals[place]}", _FINAL)
            for place, one in enumerate(entries)
            if place in done.refusals
        ]
        for problem in sorted(problems, key=lambda problem: problem.at or Place(name)):
            self._report.add_problem(problem)
        self._progress(lines[-1][0], self._source.lines)

    def _entries(self, lines: Iterable[Row], problems: list[Problem]) -> Iterator[Entry]:
        """Yield the entries of lines, each address once; what is refused or doubtful goes to `problems`."""
        for line, cells in lines:
            entry = cells if isinstance(cells, Refusal) else self._importer.reader.read(line, cells)
            if isinstance(entry, Entry):
                first = self._seen.setdefault(key(entry.email), line)
                if first == line:
                    text, hint = doubt(entry.email)
                    if text:
                        problems.append(_problem(self._report.name, line, Severity.WARNING, text, hint))
                    yield entry
                    continue
                entry = Refusal(f"{entry.email} stands on line {first} already", "Keep one of the two lines.")
            self._report.fates[Fate.REFUSED] += 1
            problems.append(_problem(self._report.name, line, Severity.ERROR, entry.text, entry.hint))


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


def _done(rows: int, decisions: Sequence[Decision]) -> ChunkDone:
    refusals = {place: one.refusal for place, one in enumerate(decisions) if one.fate is Fate.REFUSED}
    return ChunkDone(rows, Counter(one.fate.value for one in decisions), refusals)


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
