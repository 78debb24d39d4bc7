"""Convert a Word document to lines; a line's number is that of its paragraph."""

from collections.abc import Iterator

from newsletter.compose.finds import Finds
from newsletter.compose.html.source import page_lines
from newsletter.compose.lines import Line
from newsletter.compose.word.body import Converter
from newsletter.compose.word.package import DamagedError, Package
from newsletter.compose.word.xml import words_of
from newsletter.errors import ContentError, Message, Place, Problem

_MARGINS = ("header", "footer")


def docx_lines(data: bytes, name: str, finds: Finds | None = None) -> tuple[list[Line], list[Problem]]:
    """Convert the .docx file `name` to numbered lines; return a problem for each thing left out.

    Raises ContentError when it is not a Word document.
    """
    try:
        package = Package(data)
        if finds:
            finds.load = package.content
        page, margins = Converter(package).run(), list(_margins(package))
    except DamagedError:
        raise ContentError(
            Message("%(name)s is not a Word document, or a damaged one", name=name),
            "Open it in Word or LibreOffice and save it as .docx.",
        ) from None
    lines, problems = page_lines(page, name, finds)
    return lines, [*(_left_margin(kind, words, name) for kind, words in margins), *problems]


def _margins(package: Package) -> Iterator[tuple[str, str]]:
    """Return the text of headers and footers, which belongs to no item."""
    seen: set[str] = set()
    for kind, path in package.related(package.main):
        root = package.read(path) if kind in _MARGINS else None
        words = " ".join(words_of(root).split()) if root is not None else ""
        if words and words not in seen:
            seen.add(words)
            yield kind, words


def _left_margin(kind: str, words: str, name: str) -> Problem:
    return Problem.warning(
        Message("left out the %(kind)s of the pages: “%(words)s”", kind=kind, words=words[:200]),
        Place(name),
        "If it belongs to an item, write it into the document's text.",
    )
