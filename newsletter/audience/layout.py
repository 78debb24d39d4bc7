"""Layout of one list: map its columns, and convert rows (join names, read statuses, collect groups)."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.audience.columns import Columns
from newsletter.audience.entries import Refusal, UnknownStatus
from newsletter.audience.headings import (
    EMAIL,
    FIRST,
    GROUPS,
    IGNORED,
    LAST,
    MIDDLE,
    NAME,
    PARTS,
    SECTIONS,
    STATUS,
    TAGS,
    plain,
)
from newsletter.audience.services import Service, recognise
from newsletter.audience.statuses import Reading, reading, weightiest
from newsletter.errors import ContentError, Message, Place, Problem
from newsletter.model import Standing

_OWN = (*PARTS, STATUS, TAGS)
"""Columns that are converted, not stored as they are."""
RECORD, UNIT = "\x1e", "\x1f"
"""Separators of the cells in GROUPS, and of a cell's position and text."""
_GOOGLE = " ::: "
"""Separator of several values in one cell in exports of Google Contacts."""

Row = dict[str, str] | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a list by position; IGNORED where cells are not read.

    `unused`: positions of a service's headings that have no column here; `maybe_groups`: those of them whose
    cells may name sections. `everybody`: the standing that the file gives all its people. `simple`: no cell
    needs conversion.
    """

    headings: Sequence[str]
    columns: Sequence[str]
    statuses: Mapping[int, Reading] = field(default_factory=dict)
    service: Service | None = None
    everybody: Standing = Standing.ACTIVE
    unused: Sequence[int] = ()
    maybe_groups: Sequence[int] = ()
    simple: bool = False

    @property
    def meanings(self) -> dict[str, str]:
        """The column of each heading, without unused ones."""
        return {
            heading: column
            for place, (heading, column) in enumerate(zip(self.headings, self.columns, strict=True))
            if place not in self.unused
        }

    def left_out(self, groups: Collection[int] = ()) -> list[str]:
        """Return the headings that are not imported; `groups` are the positions found to name sections."""
        return [self.headings[place] for place in self.unused if self.headings[place] and place not in groups]

    def row(self, cells: Sequence[str]) -> Row:
        """Return the cells of a line by column, or a Refusal; a short line leaves the last columns out."""
        width = len(self.columns)
        if len(cells) > width and any(cells[width:]):
            return Refusal(
                Message("%(count)s cells under %(width)s headings", count=len(cells), width=width),
                "Put a cell that holds the delimiter in double quotes.",
            )
        taken = dict(zip(self.columns, cells, strict=False))
        taken.pop(IGNORED, None)
        return taken if self.simple else self._read(taken, dict(enumerate(cells)))

    def person(self, cells: Mapping[int, str]) -> Row:
        """Return a person's cells by column, given by position, or a Refusal; absent cells stay absent."""
        taken = {self.columns[place]: cell for place, cell in cells.items()}
        taken.pop(IGNORED, None)
        return taken if self.simple else self._read(taken, cells)

    def _read(self, taken: dict[str, str], cells: Mapping[int, str]) -> Row:
        standing = self._standing(cells)
        if isinstance(standing, Refusal):
            return standing
        kept = {column: cell for column, cell in taken.items() if column not in _OWN}
        name = _joined(taken)
        if name is not None:
            kept[NAME] = name
        if self.service:
            kept[EMAIL] = kept.get(EMAIL, "").split(_GOOGLE)[0]
            kept = {column: cell for column, cell in kept.items() if cell or column == EMAIL}
        tags = [
            cells[place] for place, column in enumerate(self.columns) if column == TAGS and cells.get(place)
        ]
        if tags:
            kept[TAGS] = _GOOGLE.join(tags)
        if standing is not Standing.ACTIVE:
            kept[STATUS] = standing
        if groups := [f"{place}{UNIT}{cells[place]}" for place in self.maybe_groups if cells.get(place)]:
            kept[GROUPS] = RECORD.join(groups)
        return kept

    def _standing(self, cells: Mapping[int, str]) -> Standing | Refusal:
        found = [self.everybody]
        for place, how in self.statuses.items():
            cell = cells.get(place, "")
            standing = how.read(cell)
            if standing is None:
                return UnknownStatus(
                    Message(
                        "%(heading)r says %(cell)r, whose meaning is not known",
                        heading=how.heading,
                        cell=cell,
                    ),
                    heading=how.heading,
                    value=cell,
                )
            found.append(standing)
        return weightiest(found)


def lay_out(
    headings: Sequence[str], at: Callable[[int], Place], columns: Columns, file: str, *, once: bool = True
) -> Layout:
    """Return the layout of a list with these headings; `once` forbids two headings for one column.

    Raises ContentError with every problem at its place.
    """
    service = recognise(headings)
    found = (
        _of_service(headings, columns, service)
        if service
        else [columns.match(one) if one else IGNORED for one in headings]
    )
    if EMAIL not in found:
        begin = (
            'Begin the list with a line such as: %(usual)s, or map the column: --column %(email)s="HEADING"'
        )
        hint = Message(begin, usual=",".join(columns.usual), email=EMAIL)
        raise not_a_list(at(0), "no line of headings has a column of addresses", hint)
    unknown = "unknown column %(heading)r"
    faults = [
        Problem.error(Message(unknown, heading=heading), at(place), columns.cure(heading))
        for place, heading in enumerate(headings)
        if found[place] is None and service is None
    ]
    if faults:
        raise ContentError(faults)
    unused = [place for place, column in enumerate(found) if column is None]
    known = [column or IGNORED for column in found]
    twice = [
        column
        for column, count in Counter(known).items()
        if count > 1 and column not in (IGNORED, STATUS, TAGS)
    ]
    if once and twice:
        raise not_a_list(at(0), Message("two columns mean %(twice)r", twice=twice[0]), "Remove one of them.")
    return Layout(
        headings=headings,
        columns=known,
        statuses={
            place: _status_reading(headings[place], columns, service)
            for place, column in enumerate(known)
            if column == STATUS
        },
        service=service,
        everybody=_everybody(headings, service, file),
        unused=unused,
        maybe_groups=[place for place in unused if _may_be_group(headings[place], service)],
        simple=service is None and not any(column in _OWN for column in known),
    )


def _status_reading(heading: str, columns: Columns, service: Service | None) -> Reading:
    own = service.status.get(plain(heading)) if service else None
    return reading(heading, columns.values(heading), own)


def _may_be_group(heading: str, service: Service | None) -> bool:
    """Return whether an unknown column of a service's export may be one of its groups."""
    return bool(service and service.groups and heading and plain(heading) not in service.ignored)


def _of_service(headings: Sequence[str], columns: Columns, service: Service) -> list[str | None]:
    """Return the column of each heading of a service's export, None for those without one."""
    here = [plain(heading) for heading in headings]
    says = any(heading in service.status or heading in service.everybody for heading in here)
    found: list[str | None] = []
    for heading, word in zip(headings, here, strict=True):
        column = columns.mapped(heading) or _column_there(word, columns, service, says=says)
        taken = column in found and column not in (IGNORED, STATUS, TAGS)
        found.append(None if taken else column)
    return found


def _column_there(word: str, columns: Columns, service: Service, *, says: bool) -> str | None:
    if not word or word in service.ignored:
        return None
    if named := service.columns.get(word):
        return named if named in (*columns.names, TAGS) else None
    if word in service.status:
        return STATUS
    column = columns.match(word)
    if column == STATUS and says:
        return None  # the service's own columns give the status
    return TAGS if column == SECTIONS else column


def _everybody(headings: Sequence[str], service: Service | None, file: str) -> Standing:
    if service is None:
        return Standing.ACTIVE
    by_name = service.says_of_file(file)
    if by_name is Standing.ACTIVE:
        return by_name
    said = [service.everybody[word] for heading in headings if (word := plain(heading)) in service.everybody]
    return weightiest([*said, by_name or Standing.ACTIVE])


def _joined(cells: Mapping[str, str]) -> str | None:
    """Join the name columns to one name; None where the list has no such column."""
    given = [cells.get(part, "") for part in (FIRST, MIDDLE, LAST)]
    whole = cells.get(NAME)
    if not any(given):
        return whole if whole is not None or not any(part in cells for part in PARTS) else ""
    if whole and (FIRST in cells or given[-1].casefold() in whole.casefold().split()):
        return whole
    return " ".join(filter(None, [whole or given[0], *given[1:]]))


def not_a_list(at: Place, text: str, hint: str) -> ContentError:
    """Return the ContentError for a file that is not a list."""
    return ContentError(Problem.error(text, at, hint))
