"""Importing a list: every line is taken, or refused with the reason, a chunk of lines a transaction.

A list that is no list is refused before anything is written. An import that was stopped goes on where it was
when the same list is given again, and its report is the one it would have had.
"""

import gc
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine

from newsletter.audience.columns import Columns, Told
from newsletter.audience.entries import EntryReader, Refusal, clean
from newsletter.audience.layout import Row
from newsletter.audience.lines import BlankSections, LineReader
from newsletter.audience.listfile import ListFile, open_list
from newsletter.audience.report import Report, described, new_report
from newsletter.audience.status_check import check_statuses
from newsletter.audience.statuses import Values
from newsletter.config import Settings
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.links import Signer
from newsletter.model import Standing
from newsletter.store import import_progress
from newsletter.store.batches import Batches
from newsletter.store.db import reading, writing
from newsletter.store.import_people import Decision, Entry, Fate, decide, write
from newsletter.store.import_progress import ChunkDone

__all__ = ["Importer", "Report", "described"]

_BATCH = 3000
_FINAL = "No list brings back who left, was suppressed or was erased."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a list is read: its sheet, with hidden rows, what is said of everybody in it, empty sections."""

    sheet: str | None = None
    hidden: bool = False
    everybody: Standing = Standing.ACTIVE
    blank: BlankSections = BlankSections.ALL


class Importer:
    """Takes people into one workspace's database; `told` are columns by heading beside the usual ones.

    `values` say what words of a list mean by which it tells who left.
    """

    def __init__(
        self,
        database: Engine,
        settings: Settings,
        signer: Signer,
        told: Told | None = None,
        values: Values | None = None,
    ) -> None:
        self.database = database
        self.signer = signer
        self.reader = EntryReader(settings)
        self._columns = Columns(settings.fields, told, values)
        self._said = (sorted((told or {}).items(), key=repr), sorted((values or {}).items()))
        self._optional = [section.slug for section in settings.sections if not section.always]

    def file(  # noqa: PLR0913  what an import is asked for
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

        `consent` says where the consent of its people comes from, and is kept with the new ones;
        `progress` is told the lines done, and about how many there are. Raises ContentError when the file
        is not a list.
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
        """Tell whether a list says of everybody in it that they are not to be written to."""
        with open_list(path, name, self._columns, sheet) as source:
            return source.layout.everybody is not Standing.ACTIVE

    @contextmanager
    def _open(self, path: Path, name: str, options: Options, *, dry_run: bool) -> Iterator[ListFile]:
        """Open a list. One that says who left is read through first, and must be understood.

        So is a workbook: one that breaks off half-way is not taken in part.
        """
        with open_list(path, name, self._columns, options.sheet, hidden=options.hidden) as source:
            if options.everybody is not Standing.ACTIVE:
                _check_says_nothing_else(source)
            if source.layout.statuses:
                check_statuses(source.rows, source.name)
            elif path.suffix.lower() == ".xlsx" and not dry_run:
                deque(source.rows, maxlen=0)
            else:
                yield source
                return
        with open_list(path, name, self._columns, options.sheet, hidden=options.hidden) as source:
            yield source

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
                raise ContentError(_refusal(entry, decision.refusal, decision.spelled), _FINAL)
            write(connection, [decision], source, now)
        return decision


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What became of a chunk of lines, and the other spellings of refused mailboxes by place."""

    done: ChunkDone
    spelled: Mapping[int, str]


class _ReadingIn:
    """One list on its way into the database."""

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
        """Find out what an import would change."""
        while lines := list(islice(self._rows, _BATCH)):
            entries, problems = self._lines.read(lines)
            decisions = self._importer.decide(connection, entries, lock=False)
            for decision in decisions:
                self._report.add_change(decision)
            self._account(lines, problems, _chunk(self._taken + len(lines), decisions), entries)

    def take(self, run: bytes, source: str, now: datetime) -> None:
        """Write what is not written yet, chunk by chunk; each is decided and recorded in its transaction."""
        database = self._importer.database
        with reading(database) as connection:
            earlier = import_progress.chunks(connection, run)
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
                import_progress.put(connection, run, chunk.done, now)
                return chunk

            self._account(lines, problems, batches.run(len(lines), write_chunk), entries)
        with writing(database) as connection:
            import_progress.finish(connection, run)

    def _pass_over(self, done: ChunkDone) -> None:
        """Account for the lines of a chunk that an earlier run has written."""
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
        """Enter a chunk into the report, what is wrong in the order of the list."""
        name, done = self._report.name, chunk.done
        self._taken = done.rows
        for fate, number in done.fates.items():
            self._report.fates[Fate(fate)] += number
        problems += [
            Problem(
                severity=Severity.ERROR,
                text=_refusal(one, done.refusals[place], chunk.spelled.get(place, "")),
                at=Place(name, one.line),
                hint=_FINAL,
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
    """Raise ContentError when a list of people who all left says itself of each whether they did."""
    layout = source.layout
    if layout.statuses and layout.everybody is Standing.ACTIVE:
        heading = next(iter(layout.statuses.values())).heading
        raise ContentError(
            Problem(
                severity=Severity.ERROR,
                text=f"this list says itself who left, under {heading!r}",
                at=Place(source.name),
                hint="Import it: `subscribers import` records who left, and takes the others in.",
            )
        )


def _origin(source: ListFile, path: Path) -> str:
    """Return what names a list where it said that somebody left."""
    return f"{source.layout.service.name}, {path.name}" if source.layout.service else path.name


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
