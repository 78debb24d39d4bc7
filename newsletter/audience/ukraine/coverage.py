"""Coverage: which communities of the register have readers, and which readers name unknown communities."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from sqlalchemy import Connection, func, select

from newsletter.audience.ukraine.communities import Community, alphabetical, register
from newsletter.config import Settings
from newsletter.config.parts import FieldKind
from newsletter.store.people import IS_READER
from newsletter.store.schema import subscriber

KINDS = (FieldKind.REGION, FieldKind.COMMUNITY)
"""Kinds of the fields that give a reader's place."""

_ADDED = re.compile(
    r"\b(міська|селищна|сільська|територіальна|об'?єднана|громада|м?отг|[мс]?тг|рада|область|обл|місто|м)\b\.?"
)
"""Words that lists add to a name and the register does not."""
_CHOICES = 3  # most names suggested, where several are equally close
_CRIMEA = "Автономна Республіка Крим"
_OTHERWISE = {"арк": _CRIMEA, "ар крим": _CRIMEA, "крим": _CRIMEA}
_APOSTROPHES = str.maketrans("", "", "'’ʼ`′")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One region: its number of readers, readers by community, and the communities `without` any.

    `unplaced` counts readers who name no community. A city equal to regions is a single community.
    """

    name: str
    readers: int
    unplaced: int
    having: Mapping[str, int]
    without: Sequence[str]

    @property
    def communities(self) -> int:
        """Number of communities in the region."""
        return len(self.having) + len(self.without)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A place that readers name and the register does not have, and the closest name in the register."""

    region: str
    community: str
    readers: int
    nearest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Regions in alphabetical order, unknown places, and `nowhere`, the number of readers without a place."""

    regions: Sequence[Region]
    strangers: Sequence[Stranger]
    nowhere: int

    @property
    def communities(self) -> int:
        """Number of communities."""
        return sum(region.communities for region in self.regions)

    @property
    def having(self) -> int:
        """Number of communities with readers."""
        return sum(len(region.having) for region in self.regions)


def coverage(connection: Connection, settings: Settings) -> Coverage | None:
    """Match the places of all readers to the register; None unless there is a field of each of KINDS."""
    fields = [field for kind in KINDS if (field := settings.field(kind))]
    if len(fields) < len(KINDS):
        return None
    place = [func.coalesce(subscriber.c.attributes[field].as_string(), "").label(field) for field in fields]
    query = select(*place, func.count()).where(IS_READER).group_by(*place)
    return placed((row[0], row[1], row[2]) for row in connection.execute(query))


def placed(counts: Iterable[tuple[str, str, int]]) -> Coverage:
    """Compute the coverage from (region, community, number of readers), as the readers spell them."""
    readers: defaultdict[str, int] = defaultdict(int)
    unplaced: defaultdict[str, int] = defaultdict(int)
    having: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    strangers, nowhere = [], 0
    for region, community, number in counts:
        home, found = _find(region, community)
        if home:
            readers[home] += number
        if found:
            having[home][found] += number
        elif home and not plain(community):
            unplaced[home] += number
        elif not plain(region) and not plain(community):
            nowhere += number
        else:
            nearest = _nearest(home, region, community)
            strangers.append(Stranger(region=region, community=community, readers=number, nearest=nearest))
    return Coverage(
        regions=[
            Region(
                name=region,
                readers=readers[region],
                unplaced=unplaced[region],
                having=dict(sorted(having[region].items(), key=lambda one: alphabetical(one[0]))),
                without=[label for label in _labels(region) if label not in having[region]],
            )
            for region in register()
        ],
        strangers=sorted(strangers, key=lambda one: (-one.readers, one.region, one.community)),
        nowhere=nowhere,
    )


def region_named(text: str) -> str:
    """Return the register's name of a region in any spelling, or "" if it is unknown."""
    return _regions().get(plain(text), "")


def plain(text: str) -> str:
    """Normalise a name for comparison: ignore case, apostrophes and words such as «міська громада»."""
    kept = _ADDED.sub(" ", text.casefold().translate(_APOSTROPHES))
    return " ".join(kept.split())


def _labels(region: str) -> Sequence[str]:
    """Return the labels of the communities of a region; a city is its own community."""
    return [one.label for one in register()[region]] or [region]


def _find(region: str, community: str) -> tuple[str, str]:
    """Return (region, label) in the register, each "" when unknown."""
    home, name = region_named(region), plain(community)
    if home:
        if not register()[home]:
            return home, home
        found = _by_name().get((home, name), ())
    else:
        found = _anywhere().get(name, ()) if not plain(region) else ()
        home = found[0].region if len(found) == 1 else ""
    return home, found[0].label if len(found) == 1 else ""


def _nearest(home: str, region: str, community: str) -> str:
    """Return the closest name in the register, or ""."""
    if not home and plain(region):
        close = get_close_matches(plain(region), _regions(), n=1)
        return _regions()[close[0]] if close else ""
    name = plain(community)
    names = {known: ones for (at, known), ones in _by_name().items() if at == home} if home else _anywhere()
    close = get_close_matches(name, names, n=1)
    found = names[close[0]] if close else ()
    shown = [one.label if home else f"{one.label}, {one.region}" for one in found]
    return " / ".join([*shown[:_CHOICES], "…"] if len(shown) > _CHOICES else shown)


@cache
def _regions() -> Mapping[str, str]:
    return {plain(region): region for region in register()} | _OTHERWISE


@cache
def _by_name() -> Mapping[tuple[str, str], Sequence[Community]]:
    """Return communities by (region, normalised name or label)."""
    found: defaultdict[tuple[str, str], list[Community]] = defaultdict(list)
    for region, ones in register().items():
        for one in ones:
            for name in {plain(one.name), plain(one.label)}:
                found[region, name].append(one)
    return found


@cache
def _anywhere() -> Mapping[str, Sequence[Community]]:
    """Return communities of the whole country by normalised name or label."""
    found: defaultdict[str, list[Community]] = defaultdict(list)
    for (_, name), ones in _by_name().items():
        found[name] += ones
    return found
