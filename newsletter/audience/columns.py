"""The columns of a list: which heading means what, by name, by habit, and by what was said of it before."""

import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

import yaml

from newsletter.config.parts import FieldEntry
from newsletter.errors import ConfigError, ContentError, Problem, Severity
from newsletter.yamlfile import load, nearest

EMAIL, NAME, SECTIONS, LANGUAGE = COLUMNS = ("email", "name", "sections", "language")
IGNORED = "-"
"""Stands in place of a column for headings whose cells are not taken."""
FILE = "subscribers/columns.yaml"

_HEADINGS = {
    EMAIL: (
        "email address",
        "email адреса",
        "mail",
        "адреса",
        "адреса email",
        "адреса електронної пошти",
        "ел. адреса",
        "ел. пошта",
        "ел.пошта",
        "електронна адреса",
        "електронна пошта",
        "електронна скринька",
        "імейл",
        "пошта",
    ),
    NAME: (
        "full name",
        "ім'я",
        "ім'я та прізвище",
        "піб",
        "п.і.б.",
        "прізвище та ім'я",
        "прізвище, ім'я",
        "прізвище, ім'я, по батькові",
        "прізвище ім'я по батькові",
    ),
    SECTIONS: ("section", "рубрики", "розділ", "розділи"),
    LANGUAGE: ("мова",),
    "region": ("oblast", "область", "регіон"),
    "community": ("hromada", "municipality", "громада", "назва громади", "територіальна громада", "тг"),
    "position": ("job title", "посада"),
}
_APOSTROPHES = str.maketrans("’ʼ`′", "''''")


class Columns:
    """The columns known here: ours, the fields of newsletter.yaml by name or label, and usual headings.

    `told` says of further headings what column they mean, or that they are IGNORED; it comes first.
    """

    def __init__(self, fields: Mapping[str, FieldEntry], told: Mapping[str, str] | None = None) -> None:
        self.names = (*COLUMNS, *fields)
        self._meaning = {plain(heading): name for name in self.names for heading in _HEADINGS.get(name, ())}
        self._meaning |= {plain(entry.label): slug for slug, entry in fields.items()}
        self._meaning |= {plain(name): name for name in self.names}
        self._meaning |= {plain(heading): column for heading, column in (told or {}).items()}

    def match(self, heading: str) -> str | None:
        """Return the column that `heading` means, or IGNORED, or None when it is not known."""
        return self._meaning.get(plain(heading))

    def cure(self, heading: str) -> str:
        """Return a hint that says how to make `heading` known, with the likeliest column."""
        close = get_close_matches(plain(heading), self._meaning, n=1, cutoff=0.5)
        column = self._meaning[close[0]] if close else NAME
        return (
            f'Say what it means, once: --column {column}="{heading}", or to leave it out:'
            f' --column {IGNORED}="{heading}". Columns are {", ".join(self.names)}.'
        )

    def recognised(self, headings: Iterable[str]) -> int:
        """Return how many of `headings` are known."""
        return sum(self.match(heading) is not None for heading in headings)


def pairs(words: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Return columns by heading from words like `email=Ел. пошта`. Raises ConfigError."""
    known, told = (*names, IGNORED), {}
    for word in words:
        column, _, heading = word.partition("=")
        if not heading.strip():
            raise ConfigError(f"{word!r} is not COLUMN=HEADING", 'Write it like --column name="Full name"')
        if column not in known:
            raise ConfigError(f"unknown column {column!r}", nearest(column, known))
        told[heading.strip()] = column
    return told


def remembered(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Return what was said of headings in the workspace `root`: columns by heading. Raises ContentError."""
    try:
        document = load((root / FILE).read_text(encoding="utf-8-sig"), FILE)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{FILE} cannot be read: {error}", "Save it as UTF-8 text.") from None
    if not isinstance(document.data, Mapping | None):
        raise ContentError(f"{FILE} does not map headings to columns", "Write lines such as: Full name: name")
    known = (*names, IGNORED)
    told = {str(heading): str(column) for heading, column in (document.data or {}).items()}
    faults = [
        Problem(
            severity=Severity.ERROR,
            text=f"unknown column {column!r}",
            at=document.place((heading,)),
            hint=nearest(column, known),
        )
        for heading, column in told.items()
        if column not in known
    ]
    if faults:
        raise ContentError(faults)
    return told


def remember(root: Path, told: Mapping[str, str]) -> None:
    """Keep what is said of headings for the next list. Raises ConfigError when it cannot be written."""
    text = "# What headings of lists mean; - leaves one out. Written by `subscribers import --column`.\n"
    text += yaml.safe_dump(dict(sorted(told.items())), allow_unicode=True, sort_keys=False, width=1000)
    fresh = (root / FILE).with_name(".columns.yaml")
    try:
        fresh.parent.mkdir(exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(root / FILE)
    except OSError as error:
        raise ConfigError(
            f"{FILE} cannot be written: {error.strerror}", "Check its folder's rights."
        ) from None


def plain(heading: str) -> str:
    """Return what makes headings equal: case, blanks and the kind of apostrophe do not count."""
    text = unicodedata.normalize("NFC", heading).casefold().translate(_APOSTROPHES)
    return " ".join(text.replace("e-mail", EMAIL).split())
