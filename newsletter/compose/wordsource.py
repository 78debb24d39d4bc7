"""A Word document as the lines a digest is read from."""

import re
from io import BytesIO
from zipfile import ZipFile

from mammoth import convert_to_html
from mammoth.images import img_element

from newsletter.compose.htmlsource import html_lines
from newsletter.compose.lines import Line
from newsletter.errors import ContentError, Problem

LARGEST = 100_000_000
"""Bytes a document may unpack to."""


def docx_lines(data: bytes, name: str) -> tuple[list[Line], list[Problem]]:
    """Return the paragraphs of the .docx file `name` as numbered lines, and what could not be taken over.

    Raises ContentError when it is not a Word document.
    """
    try:
        with ZipFile(BytesIO(data)) as archive:
            size = sum(part.file_size for part in archive.infolist())
        html = _html(data) if size <= LARGEST else None
    except Exception:  # noqa: BLE001  mammoth lets pass whatever its zip and XML parsers raise
        raise ContentError(
            f"{name} is not a Word document, or a damaged one",
            "Open it in Word or LibreOffice and save it as .docx.",
        ) from None
    if html is None:
        raise ContentError(f"{name} is too large for a digest", "Save only the digest's text as .docx.")
    return html_lines(re.sub("(</(?:p|li|h[1-6])>)", r"\1\n", html), name)


def _html(data: bytes) -> str:
    html: str = convert_to_html(
        BytesIO(data),
        convert_image=img_element(lambda _: {"src": ""}),
        style_map="p[style-name='Title'] => h1:fresh",
    ).value
    return html
