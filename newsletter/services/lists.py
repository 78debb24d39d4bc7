"""Import a list of people into a workspace, and remember what its headings mean for the next one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsletter.audience.columns import FILE, Columns, known_columns, lasting, remember, remembered
from newsletter.audience.consent import consent_missing
from newsletter.audience.headings import IGNORED, STATUS, plain
from newsletter.audience.lines import BlankSections
from newsletter.audience.listfile import Glance, glance
from newsletter.audience.lists import Importer, Options
from newsletter.audience.report import Report
from newsletter.audience.statuses import reading
from newsletter.errors import as_data
from newsletter.model import Standing

if TYPE_CHECKING:
    from newsletter.services import Workspace

__all__ = [
    "FILE",
    "Learned",
    "ListImport",
    "Reading",
    "columns_of",
    "look_at",
    "meaning_of",
    "report_data",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a list is read.

    `columns` maps headings to columns, `values` the words of a status column to standings; `dry_run` changes
    nothing; `keep` limits how many problems and changes of a kind the report keeps.
    """

    columns: Mapping[str, str]
    values: Mapping[str, Standing]
    sheet: str | None = None
    hidden: bool = False
    dry_run: bool = False
    keep: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a list taught about headings.

    `absent` are headings that the list has not; `once` are those whose meaning holds for this list only;
    `lasting` is what is remembered.
    """

    absent: tuple[str, ...]
    once: tuple[str, ...]
    lasting: Mapping[str, Any]


def report_data(report: Report, *, dry_run: bool) -> dict[str, Any]:
    """Return the report of an import as data for JSON; it quotes addresses."""
    return {
        "file": report.name,
        "dry_run": dry_run,
        "encoding": report.encoding,
        "service": report.service,
        "columns": report.headings,
        "left_out": report.left_out,
        **report.counts,
        "lines": report.lines,
        "changes": report.changes,
        "blank_sections": report.blank_sections,
        "notes": report.notes,
        "problems": as_data(report.problems),
    }


def look_at(workspace: "Workspace", file: Path, sheet: str | None = None) -> Glance:
    """Return the headings of a list with what each seems to mean; of a workbook those of one `sheet`.

    Raises ContentError when it is no table.
    """
    known = known_columns(workspace.settings.fields)
    columns = Columns(workspace.settings.fields, remembered(workspace.root, known))
    return glance(file, file.name, columns, sheet)


def columns_of(workspace: "Workspace") -> tuple[str, ...]:
    """Return the names of the columns that a list can have; `-` means that a heading is ignored."""
    return (*known_columns(workspace.settings.fields), IGNORED)


def meaning_of(heading: str, value: str) -> Standing | None:
    """Return what a value of a status column usually means, or None when it is not known."""
    return reading(heading, {}).read(value)


class ListImport:
    """The import of one list. Raises ContentError when the file is not a list."""

    def __init__(self, workspace: "Workspace", file: Path, how: Reading) -> None:
        self._workspace, self._how = workspace, how
        self.path = file.resolve()
        inside = self.path.is_relative_to(workspace.root)
        self._name = str(self.path.relative_to(workspace.root)) if inside else str(file)
        self._known = remembered(workspace.root, known_columns(workspace.settings.fields))
        self._importer = Importer(
            workspace.readable if how.dry_run else workspace.database,
            workspace.settings,
            workspace.signer,
            self._known | dict(how.columns),
            how.values,
        )

    def needs_consent(self) -> bool:
        """Return whether the list may name new readers, so that the source of their consent must be given.

        Not so when everybody on it has left, bounced or otherwise must not be sent mail.
        """
        return not self._how.dry_run and not self._importer.names_nobody(
            self.path, self._name, sheet=self._how.sheet
        )

    def run(
        self,
        consent: str = "",
        *,
        everybody: Standing = Standing.ACTIVE,
        blank: BlankSections = BlankSections.ALL,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> Report:
        """Import the list, or continue an interrupted import of it; `everybody` is the standing of all on it.

        `progress` gets (lines done, approximate total). Raises ConfigError when consent is missing.
        """
        if everybody is Standing.ACTIVE and not consent and self.needs_consent():
            raise consent_missing()
        how = self._how
        return self._importer.file(
            self.path,
            self._name,
            self._workspace.now(),
            consent=consent,
            options=Options(sheet=how.sheet, hidden=how.hidden, everybody=everybody, blank=blank),
            dry_run=how.dry_run,
            keep=how.keep,
            progress=progress,
        )

    def learned(self, report: Report) -> Learned:
        """Return what is to be remembered of the headings of the list that `report` is about."""
        here = {plain(heading) for heading in report.headings}
        fresh: dict[str, Any] = {
            heading: column for heading, column in self._how.columns.items() if plain(heading) in here
        }
        absent = tuple(self._how.columns.keys() - fresh.keys())
        for heading, column in report.headings.items():
            if self._how.values and column == STATUS:
                earlier = self._known.get(heading)
                fresh[heading] = {**(earlier if isinstance(earlier, dict) else {}), **self._how.values}
        kept = dict(lasting(fresh))
        return Learned(absent=absent, once=tuple(fresh.keys() - kept.keys()), lasting=kept)

    def remember(self, learned: Learned) -> bool:
        """Store what was learned for the next list; return whether there was anything. Raises ConfigError."""
        if not learned.lasting or self._how.dry_run:
            return False
        remember(self._workspace.root, self._known | dict(learned.lasting))
        return True
