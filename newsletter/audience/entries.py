"""One line of a list: its cells, checked, as an entry, or why it is refused."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from newsletter.audience.addresses import check_address
from newsletter.audience.columns import COLUMNS, EMAIL, LANGUAGE, NAME, SECTIONS
from newsletter.config import Settings
from newsletter.i18n import LANGUAGES
from newsletter.model import EVERY_SECTION
from newsletter.store.intake import Entry
from newsletter.yamlfile import nearest

_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]")
"""Controls, line ends, halves of a pair, and what a decoder puts where it could not read."""

BLANK = " \t\u00a0\ufeff"
"""What may stand around a value without belonging to it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line is not taken, and what to do about it."""

    text: str
    hint: str = ""


def clean(cell: str) -> str:
    """Return a value as it is kept: no blanks around it, and letters composed (NFC) so that equals match."""
    return unicodedata.normalize("NFC", cell.strip(BLANK))


class EntryReader:
    """Reads lines against the sections and fields of one workspace."""

    def __init__(self, settings: Settings) -> None:
        self._sections = [section.slug for section in settings.sections]
        self._fields = list(settings.fields)
        self._chosen = lru_cache(maxsize=4096)(self._choose)

    def read(self, line: int, cells: Mapping[str, str]) -> Entry | Refusal:
        """Return what the cells of a line, by column, say of one person."""
        if _UNWANTED.search("".join(cells.values())):
            return _unreadable(cells)
        email, fault = check_address(cells.get(EMAIL, ""))
        if fault:
            return Refusal(f"{cells[EMAIL]!r} is not a mail address: {fault}", "Correct the address.")
        sections = self._chosen(cells[SECTIONS]) if SECTIONS in cells else None
        if isinstance(sections, Refusal):
            return sections
        language = cells.get(LANGUAGE)
        if language and language not in LANGUAGES:
            return Refusal(f"unknown language {language!r}", nearest(language, LANGUAGES))
        return Entry(
            line=line,
            email=email,
            name=cells.get(NAME),
            language=language,
            attributes={column: cell for column, cell in cells.items() if column not in COLUMNS},
            sections=sections,
        )

    def _choose(self, cell: str) -> frozenset[str] | Refusal:
        chosen = frozenset(filter(None, (slug.strip() for slug in re.split("[;,]", cell))))
        if not chosen or EVERY_SECTION in chosen:
            return frozenset({EVERY_SECTION})
        for slug in sorted(chosen):
            if slug not in self._sections:
                return Refusal(f"unknown section {slug!r}", nearest(slug, self._sections))
        return chosen


def _unreadable(cells: Mapping[str, str]) -> Refusal:
    column, found = next((name, hit) for name, cell in cells.items() if (hit := _UNWANTED.search(cell)))
    return Refusal(
        f"the column {column!r} holds the character U+{ord(found[0]):04X}",
        "Take it out: a value is one line of readable text.",
    )
