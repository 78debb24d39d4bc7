"""Map the headings of a list to columns: by column name, usual headings, and mappings saved earlier."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import yaml

from newsletter.audience.headings import COLUMNS, IGNORED, NAME, PARTS, STATUS, USUAL, plain
from newsletter.audience.statuses import Values, concerns, read_values
from newsletter.config.parts import FieldEntry
from newsletter.errors import ConfigError, ContentError, Message, Problem
from newsletter.files import atomic_write
from newsletter.yamlfile import load, nearest

FILE = "subscribers/columns.yaml"

Mappings = Mapping[str, str | Values]
"""Mappings given by the user: heading to column, or to the meanings of a status column's values."""


class Columns:
    """Heading lookup: our columns, the fields of newsletter.yaml by name or label, and usual headings.

    `mappings` maps further headings to columns or IGNORED and takes precedence. `values` gives the meaning of
    values in all status columns.
    """

    def __init__(
        self, fields: Mapping[str, FieldEntry], mappings: Mappings | None = None, values: Values | None = None
    ) -> None:
        self.names, self.usual = known_columns(fields), (*COLUMNS, *fields)
        self._meaning = {plain(heading): name for name in self.names for heading in USUAL.get(name, ())}
        self._meaning |= {plain(entry.label): slug for slug, entry in fields.items()}
        self._meaning |= {plain(name): name for name in self.names}
        said = {plain(heading): meant for heading, meant in (mappings or {}).items()}
        self._mapped = {
            heading: meant if isinstance(meant, str) else STATUS for heading, meant in said.items()
        }
        self._values = {heading: meant for heading, meant in said.items() if not isinstance(meant, str)}
        self._all_values = values or {}

    def match(self, heading: str) -> str | None:
        """Return the column that `heading` maps to, IGNORED, or None when it is unknown."""
        known = self.mapped(heading) or self._meaning.get(plain(heading))
        return known or (STATUS if concerns(heading) else None)

    def mapped(self, heading: str) -> str | None:
        """Return the column that the user mapped `heading` to, or None."""
        return self._mapped.get(plain(heading))

    def values(self, heading: str) -> Values:
        """Return the meanings that the user gave to values under `heading`."""
        return {**self._values.get(plain(heading), {}), **self._all_values}

    def cure(self, heading: str) -> str:
        """Return a hint how to map `heading`, with the closest column as an example."""
        meaning = self._meaning | self._mapped
        close = get_close_matches(plain(heading), meaning, n=1, cutoff=0.5)
        column = meaning[close[0]] if close else NAME
        return Message(
            'Map it once with --column %(column)s="%(heading)s", or ignore it with'
            ' --column %(ignored)s="%(heading)s". Columns are %(names)s.',
            column=column,
            heading=heading,
            ignored=IGNORED,
            names=", ".join(self.names),
        )

    def recognised(self, headings: Iterable[str]) -> int:
        """Return the number of known `headings`."""
        return sum(self.match(heading) is not None for heading in headings if heading)


def known_columns(fields: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all columns that a list can have."""
    return (*COLUMNS, *PARTS, STATUS, *fields)


def pairs(words: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Parse options such as `email=Ел. пошта` into {heading: column}. Raises ConfigError."""
    known, mappings = (*names, IGNORED), {}
    for word in words:
        column, _, heading = word.partition("=")
        if not heading.strip():
            raise ConfigError(
                Message("%(word)r is not COLUMN=HEADING", word=word),
                'Write it like --column name="Full name"',
            )
        mappings[heading.strip()] = _column(column, known)
    return mappings


def _column(name: str, known: Iterable[str]) -> str:
    if name not in known:
        raise ConfigError(Message("unknown column %(name)r", name=name), nearest(name, known))
    return name


def remembered(root: Path, names: Iterable[str]) -> dict[str, str | Values]:
    """Load the mappings saved in the workspace `root`. Raises ContentError.

    A status column is ignored for one list only: saved lines that ignore one are skipped.
    """
    try:
        document = load((root / FILE).read_text(encoding="utf-8-sig"), FILE)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(
            Message("%(path)s cannot be read: %(error)s", path=FILE, error=error), "Save it as UTF-8 text."
        ) from None
    if not isinstance(document.data, Mapping | None):
        raise ContentError(
            Message("%(path)s does not map headings to columns", path=FILE),
            "Write lines such as: Full name: name",
        )
    known = (*names, IGNORED)
    mappings: dict[str, str | Values] = {}
    faults: list[Problem] = []
    for heading, said in (document.data or {}).items():
        try:
            mappings[str(heading)] = (
                read_values(said) if isinstance(said, Mapping) else _column(str(said), known)
            )
        except ConfigError as error:
            faults += (replace(problem, at=document.place((heading,))) for problem in error.problems)
    if faults:
        raise ContentError(faults)
    return dict(lasting(mappings))


def lasting(mappings: Mappings) -> Iterator[tuple[str, str | Values]]:
    """Yield the mappings that also apply to later lists."""
    for heading, said in mappings.items():
        if said != IGNORED or not concerns(heading):
            yield heading, said


def remember(root: Path, mappings: Mappings) -> None:
    """Save the mappings for later lists, atomically. Raises ConfigError when the file cannot be written."""
    text = "# Columns of list headings; - ignores one. Written by `subscribers import --column`.\n"
    lines = {
        heading: said if isinstance(said, str) else {value: str(standing) for value, standing in said.items()}
        for heading, said in sorted(lasting(mappings))
    }
    text += yaml.safe_dump(lines, allow_unicode=True, sort_keys=False, width=1000)
    path = root / FILE
    try:
        path.parent.mkdir(exist_ok=True)
        atomic_write(path, text.encode())
    except OSError as error:
        raise ConfigError(
            Message("%(path)s cannot be written: %(strerror)s", path=FILE, strerror=error.strerror),
            "Check the permissions of its folder.",
        ) from None
