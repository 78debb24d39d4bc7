"""Turn the lines of a list into entries, each address once; report shared problems once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum

from newsletter.audience.address_typos import doubt
from newsletter.audience.entries import EntryReader, Refusal, UnknownSections
from newsletter.audience.firsts import FirstLines
from newsletter.audience.headings import EMAIL, GROUPS, SECTIONS, TAGS
from newsletter.audience.layout import RECORD, UNIT, Layout, Row
from newsletter.audience.report import NO_ADDRESS, Report, named
from newsletter.audience.statuses import weightiest
from newsletter.errors import Message, Place, Problem
from newsletter.model import Standing
from newsletter.store.import_people import Entry, Fate
from newsletter.store.people import key

_TAGS_NAMED = 20


class BlankSections(StrEnum):
    """What an empty cell means in a sections column where other lines name some."""

    ALL = "all"
    REFUSE = "refuse"


class LineReader:
    """Reads the lines of one list; adds refusals and warnings to the report.

    `everybody` is a standing given to all people in the list, beside their own; `origin` is the name of the
    list that is stored with people who may not be written to.
    """

    def __init__(  # noqa: PLR0913  the options of an import
        self,
        reader: EntryReader,
        layout: Layout,
        report: Report,
        *,
        everybody: Standing = Standing.ACTIVE,
        blank: BlankSections = BlankSections.ALL,
        origin: str = "",
    ) -> None:
        self._reader = reader
        self._layout = layout
        self._report = report
        self._everybody = everybody
        self._blank = blank
        self._origin = origin
        self._seen = FirstLines()
        self._unknown: defaultdict[str, list[int]] = defaultdict(list)
        self._without: list[int] = []
        self._with = 0
        self._tags: Counter[str] = Counter()
        self._groups: set[int] = set()

    def read(self, lines: Iterable[tuple[int, Row]]) -> tuple[list[Entry], list[Problem]]:
        """Return the entries of `lines`, and the errors and warnings about them, in no order."""
        problems: list[Problem] = []
        return list(self._entries(lines, problems)), problems

    def finish(self) -> None:
        """Add the problems that many lines share to the report, and sort its problems by line."""
        for name, lines in self._unknown.items():
            self._sum_up(
                lines, Message("unknown section %(name)r", name=name), self._reader.sections.nearest(name)
            )
        if self._blank is BlankSections.REFUSE and self._without:
            self._sum_up(self._without, "no section is named", "Write sections, or * for all.")
        elif self._without and self._with:
            self._report.blank_sections = len(self._without)
            self._report.notes.append(
                Message(
                    "No section on %(named)s, where others name some: that means all sections."
                    " --blank-sections refuse refuses such lines.",
                    named=named(self._without),
                )
            )
        if self._groups:
            named_so = ", ".join(f"«{self._layout.headings[place]}»" for place in sorted(self._groups))
            self._report.notes.append(
                Message("Read as groups, because they name sections: %(headings)s.", headings=named_so)
            )
            self._report.left_out = self._layout.left_out(self._groups)
        if self._tags:
            shown = self._tags.most_common(_TAGS_NAMED)
            shown_tags = ", ".join(f"«{tag}» ({count}{self._near(tag)})" for tag, count in shown)
            rest = len(self._tags) - _TAGS_NAMED
            more = Message(" and %(count)s more", count=rest) if rest > 0 else ""
            self._report.notes.append(
                Message(
                    "Tags that match no section, ignored: %(tags)s%(more)s.",
                    tags=shown_tags,
                    more=more,
                )
            )
        self._report.problems.sort(key=lambda problem: problem.at or Place(self._report.name))

    def _near(self, tag: str) -> str:
        near = self._reader.sections.near(tag)
        return f"; near {near!r}" if near else ""

    def _sum_up(self, lines: list[int], text: str, hint: str) -> None:
        if len(lines) > 1:
            text = f"{text} ({named(lines)})"
        self._report.sum_up(Problem.error(text, self._at(lines[0]), hint))

    def _entries(self, lines: Iterable[tuple[int, Row]], problems: list[Problem]) -> Iterator[Entry]:
        for line, cells in lines:
            entry = cells if isinstance(cells, Refusal) else self._read(line, cells)
            if entry is None:
                continue
            if isinstance(entry, Entry):
                first = self._seen.add(key(entry.email), line)
                if first == line:
                    text, hint = doubt(entry.email) if entry.standing is Standing.ACTIVE else ("", "")
                    if text:
                        problems.append(Problem.warning(text, self._at(line), hint))
                    yield entry
                    continue
                entry = Refusal(
                    Message("%(email)s is already on line %(first)s", email=entry.email, first=first),
                    "Keep one of the two lines.",
                )
            self._report.fates[Fate.REFUSED] += entry.lines
            if isinstance(entry, UnknownSections):
                for name in entry.names:
                    self._unknown[name].append(line)
            elif entry is not _BLANK:
                problems.append(Problem.error(entry.text, self._at(line), entry.hint))

    def _read(self, line: int, cells: dict[str, str]) -> Entry | Refusal | None:
        """Return the Entry of a line or a Refusal; None for a contact without an address (skipped)."""
        service = self._layout.service
        if service and service.contacts and not cells.get(EMAIL):
            self._report.passed[NO_ADDRESS] += 1
            return None
        if GROUPS in cells:
            cells = self._with_groups(dict(cells))
        entry = self._reader.read(line, cells)
        if isinstance(entry, Refusal):
            return entry
        if self._everybody is not Standing.ACTIVE:
            entry = replace(entry, standing=weightiest([self._everybody, entry.standing]))
        if entry.standing is not Standing.ACTIVE:
            return replace(entry, source=self._origin)
        if SECTIONS in cells:
            if cells[SECTIONS]:
                self._with += 1
            else:
                self._without.append(line)
                if self._blank is BlankSections.REFUSE:
                    return _BLANK
        if TAGS in cells:
            self._tags.update(self._reader.unknown_tags(cells))
        return entry

    def _with_groups(self, cells: dict[str, str]) -> dict[str, str]:
        """Return the cells with group cells added to the tags if they name sections and nothing else."""
        for group in cells.pop(GROUPS).split(RECORD):
            place, _, cell = group.partition(UNIT)
            slugs, unknown = self._reader.sections.read(cell)
            if slugs and not unknown:
                self._groups.add(int(place))
                cells[TAGS] = "; ".join(filter(None, (cells.get(TAGS), *sorted(slugs))))
        return cells

    def _at(self, line: int) -> Place:
        return Place(self._report.name, line)


_BLANK = Refusal("no section is named")
