"""Import a list in chunks, one transaction each; every line is imported, or refused with a reason.

A file that is not a list is refused before anything is written. An interrupted import resumes when the same
list is given again, and its report covers the whole list.
"""

import gc
import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from pathlib import Path

from sqlalchemy import Connection, Engine

from newsletter.audience.columns import Columns, Mappings
from newsletter.audience.entries import EntryReader, Refusal, UnknownStatus, clean
from newsletter.audience.headings import IGNORED
from newsletter.audience.layout import Row
from newsletter.audience.lines import BlankSections, LineReader
from newsletter.audience.listfile import ListFile, open_list
from newsletter.audience.report import Report, described, named, new_report
from newsletter.audience.statuses import Values
from newsletter.config import Settings
from newsletter.errors import ContentError, Message, Place, Problem
from newsletter.links import Signer
from newsletter.model import Standing
from newsletter.store import import_people
from newsletter.store.batches import Batches
from newsletter.store.db import reading, writing
from newsletter.store.import_people import ChunkDone, Decision, Entry, Fate, decide, write

__all__ = ["Importer", "Report", "described"]

_BATCH = 3000
_FINAL = "An import never brings back people who unsubscribed, were suppressed or were erased."
_MOST_VALUES = 12
"""Unknown values of a column listed one by one; a column with more is probably about something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to read a list: its sheet, hidden rows or not, the standing of everybody, empty sections cells."""

    sheet: str | None = None
    hidden: bool = False
    everybody: Standing = Standing.ACTIVE
    blank: BlankSections = BlankSections.ALL


class Importer:
    """Imports people into the database of one workspace.

    `mappings` maps headings to columns beside the usual ones; `values` gives the meaning of status values.
    """

    def __init__(
        self,
        database: Engine,
        settings: Settings,
        signer: Signer,
        mappings: Mappings | None = None,
        values: Values | None = None,
    ) -> None:
        self.database = database
        self.signer = signer
        self.reader = EntryReader(settings)
        self._columns = Columns(settings.fields, mappings, values)
        self._said = (sorted((mappings or {}).items(), key=repr), sorted((values or {}).items()))
        self._optional = settings.optional_sections

    def file(  # noqa: PLR0913  the options of an import
        self,
        path: Path,
        name: str,
        now: datetime,
        *,
        consent: str,
        options: Options = Options(),
        dry_run: bool = False,
        keep: int | None = None,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> Report:
        """Import the list at `path`, called `name` in the report; a dry run changes nothing.

        `consent` is the origin of its people's consent, stored with new ones. `keep` limits the problems kept
        in the report. `progress` gets (lines done, approximate total). Raises ContentError when the file is
        not a list.
        """
        with _collector_off(), self._open(path, name, options, dry_run=dry_run) as source:
            report = new_report(source, keep)
            lines = LineReader(
                self.reader,
                source.layout,
                report,
                everybody=options.everybody,
                blank=options.blank,
                origin=_origin(source, path),
            )
            reading_in = _ReadingIn(self, source, lines, report, progress)
            if dry_run:
                with reading(self.database) as connection:
                    reading_in.look(connection)
            else:
                origin = f"{consent} ({path.name})" if consent else path.name
                run = self.run_of(path, options, source.headings, self._said, origin)
                reading_in.take(run, origin, now)
            lines.finish()
            return report

    def names_nobody(self, path: Path, name: str, *, sheet: str | None = None) -> bool:
        """Return whether the list marks all its people as not to be written to. Raises ContentError."""
        with open_list(path, name, self._columns, sheet) as source:
            return source.layout.everybody is not Standing.ACTIVE

    @contextmanager
    def _open(self, path: Path, name: str, options: Options, *, dry_run: bool) -> Iterator[ListFile]:
        """Open a list, after a first pass where needed.

        A list with a status column is checked for unknown values first; a workbook is read to its end first,
        so that a damaged one is not imported in part.
        """
        with open_list(path, name, self._columns, options.sheet, hidden=options.hidden) as source:
            if options.everybody is not Standing.ACTIVE:
                _check_says_nothing_else(source)
            if source.layout.statuses:
                _check_statuses(source.rows, source.name)
            elif path.suffix.lower() == ".xlsx" and not dry_run:
                deque(source.rows, maxlen=0)
            else:
                yield source
                return
        with open_list(path, name, self._columns, options.sheet, hidden=options.hidden) as source:
            yield source

    def run_of(self, path: Path, *options: object) -> bytes:
        """Return the key of an import's stored progress: a digest of the file and its options."""
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        return self.signer.digest(repr((content, *options)))

    def decide(
        self, connection: Connection, entries: Sequence[Entry], *, lock: bool = True
    ) -> list[Decision]:
        """Decide what each of `entries` (all of different addresses) changes."""
        return decide(connection, entries, self._optional, self.signer, lock=lock)

    def one(self, cells: Mapping[str, str], source: str, now: datetime) -> Decision:
        """Import one person, given by column. Raises ContentError with the reason of a refusal."""
        entry = self.entry(cells)
        with writing(self.database) as connection:
            return self.take(connection, entry, source, now)

    def entry(self, cells: Mapping[str, str]) -> Entry:
        """Return one person as a line of a list. Raises ContentError with the reason of a refusal."""
        entry = self.reader.read(0, {column: clean(cell) for column, cell in cells.items()})
        if isinstance(entry, Refusal):
            raise ContentError(entry.text, entry.hint)
        return entry

    def take(self, connection: Connection, entry: Entry, source: str, now: datetime) -> Decision:
        """Import one person in a transaction. Raises ContentError with the reason of a refusal."""
        (decision,) = self.decide(connection, [entry])
        if decision.fate is Fate.REFUSED:
            raise ContentError(_refusal(entry, decision.refusal, decision.spelled), _FINAL)
        write(connection, [decision], source, now)
        return decision


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Result of a chunk of lines, and the stored spellings of refused addresses by position."""

    done: ChunkDone
    spelled: Mapping[int, str]


class _ReadingIn:
    """One run of an import."""

    def __init__(
        self,
        importer: Importer,
        source: ListFile,
        lines: LineReader,
        report: Report,
        progress: Callable[[int, int], None],
    ) -> None:
        self._importer = importer
        self._source = source
        self._lines = lines
        self._rows = iter(source.rows)
        self._report = report
        self._progress = progress
        self._taken = 0

    def look(self, connection: Connection) -> None:
        """Dry run: add to the report what an import would change."""
        while lines := list(islice(self._rows, _BATCH)):
            entries, problems = self._lines.read(lines)
            decisions = self._importer.decide(connection, entries, lock=False)
            for decision in decisions:
                self._report.add_change(decision)
            self._account(lines, problems, _chunk(self._taken + len(lines), decisions), entries)

    def take(self, run: bytes, source: str, now: datetime) -> None:
        """Import the lines that no earlier run has written; a chunk and its progress are one transaction."""
        database = self._importer.database
        with reading(database) as connection:
            earlier = import_people.chunks_done(connection, run)
        for done in earlier:
            self._pass_over(done)
        batches = Batches(database, most=_BATCH)
        while lines := list(islice(self._rows, batches.size)):
            entries, problems = self._lines.read(lines)

            def write_chunk(
                connection: Connection,
                lines: Sequence[tuple[int, Row]] = lines,
                entries: list[Entry] = entries,
            ) -> _Chunk:
                decisions = self._importer.decide(connection, entries)
                write(connection, decisions, source, now)
                chunk = _chunk(self._taken + len(lines), decisions)
                import_people.put_chunk(connection, run, chunk.done, now)
                return chunk

            self._account(lines, problems, batches.run(len(lines), write_chunk), entries)
        with writing(database) as connection:
            import_people.finish(connection, run)

    def _pass_over(self, done: ChunkDone) -> None:
        """Add a chunk that an earlier run has written to the report."""
        lines = list(islice(self._rows, done.rows - self._taken))
        entries, problems = self._lines.read(lines)
        self._account(lines, problems, _Chunk(done, {}), entries)
        self._report.resumed_after = lines[-1][0]

    def _account(
        self,
        lines: Sequence[tuple[int, Row]],
        problems: list[Problem],
        chunk: _Chunk,
        entries: Sequence[Entry],
    ) -> None:
        """Add a chunk to the report, its problems sorted by line."""
        name, done = self._report.name, chunk.done
        self._taken = done.rows
        for fate, number in done.fates.items():
            self._report.fates[Fate(fate)] += number
        problems += [
            Problem.error(
                _refusal(one, done.refusals[place], chunk.spelled.get(place, "")),
                Place(name, one.line),
                _FINAL,
            )
            for place, one in enumerate(entries)
            if place in done.refusals
        ]
        for problem in sorted(problems, key=lambda problem: problem.at or Place(name)):
            self._report.add_problem(problem)
        self._progress(lines[-1][0], self._source.lines)


def _chunk(rows: int, decisions: Sequence[Decision]) -> _Chunk:
    refused = {place: one for place, one in enumerate(decisions) if one.fate is Fate.REFUSED}
    refusals = {place: one.refusal for place, one in refused.items()}
    done = ChunkDone(rows, Counter(one.fate.value for one in decisions), refusals)
    return _Chunk(done, {place: one.spelled for place, one in refused.items() if one.spelled})


def _refusal(entry: Entry, reason: str, spelled: str) -> str:
    return f"{entry.email} {reason}{f' (as {spelled})' if spelled else ''}"


def _check_says_nothing_else(source: ListFile) -> None:
    """Raise ContentError when a list given as one of people who left has a status column of its own."""
    layout = source.layout
    if layout.statuses and layout.everybody is Standing.ACTIVE:
        heading = next(iter(layout.statuses.values())).heading
        raise ContentError(
            Problem.error(
                Message("this list itself says who left, in the column %(heading)r", heading=heading),
                Place(source.name),
                "Import it: `subscribers import` records who left, and imports the others.",
            )
        )


def _origin(source: ListFile, path: Path) -> str:
    """Return the name of a list that is stored with people who left according to it."""
    return f"{source.layout.service.name}, {path.name}" if source.layout.service else path.name


@contextmanager
def _collector_off() -> Iterator[None]:
    """Turn the garbage collector off: lines have no reference cycles, and it takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _check_statuses(rows: Iterable[tuple[int, Row]], name: str) -> None:
    """First pass: raise ContentError when a status column has values of unknown meaning."""
    unknown: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for line, cells in rows:
        if isinstance(cells, UnknownStatus):
            unknown[cells.heading][cells.value].append(line)
    if unknown:
        problems = (_status_problems(heading, values, name) for heading, values in unknown.items())
        raise ContentError(list(chain.from_iterable(problems)))


def _status_problems(heading: str, values: Mapping[str, list[int]], name: str) -> list[Problem]:
    other = Message(
        'If the column is about something else: --column COLUMN="%(heading)s", with %(ignored)s as COLUMN'
        " to ignore it in this list.",
        heading=heading,
        ignored=IGNORED,
    )
    if len(values) > _MOST_VALUES:
        value, lines = next(iter(values.items()))
        text = Message(
            "the column %(heading)r may say who left, and has %(count)s values, such as %(value)r",
            heading=heading,
            count=len(values),
            value=value,
        )
        return [Problem.error(text, Place(name, lines[0]), other)]
    found = []
    for value, lines in values.items():
        says = Message("says %(value)r", value=value) if value else Message("is empty")
        text = Message(
            "the column %(heading)r %(says)s (%(named)s), whose meaning is not known",
            heading=heading,
            says=says,
            named=named(lines),
        )
        asked = Message(
            'May they be written to? --status STANDING="%(value)s", STANDING being %(standing)s.',
            value=value,
            standing=", ".join(Standing),
        )
        found.append(
            Problem.error(
                text, Place(name, lines[0]), Message("%(asked)s %(other)s", asked=asked, other=other)
            )
        )
    return found
