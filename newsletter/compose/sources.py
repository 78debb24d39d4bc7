"""Read a digest's source file, of any supported format and encoding, into lines.

Files come from anywhere, so they are read in a child process with limits of memory and time.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from newsletter.compose.bullets import typed_bullet, with_bullets
from newsletter.compose.finds import Finds, beside
from newsletter.compose.lines import Found, Line, clean, is_title_like, marked
from newsletter.compose.link_repair import mend_links
from newsletter.compose.wrapping import unwrap
from newsletter.errors import ContentError, Message, Place, Problem, Severity
from newsletter.limited import ChildFailedError, LimitExceededError, Limits, answer, child

LARGEST = 20_000_000
"""Bytes of a source."""
_LIMITS = Limits(memory=512 << 20, seconds=20)
_LEGACY = ["cp1251", "koi8_u", "cp1125", "mac_cyrillic", "cp1252"]
_FOREIGN = {
    b"%PDF": ("a PDF", "Copy its text into a .txt file, or take the original and save it as .docx."),
    b"\xd0\xcf\x11\xe0": ("an old Word document", "Open it and save it as .docx."),
    b"{\\rtf": ("an RTF document", "Open it and save it as .docx."),
}
_UNDERLINES = {"=": "#", "-": "##"}
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1f\x7f]")
_MOST_CONTROLS = 0.02
"""Of all characters; word processors leave a few in text, other files hold many."""


def read_source(path: Path) -> tuple[list[Line], list[Problem]]:
    """Read a digest in plain text, Markdown, HTML or .docx; return its lines and problems.

    In a .docx, which has no lines, a line's number is that of its paragraph. Raises ContentError when the
    file cannot be read within _LIMITS or holds no text.
    """
    with child(__name__, str(path.absolute()), str(path), limits=_LIMITS) as reader:
        try:
            found = reader.read()
        except LimitExceededError:
            what = Message("%(path)s takes more memory or time than a digest may", path=path)
            raise ContentError(what, "Save only the digest's text, as .txt or a new .docx.") from None
        except ChildFailedError:
            raise ContentError(
                Message("%(path)s cannot be read: it is damaged", path=path), "Save it anew."
            ) from None
    problems = [_problem(fields) for fields in found["problems"]]
    if "lines" not in found:
        raise ContentError(problems)
    return [_line(number, text, picture) for number, text, picture in found["lines"]], problems


def _line(number: int, text: str, picture: list[str] | None) -> Line:
    found = Found(alt=picture[0], content=b64decode(picture[1])) if picture else None
    return Line(number, text, found)


def read_unlimited(path: Path, name: str) -> tuple[list[Line], list[Problem]]:
    """Read the source as `read_source` does, but in this process and without limits."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContentError(
            Message("%(name)s cannot be read: %(strerror)s", name=name, strerror=error.strerror),
            "Check its name and rights.",
        ) from None
    if len(data) > LARGEST:
        raise ContentError(
            Message("%(name)s is too large for a digest", name=name), "Name the file with the digest's text."
        )
    for magic, (what, cure) in _FOREIGN.items():
        if data.startswith(magic):
            raise ContentError(
                Message("%(name)s is %(what)s, which cannot be imported", name=name, what=what), cure
            )
    finds = Finds(beside(path))
    lines, problems = _lines(data, path, name, finds)
    lines = finds.placed(lines)
    if not any(line.text and not line.picture for line in lines):
        raise ContentError(
            Message("%(name)s holds no text", name=name), "Name the file with the digest's text."
        )
    return lines, problems


def _answer(path: str, name: str) -> Iterator[Any]:
    """Run in the child process: yield lines and problems, or only the problems that made it fail."""
    try:
        lines, problems = read_unlimited(Path(path), name)
    except ContentError as error:
        yield {"problems": [asdict(problem) for problem in error.problems]}
    except RecursionError:
        fault = ContentError(
            Message("%(name)s is nested too deep", name=name), "Save only the digest's text, as .txt."
        )
        yield {"problems": [asdict(problem) for problem in fault.problems]}
    else:
        yield {
            "lines": [(line.number, line.text, _written(line.picture)) for line in lines],
            "problems": [asdict(problem) for problem in problems],
        }


def _written(found: Found | None) -> tuple[str, str] | None:
    return (found.alt, b64encode(found.content).decode()) if found else None


def _problem(fields: dict[str, Any]) -> Problem:
    at = Place(**fields["at"]) if fields["at"] else None
    return Problem(severity=Severity(fields["severity"]), text=fields["text"], at=at, hint=fields["hint"])


def decode(data: bytes) -> str | None:
    """Decode `data` by its byte order mark, as UTF-16 or UTF-8, or in the encoding it most resembles.

    None if it is not text, or damaged.
    """
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        elif b"\0" in data:  # no mark, but an English space or line end has a zero byte in UTF-16
            text = max((data.decode(f"utf-16-{end}") for end in ("le", "be")), key=_spaces)
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes  # noqa: PLC0415  only files of older programs need it

        text = str(from_bytes(data, cp_isolation=_LEGACY).best() or "\0")
    is_binary = "\0" in text or len(_CONTROLS.findall(text)) > _MOST_CONTROLS * len(text)
    return None if is_binary else text


def text_lines(text: str) -> list[Line]:
    """Split plain text or Markdown into lines; headings get `#`, and wrapped lines are joined."""
    return _text(text, "")[0]


def _text(text: str, name: str) -> tuple[list[Line], list[Problem]]:
    lines = [Line(number, clean(typed_bullet(line))) for number, line in enumerate(text.splitlines(), 1)]
    mended, problems = mend_links(with_bullets(lines), name)
    return unwrap(_with_hashes(mended)), problems


def _lines(data: bytes, path: Path, name: str, finds: Finds) -> tuple[list[Line], list[Problem]]:
    if data.startswith(b"PK\x03\x04"):
        from newsletter.compose.word.source import docx_lines  # noqa: PLC0415  lxml is heavy

        return _mended(*docx_lines(data, name, finds), name)
    text = decode(data)
    if text is None:
        raise ContentError(
            Message("%(name)s is not readable as text", name=name),
            "Save it as UTF-8 text, .docx, .html or .md.",
        )
    if path.suffix.lower() in (".html", ".htm") or re.match(r"\s*<(?:!doctype|html)\b", text, re.IGNORECASE):
        from newsletter.compose.html.source import html_lines  # noqa: PLC0415  likewise

        return _mended(*html_lines(text, name, finds), name)
    return _text(finds.mark_markdown(text), name)


def _mended(lines: list[Line], problems: list[Problem], name: str) -> tuple[list[Line], list[Problem]]:
    """Repair bullets and links that were typed into a document as if into plain text."""
    typed = [Line(line.number, typed_bullet(line.text)) if line.text else line for line in lines]
    mended, guesses = mend_links(with_bullets(typed), name)
    return mended, sorted([*problems, *guesses], key=lambda problem: problem.at or Place(name))


def _spaces(text: str) -> int:
    return text.count(" ") + text.count("\n")


def _with_hashes(lines: list[Line]) -> list[Line]:
    """Convert Markdown's underlined headings to those with `#`; the underline becomes a blank line."""
    written = list(lines)
    for index, (above, line) in enumerate(pairwise(lines)):
        level = _UNDERLINES.get(line.text[:1])
        if (
            level
            and re.fullmatch("={3,}|-{3,}", line.text)
            and not marked(above.text)[0]
            and is_title_like(above.text)
        ):
            written[index] = Line(above.number, f"{level} {above.text}")
            written[index + 1] = Line(line.number, "")
    return written


if __name__ == "__main__":
    answer(_answer)
