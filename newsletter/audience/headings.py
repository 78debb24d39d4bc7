"""Columns of a list, their usual headings, and how headings and values are normalised to compare them."""

import unicodedata

EMAIL, NAME, SECTIONS, LANGUAGE = COLUMNS = ("email", "name", "sections", "language")
FIRST, MIDDLE, LAST = PARTS = ("first_name", "middle_name", "last_name")
"""Columns that are joined to a name; fields of newsletter.yaml cannot have an underscore."""
STATUS = "mail_status"
"""Column that says whether a person may receive mail."""
TAGS = "section_tags"
"""Column of tags, some of which may name sections."""
GROUPS = "section_groups"
"""Pseudo-column with the cells of columns that may be groups, whose values may name sections."""
IGNORED = "-"
"""Marks a heading whose cells are ignored."""

USUAL = {
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
        "adres e-mail",
        "adres email",
        "e-mail-adresse",
        "mailadresse",
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
        "imię i nazwisko",
        "vor- und nachname",
    ),
    SECTIONS: ("section", "рубрики", "розділ", "розділи", "działy", "dział", "rubriken", "rubrik"),
    LANGUAGE: ("мова", "język", "sprache"),
    FIRST: ("first name", "firstname", "given name", "fname", "imię", "vorname"),
    MIDDLE: ("middle name", "middlename", "additional name", "по батькові", "по-батькові"),
    LAST: ("last name", "lastname", "lname", "surname", "family name", "прізвище", "nazwisko", "nachname"),
    "region": ("oblast", "область", "регіон", "województwo"),
    "community": (
        "hromada",
        "municipality",
        "громада",
        "назва громади",
        "територіальна громада",
        "тг",
        "gmina",
        "gemeinde",
    ),
    "position": ("job title", "посада", "stanowisko", "amt"),
}

_APOSTROPHES = str.maketrans("’ʼ`′", "''''")


def plain(heading: str) -> str:
    """Normalise a heading for comparison: ignore case, extra spaces and the kind of apostrophe."""
    text = unicodedata.normalize("NFC", heading).casefold().translate(_APOSTROPHES)
    return " ".join(text.replace("e-mail", EMAIL).split())


def plain_value(text: str) -> str:
    """Normalise a value for comparison: like headings, with `_` and `-` as spaces."""
    value = plain(text)
    return " ".join(value.replace("_", " ").replace("-", " ").split()) or value
