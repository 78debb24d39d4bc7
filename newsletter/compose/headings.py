"""Detect the section headings of a digest, both known and new ones."""

import re
from collections.abc import Sequence

from newsletter.compose.bullets import is_separate
from newsletter.compose.lines import Line, heading_key, is_capital, is_hashtags, link, marked
from newsletter.compose.slug import slug
from newsletter.config import Settings
from newsletter.model import Section

_LONGEST_SLUG = 32


class Headings:
    """The headings among `rows`, the lines that are not blank; `opens` tells which open a paragraph.

    A line is a heading when it is a known section's title, in any case. Others are new sections: where
    sections are marked as headings (HTML, Word, Markdown), the lines so marked; else those in capitals.
    """

    def __init__(self, rows: Sequence[Line], opens: Sequence[bool], settings: Settings) -> None:
        self.rows = rows
        self.opens = opens
        self.new: list[Section] = []
        self._read_more = settings.read_more
        self._slugs = {section.slug for section in settings.sections}
        self._sections = {heading_key(section.title): section for section in settings.model_sections}
        self._levels = [marked(row.text)[0] for row in rows]
        known = [level for index, level in enumerate(self._levels) if level and self.is_known(index)]
        self._level = min(known, default=2)
        self._are_marked = self._level in self._levels
        self._acronyms = {
            word for row in rows if not is_capital(row.text) for word in _words(row.text) if word.isupper()
        }
        self.mark_titles = max(self._levels, default=0) > self._level

    def is_known(self, index: int) -> bool:
        """Return whether a row is the title of a section that is already known."""
        return heading_key(self.rows[index].text) in self._sections

    def is_heading(self, index: int) -> bool:
        """Return whether a row is a section's heading."""
        if self.is_known(index):
            return True
        if self._levels[index] or self._are_marked:
            return 0 < self._levels[index] <= self._level
        text = self.rows[index].text
        above = self.rows[index - 1].text
        opens = self.opens[index] or link(above, self._read_more) is not None or self.is_known(index - 1)
        odd = is_separate(text) or is_hashtags(text) or link(text, self._read_more)
        return opens and not odd and is_capital(marked(text)[1])

    def is_title(self, index: int) -> bool:
        """Return whether a row is a heading of a lower level than sections."""
        return self._levels[index] > self._level

    def is_above_sections(self, index: int) -> bool:
        """Return whether a row is a heading of a higher level than sections."""
        return 0 < self._levels[index] < self._level

    def section(self, index: int) -> Section:
        """Return the section of a heading row; an unknown one is created and added to `new`."""
        heading = marked(self.rows[index].text)[1]
        key = heading_key(self.rows[index].text)
        if key not in self._sections:
            section = Section(slug=self._free_slug(heading), title=self._sentence_case(heading))
            self._sections[key] = section
            self._slugs.add(section.slug)
            self.new.append(section)
        return self._sections[key]

    def _free_slug(self, heading: str) -> str:
        name = slug(heading, _LONGEST_SLUG) or "section"
        number = 1
        free = name
        while free in self._slugs:
            number += 1
            free = f"{name[: _LONGEST_SLUG - 4]}-{number}"
        return free

    def _sentence_case(self, heading: str) -> str:
        """Convert a heading in capitals to sentence case; acronyms used elsewhere in the digest stay."""
        if not is_capital(heading):
            return heading
        lowered = re.sub(
            r"[^\W\d_]+", lambda match: match[0] if match[0] in self._acronyms else match[0].lower(), heading
        )
        return lowered[:1].upper() + lowered[1:]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", text)
