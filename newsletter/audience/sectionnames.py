"""Match section names in lists to slugs: by slug or title, ignoring case, spaces, quotes and apostrophes."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from newsletter.model import EVERY_SECTION, Section

_BETWEEN = re.compile(r" ::: |[;|\n]")
_COMMA = re.compile(r"(?<!\\),")
_AROUND = " \t\u00a0\"'«»“”„‘’[]*:."
"""Characters stripped around names in cells: quotes, JSON brackets, the star of Google's groups."""
_GOOGLES_OWN = "* "  # prefix of the groups that Google creates, such as myContacts
_NOT_TOLD = re.compile("['’ʼ`′\"«»“”„]")
_DASHES = str.maketrans("–—‑", "---")


class SectionNames:
    """Lookup of the sections of a workspace by any spelling of their slug or title."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self._slugs: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        sections = list(sections)
        names = [(one.title, one.slug) for one in sections] + [(one.slug, one.slug) for one in sections]
        for name, slug in names:  # where a title equals another section's slug, the slug wins
            self._slugs[_plain(name)] = slug
            self._shown[_plain(name)] = name
        self._most = 1 + max((one.title.count(",") for one in sections), default=0)

    def find(self, name: str) -> str | None:
        """Return the slug of the section that `name` means, or None."""
        return self._slugs.get(_plain(name))

    def read(self, cell: str) -> tuple[frozenset[str], Sequence[str]]:
        """Return the slugs that a cell names (or `*` for all), and the names in it that match no section."""
        if not cell.strip():
            return frozenset(), ()
        if (whole := self.find(cell)) is not None:
            return frozenset({whole}), ()
        slugs: set[str] = set()
        unknown: list[str] = []
        for part in _BETWEEN.split(cell):
            for name in self._names(part):
                slug = EVERY_SECTION if name.strip() == EVERY_SECTION else self.find(name)
                if slug:
                    slugs.add(slug)
                elif name.strip(_AROUND) and not name.strip().startswith(_GOOGLES_OWN):
                    unknown.append(name.strip(_AROUND))
        return frozenset({EVERY_SECTION} if EVERY_SECTION in slugs else slugs), unknown

    def near(self, name: str) -> str:
        """Return the slug or title closest to `name`, or "" if none is close."""
        close = get_close_matches(_plain(name), self._shown, n=1, cutoff=0.6)
        return self._shown[close[0]] if close else ""

    def nearest(self, name: str) -> str:
        """Return a hint with the closest section, or with all sections."""
        near = self.near(name)
        if near:
            return f"Did you mean {near!r}?"
        return f"Known here: {', '.join(dict.fromkeys(self._slugs.values()))}, or their titles."

    def _names(self, part: str) -> list[str]:
        """Split at commas, except those of a title: the longest run of pieces that is a section counts."""
        pieces = [piece.replace("\\,", ",") for piece in _COMMA.split(part)]
        names, start = [], 0
        while start < len(pieces):
            ends = range(min(len(pieces), start + self._most), start + 1, -1)
            end = next((end for end in ends if self.find(",".join(pieces[start:end]))), start + 1)
            names.append(",".join(pieces[start:end]))
            start = end
        return names


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFC", name).casefold().translate(_DASHES)
    return " ".join(_NOT_TOLD.sub("", text).strip(_AROUND).split())
