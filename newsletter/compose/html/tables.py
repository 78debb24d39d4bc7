"""Tell data tables from layout tables, and convert data tables to Markdown."""

from collections.abc import Callable

from lxml.html import HtmlElement

_LONGEST_CELL = 200
_FULL = 0.5
"""Least share of cells with text in a data table; layout tables use empty cells as margins."""
_OTHER_MATTER = (
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "img",
    "blockquote",
    "hr",
    "form",
    "pre",
)

Grid = list[list[str]]


def cells_of(table: HtmlElement) -> list[list[HtmlElement]]:
    """Return the cells of a table by row, without those of nested tables."""
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
    return [[cell for cell in row if cell.tag in {"td", "th"}] for row in rows]


def is_of_figures(table: HtmlElement) -> bool:
    """Return whether a table holds data, rather than laying out the page."""
    rows = [row for row in cells_of(table) if row]
    if table.get("role") in {"presentation", "none"} or any(
        node is not table for tag in _OTHER_MATTER for node in table.iter(tag)
    ):
        return False
    if len(rows) < 2 or max(map(len, rows)) < 2:  # noqa: PLR2004  rows and columns, else there is nothing to compare
        return False
    words = [" ".join(cell.text_content().split()) for row in rows for cell in row]
    filled = [text for text in words if text]
    return all(len(text) <= _LONGEST_CELL for text in words) and len(filled) >= _FULL * len(words)


def grid(table: HtmlElement, written: Callable[[HtmlElement], str]) -> Grid:
    """Return the text of a table's cells by row; a spanning cell fills only its first position."""
    taken: dict[tuple[int, int], str] = {}
    for y, row in enumerate(cells_of(table)):
        x = 0
        for cell in row:
            while (y, x) in taken:
                x += 1
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            for below in range(high):
                for beside in range(wide):
                    taken[y + below, x + beside] = "" if below or beside else written(cell)
            x += wide
    height = len(cells_of(table))
    width = max((x for _, x in taken), default=-1) + 1
    return [[taken.get((y, x), "") for x in range(width)] for y in range(height)]


def rows_in_markdown(cells: Grid) -> list[str]:
    """Return the lines of a Markdown table whose header is the first row."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") or " " for cell in row) + " |" for row in cells]
    return [*lines[:1], "|" + " --- |" * len(cells[0]), *lines[1:]] if cells else []


def _span(cell: HtmlElement, name: str) -> int:
    value = cell.get(name) or "1"
    return min(int(value), 50) if value.isdecimal() and int(value) else 1
