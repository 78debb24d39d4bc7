"""The columns of a list: which heading means what."""

import unicodedata
from collections.abc import Iterable, Mapping

from newsletter.config.parts import FieldEntry
from newsletter.yamlfile import nearest

EMAIL, NAME, SECTIONS, LANGUAGE = COLUMNS = ("email", "name", "sections", "language")

_HEADINGS = {
    EMAIL: ("mail", "пошта", "електронна пошта", "електронна адреса", "адреса", "ел. пошта", "імейл"),
    NAME: ("ім'я", "піб", "ім'я та прізвище", "прізвище та ім'я"),
    SECTIONS: ("section", "розділи", "розділ", "рубрики"),
    LANGUAGE: ("мова",),
}
_APOSTROPHES = str.maketrans("’ʼ`′", "''''")


class Columns:
    """The columns known here: ours, and the fields of newsletter.yaml by name or label."""

    def __init__(self, fields: Mapping[str, FieldEntry]) -> None:
        self.names = (*COLUMNS, *fields)
        self._meaning = {_plain(entry.label): slug for slug, entry in fields.items()}
        self._meaning |= {_plain(name): name for name in self.names}
        self._meaning |= {_plain(heading): name for name in COLUMNS for heading in _HEADINGS[name]}

    def match(self, heading: str) -> str | None:
        """Return the column that `heading` means: «Область», "E-mail" and "region" are understood."""
        return self._meaning.get(_plain(heading))

    def nearest(self, heading: str) -> str:
        """Return a hint that names the column most like `heading`."""
        return nearest(_plain(heading), self._meaning) if heading.strip() else ""

    def recognised(self, headings: Iterable[str]) -> int:
        """Return how many of `headings` are known."""
        return sum(self.match(heading) is not None for heading in headings)


def _plain(heading: str) -> str:
    text = unicodedata.normalize("NFC", heading).casefold().translate(_APOSTROPHES)
    return " ".join(text.replace("e-mail", EMAIL).split())
