"""Fields of a Word document (ECMA-376 1, 17.16): codes are not text, and a HYPERLINK leads somewhere."""

import re
from dataclasses import dataclass

from newsletter.compose.word.symbols import sign

_PART = re.compile(r'"((?:[^"\\]|\\.)*)"?|(\\[a-z*#@!])|(\S+)', re.IGNORECASE)
_TAKES_VALUE = ("\\l", "\\o", "\\t", "\\s", "\\f")


@dataclass(slots=True)
class _Field:
    code: str = ""
    has_result: bool = False


class Fields:
    """The stack of open, nested fields."""

    def __init__(self) -> None:
        self._open: list[_Field] = []

    def mark(self, kind: str | None) -> str:
        """Process a field's begin, separate or end mark; return the character of a SYMBOL field."""
        if kind == "begin":
            self._open.append(_Field())
        elif kind == "separate" and self._open:
            self._open[-1].has_result = True
        elif kind == "end" and self._open:
            field = self._open.pop()
            return "" if field.has_result else symbol(field.code)
        return ""

    def add_code(self, text: str) -> None:
        """Append a piece of a field's code."""
        if self._open and not self._open[-1].has_result:
            self._open[-1].code += text

    @property
    def is_in_code(self) -> bool:
        """Return whether the current position is in a field's code, not in text."""
        return any(not field.has_result for field in self._open)

    @property
    def link(self) -> str | None:
        """The URL of the innermost open hyperlink."""
        links = (address(field.code) for field in reversed(self._open) if field.has_result)
        return next((link for link in links if link is not None), None)

    def end_paragraph(self) -> None:
        """Close hyperlinks whose end mark is missing, since a link ends with its paragraph."""
        self._open = [
            field for field in self._open if not (field.has_result and address(field.code) is not None)
        ]


def address(code: str) -> str | None:
    r"""Return the URL of a HYPERLINK field; its switches are `\l` place, `\o` tip, `\t` frame."""
    if not re.match(r"\s*HYPERLINK\b", code, re.IGNORECASE):
        return None
    target, place, switch = "", "", ""
    for found in _PART.finditer(code, code.upper().index("HYPERLINK") + len("HYPERLINK")):
        if found[2]:
            switch = found[2].lower()
            continue
        value = re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[3]
        if switch == "\\l":
            place = value
        elif switch not in _TAKES_VALUE and not target:
            target = value
        switch = ""
    return f"{target}#{place}" if place and "#" not in target else target


def symbol(code: str) -> str:
    r"""Return the character of a SYMBOL field, such as `SYMBOL 183 \f Symbol`."""
    found = re.match(r"\s*SYMBOL\s+(0x[0-9a-f]{1,4}|\d{1,5})", code, re.IGNORECASE)
    if not found:
        return ""
    font = re.search(r'\\f\s+"?([^"\\]+)', code)
    return sign(font[1].strip() if font else "", int(found[1], 0)) or ""
