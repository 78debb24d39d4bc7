"""Languages by their tags, as Babel knows them: which exist, their names, and the direction of their text."""

from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from babel import Locale

CATALOGS = ("uk", "en", "pl", "de")
"""The languages that pages and letters are translated into; en is what the others are translated from."""
NAMES = {"uk": "Українська", "en": "English", "pl": "Polski", "de": "Deutsch"}
"""The name of each of them in itself."""

_LONGEST = 40


@cache
def locale(language: str) -> "Locale":
    """Return the locale of a language tag: `uk`, `pt-BR`. Raises ValueError when Babel has no such locale."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415  heavy, and most commands need none

    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except UnknownLocaleError as error:
        raise ValueError(str(error)) from None


def language_tag(language: str) -> str:
    """Return the tag of a language as HTML takes it (BCP 47): `pt_br` is `pt-BR`. Raises ValueError."""
    if language in CATALOGS:
        return language
    if len(language) > _LONGEST or not language.isascii():
        raise ValueError("not the tag of a language")
    return str(locale(language)).replace("_", "-")


def language_name(language: str) -> str:
    """Return the name of a language in itself, with a capital; that of an unknown one is its tag."""
    if language in NAMES:
        return NAMES[language]
    try:
        name = locale(language).get_display_name() or language
    except ValueError:
        return language
    return name[:1].upper() + name[1:]


@cache
def direction(language: str) -> Literal["ltr", "rtl"]:
    """Return where a line of this language begins, as HTML's `dir` says it."""
    return "rtl" if locale(language).text_direction == "rtl" else "ltr"


def with_territory(language: str) -> str:
    """Return a language with the territory that most who speak it live in, as Open Graph wants it: `uk_UA`.

    English is `en_GB`, as its dates here are.
    """
    from babel.core import get_global  # noqa: PLC0415  likewise

    if language == "en":
        return "en_GB"
    own = locale(language)
    likely = str(get_global("likely_subtags").get(str(own), "")).split("_")
    territory = own.territory or (likely[-1] if likely[1:] else "")
    return f"{own.language}_{territory}" if territory else own.language


def catalog_of(language: str) -> str:
    """Return the language whose translations serve `language`: `de` for `de-AT`, and `en` where none do."""
    base = language.partition("-")[0]
    return next((one for one in (language, base) if one in CATALOGS), "en")
