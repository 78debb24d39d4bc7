"""Ukraine's territorial communities by region, from the state's register (КАТОТТГ, 16 May 2025)."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from newsletter.config import Settings
from newsletter.config.parts import FieldKind

_ALPHABET = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"
_ORDER = str.maketrans({letter: chr(place) for place, letter in enumerate(_ALPHABET, ord("а"))} | {"’": ""})
_APOSTROPHES = str.maketrans("'ʼ`′", "’’’’")
_CITIES = ("Київ", "Севастополь")
"""Cities with special status, equal to regions (Constitution of Ukraine, Art. 133); not in the file."""


@dataclass(frozen=True, slots=True)
class Community:
    """One community; `label` is its name, made unique within the region by its district or code."""

    code: str
    name: str
    region: str
    district: str
    label: str


@cache
def register() -> Mapping[str, Sequence[Community]]:
    """Return the communities by region, both in Ukrainian alphabetical order; the cities have none."""
    rows = _rows()
    in_region = Counter((row["region"], row["community"]) for row in rows)
    in_district = Counter((row["region"], row["community"], row["district"]) for row in rows)
    found = []
    for row in rows:
        code, name, region, district = (row[key] for key in ("code", "community", "region", "district"))
        if in_region[region, name] == 1:
            label = name
        elif in_district[region, name, district] == 1:
            label = f"{name} ({district} район)"
        else:
            label = f"{name} ({district} район, {code})"
        found.append(Community(code, name, region, district, label))
    found.sort(key=lambda one: (alphabetical(one.region), alphabetical(one.label)))
    regions: dict[str, Sequence[Community]] = dict.fromkeys(_CITIES, ())
    regions |= {region: tuple(ones) for region, ones in groupby(found, key=lambda one: one.region)}
    return MappingProxyType({region: regions[region] for region in sorted(regions, key=alphabetical)})


def register_for(settings: Settings) -> Mapping[str, Sequence[Community]]:
    """Return the register if the workspace has a public field of kind region, else an empty mapping."""
    return register() if settings.public_field(FieldKind.REGION) else {}


def find(region: str, name: str) -> Community | None:
    """Return the community of `region` with this label, ignoring case and kind of apostrophe, or None."""
    return _by_label().get((region, _plain(name)))


def alphabetical(text: str) -> str:
    """Return a sort key for Ukrainian alphabetical order: Ґ after Г, І and Ї after И."""
    return text.casefold().translate(_ORDER)


@cache
def _by_label() -> Mapping[tuple[str, str], Community]:
    return {(one.region, _plain(one.label)): one for ones in register().values() for one in ones}


def _plain(text: str) -> str:
    return text.casefold().translate(_APOSTROPHES)


def _rows() -> Sequence[Mapping[str, str]]:
    package = Path(__file__).parent
    shipped = package / "communities.csv"  # in a wheel; a checkout has it in subscribers/
    path = shipped if shipped.is_file() else package.parents[2] / "subscribers/communities.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
