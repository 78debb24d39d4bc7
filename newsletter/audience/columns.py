"""The columns of a list: which heading means what, by name, by habit, and by what was said of it before."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import yaml

from newsletter.audience.headings import COLUMNS, IGNORED, NAME, PARTS, STATUS, USUAL, plain
from newsletter.audience.statuses import Values, concerns, read_values
from newsletter.config.parts import FieldEntry
from newsletter.errors import ConfigError, ContentError, Problem
from newsletter.yamlfile import load, nearest

FILE = "subscribers/columns.yaml"

Told = Mapping[str, str | Values]
"""What is said of headings: their column, or what the values of a status column mean."""


class Columns:
    """The columns known here: ours, the fields of newsletter.yaml by name or label, and usual headings.

    `told` says of further headings what column they mean, or that they are IGNORED; it comes first. `values`
    says what values of every status column mean.
    """

    def __init__(
        self, fields: Mapping[str, FieldEntry], told: Told | None = None, values: Values | None = None
    ) -> None:
        self.names, self.usual = known_columns(fields), (*COLUMNS, *fields)
        self._meaning = {plain(heading): name for name in self.names for heading in USUAL.get(name, ())}
        self._meaning |= {plain(entry.label): slug for slug, entry in fields.items()}
        self._meaning |= {plain(name): name for name in self.names}
        said = {plain(heading): meant for heading, meant in (told or {}).items()}
        self._told = {heading: meant if isinstance(meant, str) else STATUS for heading, meant in said.items()}
        self._values = {heading: meant for heading, meant in said.items() if not isinstance(meant, str)}
        self._all_values = values or {}

    def match(self, heading: str) -> str | None:
        """Return the column that `heading` means, or IGNORED, or None when it is not known."""
        known = self.told(heading) or self._meaning.get(plain(heading))
        return known or (STATUS if concerns(heading) else None)

    def told(self, heading: str) -> str | None:
        """Return the column that somebody said `heading` means, if anybody did."""
        return self._told.get(plain(heading))

    def values(self, heading: str) -> Values:
        """Return what somebody said that values under `heading` mean."""
        return {**self._values.get(plain(heading), {}), **self._all_values}

    def cure(self, heading: str) -> str:
        """Return a hint that says how to make `heading` known, with the likeliest column."""
        meaning = self._meaning | self._told
        close = get_close_matches(plain(heading), meaning, n=1, cutoff=0.5)
        column = meaning[close[0]] if close else NAME
        return (
            f'Say what it means, once: --column {column}="{heading}", or to leave it out:'
            f' --column {IGNORED}="{heading}". Columns are {", ".join(self.names)}.'
        )

    def recognised(self, headings: Iterable[str]) -> int:
        """Return how many of `headings` are known."""
        return sum(self.match(heading) is not None for heading in headings if heading)


def known_columns(fields: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all columns that a list may have."""
    return (*COLUMNS, *PARTS, STATUS, *fields)


def pairs(words: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Return columns by heading from words like `email=Ел. пошта`. Raises ConfigError."""
    known, told = (*names, IGNORED), {}
    for word in words:
        column, _, heading = word.partition("=")
        if not heading.strip():
            raise ConfigError(f"{word!r} is not COLUMN=HEADING", 'Write it like --column name="Full name"')
        told[heading.strip()] = _column(column, known)
    return told


def _column(name: str, known: Iterable[str]) -> str:
    if name not in known:
        raise ConfigError(f"unknown column {name!r}", nearest(name, known))
    return name


def remembered(root: Path, names: Iterable[str]) -> dict[str, str | Values]:
    """Return what was said of headings in the workspace `root`. Raises ContentError.

    To leave out a column that may say who left holds for one list only: such a line is passed over.
    """
    try:
        document = load((root / FILE).read_text(encoding="utf-8-sig"), FILE)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{FILE} cannot be read: {error}", "Save it as UTF-8 text.") from None
    if not isinstance(document.data, Mapping | None):
        raise ContentError(f"{FILE} does not map headings to columns", "Write lines such as: Full name: name")
    known = (*names, IGNORED)
    told: dict[str, str | Values] = {}
    faults: list[Problem] = []
    for heading, said in (document.data or {}).items():
        try:
            told[str(heading)] = read_values(said) if isinstance(said, Mapping) else _column(str(said), known)
        except ConfigError as error:
            faults += (replace(problem, at=document.place((heading,))) for problem in error.problems)
    if faults:
        raise ContentError(faults)
    return dict(lasting(told))


def lasting(told: Told) -> Iterator[tuple[str, str | Values]]:
    """Yield what holds for later lists too."""
    for heading, said in told.items():
        if said != IGNORED or not concerns(heading):
            yield heading, said


def remember(root: Path, told: Told) -> None:
    """Keep what is said of headings for the next list. Raises ConfigError when it cannot be written."""
    text = "# What headings of lists mean; - leaves one out. Written by `subscribers import --column`.\n"
    lines = {
        heading: said if isinstance(said, str) else {value: str(standing) for value, standing in said.items()}
        for heading, said in sorted(lasting(told))
    }
    text += yaml.safe_dump(lines, allow_unicode=True, sort_keys=False, width=1000)
    fresh = (root / FILE).with_name(".columns.yaml")
    try:
        fresh.parent.mkdir(exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(root / FILE)
    except OSError as error:
        raise ConfigError(
            f"{FILE} cannot be written: {error.strerror}", "Check its folder's rights."
        ) from None
