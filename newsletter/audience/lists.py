"""Importing a list: every line is taken, or refused with the reason; one transaction for the whole file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from newsletter.audience.columns import Columns
from newsletter.audience.entries import EntryReader, Refusal, clean
from newsletter.audience.listfile import Row, open_list
from newsletter.config import Settings
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.links import Signer
from newsletter.store.choices import Choices
from newsletter.store.db import reading, writing
from newsletter.store.intake import Decision, Entry, Fate, decide, write
from newsletter.store.people import key

_BATCH = 2000
_FINAL = "No list brings back who left, was suppressed or was erased."


@dataclass(slots=True)
class Report:
    """What became of a list: lines by fate, what is wrong, and, in a dry run, what would change."""

    encoding: str
    fates: Counter[Fate] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many lines had each fate."""
        return {fate.value: self.fates[fate] for fate in Fate}

    @property
    def refused(self) -> bool:
        """Whether any line was refused."""
        return self.fates[Fate.REFUSED] > 0


class Importer:
    """Takes people into one workspace's database."""

    def __init__(self, database: Engine, settings: Settings, signer: Signer) -> None:
        self.database = database
        self._signer = signer
        self._reader = EntryReader(settings)
        self._columns = Columns(settings.fields)
        self._optional = [section.slug for section in settings.sections if not section.always]

    def file(
        self,
        path: Path,
        name: str,
        now: datetime,
        *,
        dry_run: bool = False,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> Report:
        """Import the list at `path`, called `name` in the report; a dry run changes nothing.

        `progress` is told the lines done, and about how many there are. Raises ContentError when the
        file is not a list.
        """
        with (
            open_list(path, name, self._columns) as source,
            (reading if dry_run else writing)(self.database) as connection,
        ):
            report = Report(source.encoding, problems=source.problems)
            entries = self._entries(source.rows, name, report)
            while batch := list(islice(entries, _BATCH)):
                decisions = decide(connection, batch, self._optional, self._signer)
                if dry_run:
                    report.changes += (
                        f"{name}:{decision.entry.line}: {described(decision)}"
                        for decision in decisions
                        if decision.fate in (Fate.NEW, Fate.CHANGED)
                    )
                else:
                    write(connection, decisions, path.name, now)
                for decision in decisions:
                    report.fates[decision.fate] += 1
                    if decision.fate is Fate.REFUSED:
                        report.problems.append(_refused(name, decision))
                progress(batch[-1].line, source.lines)
            report.problems.sort(key=lambda problem: problem.at or Place(name))
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

    def _entries(self, rows: Iterable[Row], name: str, report: Report) -> Iterator[Entry]:
        """Yield the entries of a file, each address once; refused lines go to the report."""
        seen: dict[str, int] = {}
        for line, cells in rows:
            entry = cells if isinstance(cells, Refusal) else self._reader.read(line, cells)
            if isinstance(entry, Entry):
                first = seen.get(key(entry.email))
                if first is None:
                    seen[key(entry.email)] = line
                    yield entry
                    continue
                entry = Refusal(f"{entry.email} stands on line {first} already", "Keep one of the two lines.")
            report.fates[Fate.REFUSED] += 1
            report.problems.append(_problem(name, line, entry))


def _problem(name: str, line: int, refusal: Refusal) -> Problem:
    return Problem(severity=Severity.ERROR, text=refusal.text, at=Place(name, line), hint=refusal.hint)


def _refused(name: str, decision: Decision) -> Problem:
    entry = decision.entry
    return _problem(name, entry.line, Refusal(f"{entry.email} {decision.refusal}", _FINAL))


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
