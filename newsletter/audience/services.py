"""Recognise the exports of mail services and address books by their headings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from newsletter.audience.headings import plain
from newsletter.model import Standing

_FILE = Path(__file__).with_name("services.yaml")
_MEANT = Mapping[str, Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The format of one service's export; headings are normalised by `plain`.

    `everybody` maps a heading, and `files` the beginning of a file name, to the standing of everybody in the
    file. `groups`: custom columns may be groups that name sections. `contacts`: it is an address book.
    """

    name: str
    marks: Sequence[frozenset[str]]
    columns: Mapping[str, str]
    status: Mapping[str, _MEANT]
    everybody: _MEANT
    files: _MEANT
    ignored: frozenset[str]
    contacts: bool
    groups: bool
    note: str

    def says_of_file(self, name: str) -> Standing | None:
        """Return the standing that a file's name gives everybody in it, or None."""
        begins = name.casefold()
        found = [standing for start, standing in self.files.items() if begins.startswith(start)]
        return found[0] if found else None


def recognise(headings: Iterable[str]) -> Service | None:
    """Return the service whose export has these headings, or None; of several the one with most marks."""
    here = frozenset(map(plain, headings))
    marked = [(len(mark), service) for service in _services() for mark in service.marks if mark <= here]
    return max(marked, key=lambda one: one[0])[1] if marked else None


@cache
def _services() -> Sequence[Service]:
    return [_service(entry) for entry in yaml.safe_load(_FILE.read_text(encoding="utf-8"))]


def _service(entry: Mapping[str, Any]) -> Service:
    return Service(
        name=entry["name"],
        marks=[frozenset(map(plain, mark)) for mark in entry["marks"]],
        columns={
            plain(heading): column for column, headings in entry["columns"].items() for heading in headings
        },
        status={plain(heading): _meant(values) for heading, values in entry.get("status", {}).items()},
        everybody=_meant({plain(heading): said for heading, said in entry.get("everybody", {}).items()}),
        files=_meant(entry.get("files", {})),
        ignored=frozenset(map(plain, entry.get("ignored", ()))),
        contacts=entry.get("contacts", False),
        groups=entry.get("groups", False),
        note=entry.get("note", ""),
    )


def _meant(values: Mapping[str, str]) -> dict[str, Standing]:
    return {value: Standing(said) for value, said in values.items()}
