"""Our columns and the headings that usually stand above them, and what makes two headings equal."""

import unicodedata

EMAIL, NAME, SECTIONS, LANGUAGE = COLUMNS = ("email", "name", "sections", "language")
FIRST, MIDDLE, LAST = PARTS = ("first_name", "middle_name", "last_name")
"""Columns that together are a name; a field of newsletter.yaml cannot have an underscore."""
STATUS = "mail_status"
"""Says whether somebody may be written to."""
TAGS = "section_tags"
"""Holds names of sections among others."""
GROUPS = "section_groups"
"""Holds the cells of an export that name sections if their columns are groups, and else nothing."""
IGNORED = "-"
"""Stands in place of a column for headings whose cells are not taken."""

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
    FIRST: ("first name", "firstname", "given name", "fname"),
    MIDDLE: ("middle name", "middlename", "additional name", "по батькові", "по-батькові"),
    LAST: ("last name", "lastname", "lname", "surname", "family name", "прізвище"),
    "region": ("oblast", "область", "регіон"),
    "community": ("hromada", "municipality", "громада", "назва громади", "територіальна громада", "тг"),
    "position": ("job title", "посада"),
}

_APOSTROPHES = str.maketrans("’ʼ`′", "''''")


def plain(heading: str) -> str:
    """Return what makes headings equal: case, blanks and the kind of apostrophe do not count."""
    text = unicodedata.normalize("NFC", heading).casefold().translate(_APOSTROPHES)
    return " ".join(text.replace("e-mail", EMAIL).split())


def plain_value(text: str) -> str:
    """Return what makes values equal: as headings, and `_` and `-` inside are blanks."""
    value = plain(text)
    return " ".join(value.replace("_", " ").replace("-", " ").split()) or value
