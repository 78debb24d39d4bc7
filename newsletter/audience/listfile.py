"""Read a list file (CSV in any encoding with any delimiter, .xlsx, YAML) as rows of cells by column.

Every line is returned or counted in `passed`: none is skipped silently.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO

from newsletter.audience import csvfile
from newsletter.audience.addresses import check_address
from newsletter.audience.columns import Columns
from newsletter.audience.csvfile import DELIMITERS, Broken, Record, Records, survey, trimmed, unguard
from newsletter.audience.entries import BLANK, Refusal
from newsletter.audience.headings import EMAIL, IGNORED, SECTIONS, TAGS
from newsletter.audience.layout import Layout, Row, lay_out, not_a_list
from newsletter.audience.services import recognise
from newsletter.audience.workbook import Sheet, Workbook, open_workbook
from newsletter.audience.yamllist import read_people
from newsletter.errors import Message, Place

_YAML = (".yaml", ".yml")
_SHEETS = (".xls", ".xlsb", ".ods", ".numbers")
_HEAD = 25
"""Rows at the top of a file among which the headings are searched for."""
_HEAD_LINES = 400
"""Physical lines read ahead to find the headings."""

_SAMPLES, _FEW = 3, 12
"""Cells of a column that are shown, and the most values that can be given meanings one by one."""

HEADINGS, ABOVE, BLANKS, HIDDEN = PASSED = ("headings", "above", "blank", "hidden")
"""Kinds of skipped lines: headings, titles above them, blank lines, and hidden rows of a sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """An open list: its name in problems, layout, rows (line, cells by column), approximate line count.

    `encoding` is empty for a workbook. `passed` counts skipped lines while `rows` is read; `notes` mention
    hidden columns and other sheets.
    """

    name: str
    layout: Layout
    rows: Iterable[tuple[int, Row]]
    lines: int
    encoding: str = ""
    passed: Counter[str] = field(default_factory=Counter)
    notes: Sequence[str] = ()

    @property
    def headings(self) -> Mapping[str, str]:
        """The column of each heading, without unused ones."""
        return self.layout.meanings


@contextmanager
def open_list(
    path: Path, name: str, columns: Columns, sheet: str | None = None, *, hidden: bool = False
) -> Iterator[ListFile]:
    """Context manager: open the list at `path`, called `name` in problems.

    `sheet` names the sheet to read of a workbook; `hidden` includes its hidden rows. Raises ContentError when
    it is not a list or has an unknown heading.
    """
    kind = path.suffix.lower()
    if kind in _SHEETS:
        raise not_a_list(Place(name), f"{kind} is not supported", "Save it as .xlsx, or as CSV in UTF-8.")
    if kind == ".xlsx":
        with open_workbook(path, name, sheet) as workbook:
            yield _of_workbook(workbook, name, columns, path.name, hidden=hidden)
        return
    if sheet is not None:
        raise not_a_list(Place(name), "this file has no sheets", "Remove --sheet.")
    try:
        encoding, lines = survey(path)
        if encoding is None:
            raise not_a_list(Place(name), "this is not a text file", "Save the list as CSV in UTF-8.")
        file = path.open(encoding=encoding, errors="replace", newline="")
    except OSError as error:
        raise not_a_list(
            Place(name),
            Message("cannot be read: %(strerror)s", strerror=error.strerror),
            "Check the path and its permissions.",
        ) from None
    with file:
        passed: Counter[str] = Counter()
        rows: Iterable[tuple[int, Row]]
        if kind in _YAML:
            layout, rows = read_people(file, name, columns, path.name)
        else:
            layout, rows = _csv(file, name, columns, path.name, passed)
        yield ListFile(name=name, layout=layout, rows=rows, lines=lines, encoding=encoding, passed=passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """The headings of a list, and under each the column that it seems to mean, some cells, and its values.

    The column is IGNORED where nothing is known. There are `values` only of headings with a few. A YAML list
    names its columns itself and has no headings. `sheets` are those of a workbook that are not hidden, each
    with its first rows, and `sheet` is the one that was looked at.
    """

    headings: Sequence[str]
    columns: Sequence[str]
    samples: Sequence[Sequence[str]]
    values: Sequence[Sequence[str]]
    lines: int
    sheet: str | None = None
    sheets: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)


def glance(path: Path, name: str, columns: Columns, sheet: str | None = None) -> Glance:
    """Look at the first lines of the list at `path`, whose headings may all be unknown.

    Of a workbook the `sheet` is looked at, or the one that looks most like a list. Raises ContentError when
    it is not a table at all.
    """
    kind = path.suffix.lower()
    if kind in _SHEETS:
        raise not_a_list(
            Place(name),
            Message("%(kind)s has no table to match", kind=kind),
            "Save it as .xlsx, or as CSV in UTF-8.",
        )
    if kind == ".xlsx":
        return _of_sheets(path, name, columns, sheet)
    encoding, lines = survey(path)
    if encoding is None:
        raise not_a_list(Place(name), "this is not a text file", "Save the list as CSV in UTF-8.")
    if kind in _YAML:
        return _glance([], [], columns, lines)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        head = list(islice(file, _HEAD_LINES))
    said = csvfile.separator(head[0]) if head else None
    start = 1 if said is None else 2
    tried = []
    for one in (said,) if said else DELIMITERS:
        records = list(Records(head[start - 1 :], one, start))
        known, line, headings = _headings_among(records[:_HEAD], columns)
        rows = [cells for at, cells in records if at > line and not isinstance(cells, Broken)]
        tried.append((known, len(headings), headings, rows))
    _, _, headings, rows = max(tried, key=lambda entry: entry[:2])
    return _glance(headings, rows, columns, lines)


def _of_sheets(path: Path, name: str, columns: Columns, sheet: str | None) -> Glance:
    with open_workbook(path, name) as workbook:
        sheets = {one.name: one for one in iter(workbook.next_sheet, None)}
    if not sheets:
        raise not_a_list(Place(name), "it has no visible sheet", "Show one, and save it again.")
    found = {one.name: _headings_among(enumerate(one.head, 1), columns) for one in sheets.values()}
    best = sheet if sheet in sheets else max(sheets, key=lambda one: found[one][0])
    _, line, headings = found[best]
    samples = {
        one.name: [row[:_FEW] for row in one.head if any(map(str.strip, row))][:_SAMPLES]
        for one in sheets.values()
    }
    looked = _glance(headings, sheets[best].head[line:], columns, sheets[best].height)
    return replace(looked, sheet=best, sheets=samples)


def _glance(headings: Sequence[str], rows: Sequence[Sequence[str]], columns: Columns, lines: int) -> Glance:
    cells = [
        list(dict.fromkeys(cell for row in rows if place < len(row) and (cell := row[place].strip())))
        for place in range(len(headings))
    ]
    guesses = [
        columns.match(heading) or (EMAIL if _are_addresses(under) else IGNORED)
        for heading, under in zip(headings, cells, strict=True)
    ]
    return Glance(
        headings=headings,
        columns=guesses,
        samples=[under[:_SAMPLES] for under in cells],
        values=[under if len(under) <= _FEW else () for under in cells],
        lines=lines,
    )


def _are_addresses(cells: Sequence[str]) -> bool:
    return bool(cells) and sum(not check_address(cell)[1] for cell in cells) > len(cells) / 2


def _headings_among(records: Iterable[Record], columns: Columns) -> tuple[int, int, list[str]]:
    """Find the row of headings: return (number of known headings, line, headings) of the row with most.

    If no row has an address column, return 0 with the first row that is not blank, for the error message.
    """
    best: tuple[int, int, list[str]] = (0, 0, [])
    first: tuple[int, int, list[str]] | None = None
    for line, cells in records:
        if isinstance(cells, Broken) or not any(cell.strip(BLANK) for cell in cells):
            continue
        headings = trimmed(cells)
        known = _known(headings, columns)
        first = first or (0, line, headings)
        if known > best[0]:
            best = (known, line, headings)
    return best if best[0] else first or best


def _known(headings: Sequence[str], columns: Columns) -> int:
    """Return the number of known `headings`; 0 where none is an address column."""
    service = recognise(headings)
    if service:
        return len(headings)
    addresses = any(columns.match(heading) == EMAIL for heading in headings if heading)
    return columns.recognised(headings) if addresses else 0


def _csv(
    file: IO[str], name: str, columns: Columns, file_name: str, passed: Counter[str]
) -> tuple[Layout, Iterator[tuple[int, Row]]]:
    head = list(islice(file, _HEAD_LINES))
    said = csvfile.separator(head[0]) if head else None
    start = 1 if said is None else 2
    passed[ABOVE] += start - 1
    found = {
        one: _headings_among(islice(Records(head[start - 1 :], one, start), _HEAD), columns)
        for one in ((said,) if said else DELIMITERS)
    }
    delimiter = max(found, key=lambda one: (found[one][0], columns.recognised(found[one][2])))
    _, line, headings = found[delimiter]
    layout = lay_out(headings, lambda _: Place(name, line), columns, file_name)
    records = Records(chain(head[start - 1 :], file), delimiter, start)
    return layout, _rows(records, line, layout, passed, guarded=True)


def _rows(
    records: Iterable[Record], top: int, layout: Layout, passed: Counter[str], *, guarded: bool = False
) -> Iterator[tuple[int, Row]]:
    """Yield (line, cells by column) for each person; count other lines. The headings are on line `top`."""
    several = [place for place, column in enumerate(layout.columns) if column in (SECTIONS, TAGS)]
    for line, cells in records:
        if isinstance(cells, Broken):
            yield line, _broken(line, cells)
        elif line == top:
            passed[HEADINGS] += 1
        elif not any(cell.strip(BLANK) for cell in cells):
            passed[BLANKS] += 1
        elif line < top:
            if any(check_address(cell.strip(BLANK))[0] for cell in cells):
                yield line, Refusal("it is above the headings", "Move it below them.")
            else:
                passed[ABOVE] += 1
        else:
            for place in several:
                if place < len(cells) and "\n" in cells[place]:
                    cells[place] = cells[place].replace("\n", ";")
            kept = trimmed(cells)
            if guarded and any("'" in cell for cell in kept):
                kept = [unguard(cell) for cell in kept]
            yield line, layout.row(kept)


def _broken(line: int, broken: Broken) -> Refusal:
    if broken.last == line:
        return Refusal("the double quotes of this line do not match", "Write a quote inside a cell twice.")
    return Refusal(
        Message(
            "a double quote opens on this line and does not close as it should; lines"
            " %(line)s–%(last)s may all be one cell, and none is imported",
            line=line,
            last=broken.last,
        ),
        "Write a quote inside a cell twice, and close each that opens a cell.",
        lines=broken.last - line + 1,
    )


def _of_workbook(workbook: Workbook, name: str, columns: Columns, file: str, *, hidden: bool) -> ListFile:
    sheet, line, headings = _list_sheet(workbook, name, columns)
    place = f"{name}[{sheet.name}]"
    layout = lay_out(headings, lambda _: Place(place, line), columns, file)
    passed: Counter[str] = Counter()
    notes = [
        Message("The column %(heading)r is hidden in the sheet; it is read like the others.", heading=heading)
        for number, heading in enumerate(headings, 1)
        if number in sheet.hidden_columns and layout.columns[number - 1] != IGNORED
    ]
    others = [
        f"{other!r}{' (hidden)' if away else ''}"
        for other, away in workbook.sheets.items()
        if other != sheet.name
    ]
    if others:
        notes.append(
            Message("Other sheets, not read: %(others)s. Read one: --sheet NAME", others=", ".join(others))
        )

    def visible() -> Iterator[Record]:
        for number, cells in enumerate(workbook.rows(sheet), 1):
            if number in sheet.hidden and number > line and not hidden and any(map(str.strip, cells)):
                passed[HIDDEN] += 1
            else:
                yield number, cells

    rows = _rows(visible(), line, layout, passed)
    return ListFile(name=place, layout=layout, rows=rows, lines=sheet.height, passed=passed, notes=notes)


def _list_sheet(workbook: Workbook, name: str, columns: Columns) -> tuple[Sheet, int, list[str]]:
    """Return the first sheet with an address column, the line of its headings, and the headings.

    A workbook with a single visible sheet gives that sheet in any case.
    """
    seen: list[tuple[Sheet, int, list[str]]] = []
    while sheet := workbook.next_sheet():
        known, line, headings = _headings_among(enumerate(sheet.head, 1), columns)
        if known:
            return sheet, line, headings
        seen.append((sheet, line, headings))
    if len(seen) == 1:
        return seen[0]
    if not seen:
        raise not_a_list(Place(name), "it has no visible sheet", "Name a sheet: --sheet NAME")
    first, line, _ = seen[0]
    raise not_a_list(
        Place(f"{name}[{first.name}]", line),
        Message(
            "no sheet has a column of addresses: %(seen)s",
            seen=", ".join(repr(sheet.name) for sheet, *_ in seen),
        ),
        Message('Name the sheet and map the column: --sheet NAME --column %(email)s="HEADING"', email=EMAIL),
    )
