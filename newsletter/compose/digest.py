"""Parse a typed digest into items by section, with a record of what became of every line.

Layout: a masthead and the period; section headings in capitals (or headings of HTML, Word or Markdown);
under each, items of a title, paragraphs and a link alone on its line.

What is a title: a line marked as a heading below the sections' level, where any is. Otherwise the first
line after a section heading and the first after a link. An item without a link ends where, after its text,
a paragraph of one short line without a final full stop is followed by a longer one: that line is the next
title. Hashtags, list entries and rows of tables belong to the item above them; only where the titles
themselves are counted or marked, an entry that goes on from the last title is the next one.

An item with a line such as «Коли: 20 лютого, 11:00. Де: Київ» is an event (event_lines.py).
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

import yaml

from newsletter.compose import bullets, event_lines
from newsletter.compose import lines as shape
from newsletter.compose.account import Digest, Entry, Placed, Role
from newsletter.compose.headings import Headings
from newsletter.compose.item import is_address
from newsletter.compose.lines import LONGEST_TITLE, Line, Link
from newsletter.compose.link_repair import is_broken_link
from newsletter.compose.period import parse_period
from newsletter.compose.picture_places import PicturePlaces
from newsletter.config import Settings
from newsletter.errors import Message, Place, Problem
from newsletter.model import Event, Period, Section

_NEAR = 3
"""Lines among which the period follows a masthead of unknown words."""


def parse_digest(
    lines: Sequence[Line], name: str, settings: Settings, *, closing: date | None = None
) -> Digest:
    """Parse the digest in the file `name`; lines that fit nowhere get the role LEFT and a problem.

    If the digest names no period, the year of dates without one is derived from the closing date `closing`.
    """
    return _Parser(lines, name, settings, closing).run()


class _Piece(NamedTuple):
    """A line of an entry's text: the index of its row, the line breaks above it, and its words."""

    row: int
    gap: str
    words: str


@dataclass(slots=True)
class _Draft:
    """An entry that is still being parsed."""

    title: str
    section: str
    number: int
    mark: bullets.Marker | None = None
    link: str | None = None
    titled_by_link: bool = False
    closed: bool = False
    text: list[_Piece] = field(default_factory=list)
    event: Event | None = None
    picture: shape.Found | None = None

    def entry(self) -> Entry:
        text = "".join(f"{piece.gap}{piece.words}" for piece in self.text)
        return Entry(
            title=self.title,
            section=self.section,
            text=text,
            link=self.link,
            event=self.event,
            picture=self.picture,
        )


class _Parser:
    """Parses the lines in one pass; its state is the current section and entry."""

    def __init__(self, lines: Sequence[Line], name: str, settings: Settings, closing: date | None) -> None:
        self.name = name
        self.timezone = settings.timezone
        self.issue = settings.period(closing) if closing else None
        self.masthead = shape.heading_key(settings.title)
        self.read_more = settings.read_more
        self.rows = [line for line in lines if line.text and not line.picture]
        blank_above = (True, *(not line.text or line.picture is not None for line in lines))
        self.opens = [
            blank for line, blank in zip(lines, blank_above, strict=False) if line.text and not line.picture
        ]
        self.pictures = PicturePlaces(lines, name)
        self.marks = bullets.entries(self.rows)
        self.headings = Headings(self.rows, self.opens, settings)
        self.period: Period | None = None
        self.section: Section | None = None
        self.draft: _Draft | None = None
        self.drafts: list[_Draft] = []
        self.account: list[Placed] = []
        self.problems: list[Problem] = []
        self.words_of_links: list[tuple[int, str]] = []

    def run(self) -> Digest:
        for index, row in enumerate(self.rows):
            before = self.draft
            role = self._place(index)
            self.pictures.place(index, before, self.drafts, role)
            entry = len(self.drafts) - 1 if role in (Role.TITLE, Role.TEXT, Role.LINK) else None
            self.account.append(Placed(line=row, role=role, entry=entry))
        self.pictures.place(len(self.rows), self.draft, self.drafts, Role.RULE)
        self._find_events()
        self._report_lost_words()
        self._report_bare_titles()
        return Digest(
            name=self.name,
            period=self.period,
            entries=tuple(draft.entry() for draft in self.drafts),
            new_sections=tuple(self.headings.new),
            account=self.pictures.among(self.account),
            problems=tuple(
                sorted(
                    [*self.problems, *self.pictures.problems],
                    key=lambda problem: problem.at or Place(self.name),
                )
            ),
        )

    def _place(self, index: int) -> Role:
        """Assign a row to the section or entry it belongs to, and return its role."""
        row = self.rows[index]
        if shape.is_rule(row.text):
            return Role.RULE
        if self.headings.is_heading(index) and not (self.section is None and self._is_of_head(index)):
            self._begin_section(index)
            return Role.HEADING
        return self._head(index) if self.section is None else self._within_section(index)

    def _within_section(self, index: int) -> Role:
        row = self.rows[index]
        found = None if self.headings.is_title(index) else shape.link(row.text, self.read_more)
        if found:
            return self._link(index, found)
        if is_broken_link(row.text):
            return self._unreadable_link(row)
        if self.draft is None and (mark := self.marks[index]) and mark.style in "|>":
            self._warn(
                row.number,
                Message("left out, as no item stands above it: “%(text)s”", text=row.text),
                "Give it a title.",
            )
            return Role.LEFT
        if self.draft is None or self._is_title(index, self.draft):
            draft = self._begin(row.text, row.number, self.marks[index])
            for address in shape.addresses(row.text):
                self._take(draft, address, row)
            return Role.TITLE
        return self._text(index, self.draft)

    def _head(self, index: int) -> Role:
        """Return the role of a row above the first section."""
        row = self.rows[index]
        period = self._period(index)
        if period and self.period in (None, period):
            self.period = period
            return Role.PERIOD
        if self._is_masthead(index):
            return Role.MASTHEAD
        self._warn(
            row.number,
            Message("left out, as it stands before the first section: “%(text)s”", text=row.text),
            "If it belongs to the issue, put it into `intro:` of issue.yaml.",
        )
        return Role.LEFT

    def _period(self, index: int) -> Period | None:
        text = self.rows[index].text
        return parse_period(text) if len(text) <= LONGEST_TITLE else None

    def _is_of_head(self, index: int) -> bool:
        """Return whether a row that looks like a heading is in fact the period or the masthead."""
        if self.headings.is_known(index):
            return False
        return self._period(index) is not None or self._is_masthead(index)

    def _is_masthead(self, index: int) -> bool:
        """Return whether a row above the sections is the digest's name."""
        named = shape.heading_key(self.rows[index].text) == self.masthead
        if named or self.headings.is_above_sections(index):
            return True
        first = not self.account
        rest = range(index + 1, min(index + 1 + _NEAR, len(self.rows)))
        if self.period is None and any(self._period(later) for later in rest):
            return first or self.headings.is_heading(index)
        return first and bool(rest) and self.headings.is_known(rest[0])

    def _begin_section(self, index: int) -> None:
        known = self.headings.is_known(index)
        self.section = self.headings.section(index)
        self.draft = None
        if not known:
            entry = {"slug": self.section.slug, "title": self.section.title}
            line = yaml.safe_dump(
                entry, default_flow_style=True, allow_unicode=True, sort_keys=False, width=1000
            ).strip()
            self._warn(
                self.rows[index].number,
                Message(
                    "a section that newsletter.yaml does not know: “%(title)s”", title=self.section.title
                ),
                Message(
                    "It is in this issue; to let people choose it, add there under `sections`:\n  - %(line)s",
                    line=line,
                ),
            )

    def _begin(self, words: str, number: int, mark: bullets.Marker | None = None) -> _Draft:
        section = self.section.slug if self.section else ""
        title = shape.plain(words.removeprefix("- ")) or words
        draft = _Draft(title=title, section=section, number=number, mark=mark)
        self.draft = draft
        self.drafts.append(draft)
        return draft

    def _is_title(self, index: int, draft: _Draft) -> bool:
        """Return whether a row begins the next entry; the module's docstring has the rules."""
        text = self.rows[index].text
        if self.headings.is_title(index):
            return True
        if self.headings.mark_titles or shape.is_hashtags(text) or self._is_entry(index, draft):
            return False
        if event_lines.labelled(text):
            return False
        return draft.closed or (
            bool(draft.text)
            and self.opens[index]
            and shape.is_title_like(text)
            and self._is_longer_paragraph(index + 1, len(text))
        )

    def _is_entry(self, index: int, draft: _Draft) -> bool:
        """Return whether a row is a list entry of the item, not the next in a series of numbered titles."""
        own = self.marks[index]
        if own is None or own.follows(draft.mark):
            return False
        return not draft.closed or own.is_bullet or bullets.has_company(self.marks, index)

    def _is_longer_paragraph(self, index: int, length: int) -> bool:
        if index >= len(self.rows) or not self.opens[index] or self.headings.is_heading(index):
            return False
        text = self.rows[index].text
        return len(text) > length and not shape.link(text, self.read_more) and not self.marks[index]

    def _text(self, index: int, draft: _Draft) -> Role:
        """Add a row to the text of the entry."""
        same_paragraph = not self.opens[index] and self.account[-1].role is Role.TEXT
        gap = ("\n" if same_paragraph else "\n\n") if draft.text else ""
        draft.text.append(_Piece(index, gap, self.rows[index].text))
        return Role.TEXT

    def _link(self, index: int, found: Link) -> Role:
        """Return the role of a link alone on its line: the entry's link, the next title, or text."""
        row, draft = self.rows[index], self.draft
        own_words = bool(found.words) and found.words.casefold() != self.read_more.casefold()
        if (
            own_words
            and not (draft and shape.is_read_more(found.words))
            and (draft is None or draft.titled_by_link)
        ):
            draft = self._begin(found.words, row.number)
            draft.titled_by_link = True
            self._take(draft, found.address, row)
            return Role.TITLE
        if draft is None:
            self._warn(
                row.number,
                Message("left out, as no item stands above it: “%(text)s”", text=row.text),
                "Give it a title.",
            )
            return Role.LEFT
        draft.closed = True
        if draft.link is not None and found.address not in (draft.link, "", "#"):
            return self._text(index, draft)
        if own_words:
            self.words_of_links.append((row.number, found.words))
        return Role.LINK if self._take(draft, found.address, row) else Role.LEFT

    def _unreadable_link(self, row: Line) -> Role:
        """Leave out a link whose address cannot be parsed; it still ends the item."""
        if self.draft:
            self.draft.closed = True
        self._warn(
            row.number,
            Message("left out a link that cannot be read: “%(text)s”", text=row.text),
            "Write it as [words](https://example.org/page).",
        )
        return Role.LEFT

    def _take(self, draft: _Draft, address: str, row: Line) -> bool:
        """Set `address` as the entry's link if it has none yet; warn if the address cannot be used."""
        if not address or address.startswith("#"):
            return True
        if is_address(address) and draft.link in (None, address):
            draft.link = address
            return True
        self._warn(
            row.number,
            Message("left out the link to “%(address)s”: “%(text)s”", address=address, text=row.text),
            "An item has one `link:`, in full, like https://example.org/page; put others into its text.",
        )
        return False

    def _find_events(self) -> None:
        """Move lines that say when and where from the text to the event; warn about unclear ones."""
        for draft in self.drafts:
            texts = [piece.words for piece in draft.text]
            found = event_lines.find_event(texts, self.period or self.issue, self.timezone)
            if isinstance(found, event_lines.Unclear):
                row = self.rows[draft.text[found.line].row]
                self._warn(
                    row.number,
                    Message("this stays text, as %(why)s: “%(text)s”", why=found.why, text=row.text),
                    "If it is an event, write in the item: kind: event, when: 2025-02-20 11:00, where: …",
                )
            elif found:
                draft.event = found.event
                self._take_out(draft, found.used)

    def _take_out(self, draft: _Draft, used: Collection[int]) -> None:
        """Remove the lines `used` from the text; paragraphs stay separate."""
        kept: list[_Piece] = []
        gap = ""
        for number, piece in enumerate(draft.text):
            gap = max(gap, piece.gap, key=len)
            if number in used:
                self.account[piece.row] = replace(self.account[piece.row], role=Role.EVENT)
            else:
                kept.append(piece._replace(gap=gap if kept else ""))
                gap = ""
        draft.text[:] = kept

    def _report_lost_words(self) -> None:
        """Warn about link texts that `read_more` replaces, unless the whole digest uses the same text."""
        usual = Counter(words.casefold() for _, words in self.words_of_links)
        for number, words in self.words_of_links:
            if usual[words.casefold()] == 1:
                self._warn(
                    number,
                    Message(
                        "this link's own words give way to “%(read_more)s”: “%(words)s”",
                        read_more=self.read_more,
                        words=words,
                    ),
                    "If they matter, put them into the item's text as [words](address).",
                )

    def _report_bare_titles(self) -> None:
        for draft in self.drafts:
            if not draft.text and not draft.closed and draft.link is None and not draft.event:
                self._warn(
                    draft.number,
                    Message("nothing stands under this title: “%(title)s”", title=draft.title),
                    "If it is a paragraph, move it to its item.",
                )

    def _warn(self, number: int, text: str, hint: str) -> None:
        at = Place(self.name, number)
        self.problems.append(Problem.warning(text, at, hint))
