"""Validate one line of a list: turn its cells into an Entry, or a Refusal with the reason."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from newsletter.audience.addresses import check_address
from newsletter.audience.headings import COLUMNS, EMAIL, LANGUAGE, NAME, SECTIONS, STATUS, TAGS
from newsletter.audience.sectionnames import SectionNames
from newsletter.config import Settings
from newsletter.errors import Message
from newsletter.locales import CATALOGS
from newsletter.model import EVERY_SECTION, Standing
from newsletter.store.import_people import Entry
from newsletter.yamlfile import nearest

_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]")
"""Control characters, line separators, lone surrogates, and the decoder's replacement character."""

_NOT_KEPT = frozenset((*COLUMNS, STATUS, TAGS))

BLANK = " \t\u00a0\ufeff"
"""Characters trimmed from both ends of a value."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line is refused, and a hint; `lines` is the number of lines it counts for."""

    text: str
    hint: str = ""
    lines: int = 1


@dataclass(frozen=True, slots=True)
class UnknownStatus(Refusal):
    """A cell in a status column has a value whose meaning is unknown."""

    heading: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class UnknownSections(Refusal):
    """The sections cell has names that match no section."""

    names: tuple[str, ...] = ()


def clean(cell: str) -> str:
    """Return a value normalised for storage: trimmed and in NFC, so that equal values compare equal."""
    return unicodedata.normalize("NFC", cell.strip(BLANK))


class EntryReader:
    """Validates lines against the sections and fields of one workspace."""

    def __init__(self, settings: Settings) -> None:
        self.sections = SectionNames(settings.model_sections)
        self._languages = tuple(dict.fromkeys((*settings.languages, *CATALOGS)))
        self._named = lru_cache(maxsize=4096)(self.sections.read)

    def read(self, line: int, cells: Mapping[str, str]) -> Entry | Refusal:
        """Validate the cells of a line, given by column; return the Entry, or why it is refused."""
        if _UNWANTED.search("".join(cells.values())):
            return _unreadable(cells)
        email, fault = check_address(cells.get(EMAIL, ""))
        if fault:
            return Refusal(
                Message("%(get)r is not a mail address: %(fault)s", get=cells.get(EMAIL, ""), fault=fault),
                "Correct the address.",
            )
        sections = self._chosen(cells[SECTIONS]) if SECTIONS in cells else None
        if isinstance(sections, Refusal):
            return sections
        if sections is None and TAGS in cells:
            sections = self._named(cells[TAGS])[0] or None
        language = cells.get(LANGUAGE)
        if language and language not in self._languages:
            return Refusal(
                Message("unknown language %(language)r", language=language),
                nearest(language, self._languages),
            )
        return Entry(
            line=line,
            email=email,
            name=cells.get(NAME),
            language=language,
            attributes={column: cell for column, cell in cells.items() if column not in _NOT_KEPT},
            sections=sections,
            standing=Standing(cells[STATUS]) if STATUS in cells else Standing.ACTIVE,
        )

    def unknown_tags(self, cells: Mapping[str, str]) -> Sequence[str]:
        """Return the tags of a line that match no section."""
        return self._named(cells[TAGS])[1] if TAGS in cells else ()

    def _chosen(self, cell: str) -> frozenset[str] | Refusal:
        chosen, unknown = self._named(cell)
        if EVERY_SECTION in chosen:
            return chosen
        if unknown:
            return UnknownSections(
                Message("unknown section %(unknown)r", unknown=unknown[0]),
                self.sections.nearest(unknown[0]),
                names=tuple(unknown),
            )
        return chosen or frozenset({EVERY_SECTION})


def _unreadable(cells: Mapping[str, str]) -> Refusal:
    column, found = next((name, hit) for name, cell in cells.items() if (hit := _UNWANTED.search(cell)))
    return Refusal(
        Message(
            "the column %(column)r contains the character U+%(ord)s",
            column=column,
            ord=f"{ord(found[0]):04X}",
        ),
        "Remove it: a value is one line of readable text.",
    )
