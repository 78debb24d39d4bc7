"""Recognise list entries by the markers that people type: `1.` `1)` `а)` `IV.` `·` `o` `✓` `→` `—`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from newsletter.compose.lines import Line

_BULLETS = "·∙•◦●○◉⁃‣■□▪▫◾◽◆◇♦❖➢➤►▶▸▹➔➜⮚\uf0b7\uf0a7\uf0d8\uf0fc\uf076"
"""Marks that mean nothing but a bullet; the last are those of Word's Symbol and Wingdings fonts."""
_LETTERS = "o§Øüvqnl¨"
"""Bullets of Wingdings and Courier New as they arrive in plain text: a letter and a tab."""
_GLYPH = re.compile(rf"[{_BULLETS}]\s*(?=[^\s{_BULLETS}])")
_TYPED_BULLET = re.compile(
    rf"[ \t\xa0]*(?:[{_BULLETS}][\ufe0f \t\xa0]*|[{_LETTERS}](?:\t[ \t\xa0]*|[ \xa0]{{2,}}))(?=\S)"
)
_LATIN_O = re.compile(r"[o§] (?=[^\W\d_a-z])", re.IGNORECASE)
_DASH = re.compile(r"[-–—−*+]\s+(?=\S)")
_CLOSE_DASH = re.compile(r"[-–—−](?=[^\W\d_])")
_CLOSE_NUMBER = re.compile(r"(\d{1,3})([.)])(?=[^\W\d_])")
_NOTE = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+ ")
_QUOTE = re.compile(r">\s?(?=\S)")
_INDENTED = re.compile(r"\s{2,}")
_ARROW = re.compile(r"[→⇒➡►»]\ufe0f?\s+(?=\S)")
_NUMBER = re.compile(r"\(?(?:№\s?)?(\d{1,3})(?:\.\d{1,3})*[.)]\s+(?=\S)|(\d)\ufe0f?\u20e3\s*(?=\S)")
_LETTER = re.compile(r"\(?([^\W\d_])\)\s+(?=\S)|([^\W\d_])\.\s+(?=\S)")
_ROMAN = re.compile(r"\(?([IVXLІХ]{1,6}|[ivxіх]{1,6})[.)]\s+(?=\S)")
_ROW = re.compile(r"\|.*\|$")
_SYMBOL = re.compile(
    r"([^\w\s\"'«»„“”‘’()\[\]{}<>/\\&.,:;!?%#@$€₴№…~|=^`*_°©®™±×÷–—−-])[\ufe0f\U0001f3fb-\U0001f3ff]?\s*(?=\w|[\"«„“(\[*])"
)

_REWRITTEN = {"→": _ARROW, "o": _LATIN_O, "-": re.compile(rf"[-–—−{_BULLETS}]\s*")}
_ROMANS = {"I": 1, "V": 5, "X": 10, "L": 50, "І": 1, "Х": 10}


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of a list entry: its style, and its number in the list (0 for a bullet).

    A weak one may be something else (the initial of a name): it counts beside another of its style.
    """

    style: str
    number: int = 0
    is_weak: bool = False

    @property
    def is_bullet(self) -> bool:
        """Whether no title begins with this marker: a bullet, table row, quotation or note mark."""
        return self.style in "-|>¹"

    def follows(self, title: "Marker | None") -> bool:
        """Return whether this marker continues that of a title: the next number, or the same sign."""
        return bool(title and title.style == self.style and self.number == title.number + bool(title.number))


_KINDS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Marker]], ...] = (
    (_ROW, lambda _: Marker("|")),
    (_QUOTE, lambda _: Marker(">")),
    (_NOTE, lambda _: Marker("¹")),
    (_DASH, lambda _: Marker("-")),
    (_GLYPH, lambda _: Marker("-")),
    (_NUMBER, lambda found: Marker("1", int(found[1] or found[2]))),
    (_ROMAN, lambda found: Marker("I", _roman(found[1]), is_weak=len(found[1]) == 1 and "." in found[0])),
    (_LETTER, lambda found: _letter(found[1] or found[2], is_weak=found[2] is not None)),
    (_ARROW, lambda _: Marker("→")),
    (_CLOSE_DASH, lambda _: Marker("-", is_weak=True)),
    (_CLOSE_NUMBER, lambda found: Marker("1", int(found[1]), is_weak=True)),
    (_LATIN_O, lambda _: Marker("o", is_weak=True)),
    (_SYMBOL, lambda found: Marker(found[1])),
)


def marker(text: str) -> Marker | None:
    """Return the marker of a list entry or table row, or None for any other line."""
    if indented := _INDENTED.match(text):
        return marker(text[indented.end() :]) or Marker("-")
    for pattern, make in _KINDS:
        if found := pattern.match(text):
            return make(found)
    return None


def entries(rows: Sequence[Line]) -> list[Marker | None]:
    """Return the marker of each row, None for rows that are not list entries.

    A weak marker counts only if a neighbouring row has one of the same style.
    """
    found = [marker(row.text) for row in rows]
    return [
        one if one and (not one.is_weak or has_company(found, at)) else None for at, one in enumerate(found)
    ]


def is_separate(text: str) -> bool:
    """Return whether a line has a bullet or is a table row, so that it cannot be a title or heading."""
    found = marker(text)
    return found is not None and found.is_bullet and not found.is_weak


def has_company(found: Sequence[Marker | None], at: int) -> bool:
    """Return whether the row above or below has a marker of the same style."""
    own = found[at]
    beside = (found[other] for other in (at - 1, at + 1) if 0 <= other < len(found))
    return own is not None and any(other is not None and other.style == own.style for other in beside)


def typed_bullet(text: str) -> str:
    """Replace the bullet character of a raw line by Markdown's `- `."""
    found = _TYPED_BULLET.match(text)
    return f"- {text[found.end() :]}" if found else text


def with_bullets(lines: Sequence[Line]) -> list[Line]:
    """Convert two or more successive lines that begin with an arrow, a dash or `o` to a Markdown list.

    A number right before its word gets the blank that Markdown wants.
    """
    written = list(lines)
    rows = [at for at, line in enumerate(lines) if line.text]
    found = [marker(lines[at].text) for at in rows]
    for place, at in enumerate(rows):
        own, line = found[place], lines[at]
        if own and not line.text.startswith(" ") and has_company(found, place):
            text = _as_markdown(own, line.text)
            written[at] = line if text == line.text else Line(line.number, text)
    return written


def _as_markdown(own: Marker, text: str) -> str:
    if own.style == "1":
        return _CLOSE_NUMBER.sub(r"\1\2 ", text, count=1)
    if own.style in _REWRITTEN and text[0] not in "*+":
        return f"- {_REWRITTEN[own.style].sub('', text, count=1)}"
    return text


def _letter(letter: str, *, is_weak: bool) -> Marker:
    return Marker("a", ord(letter.casefold()), is_weak=is_weak and letter.isupper())


def _roman(text: str) -> int:
    values = [_ROMANS.get(letter, 5) for letter in text.upper()]
    return sum(
        -value if value < max(values[place + 1 :], default=0) else value for place, value in enumerate(values)
    )
