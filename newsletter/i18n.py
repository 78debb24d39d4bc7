"""The reader's language: gettext catalogs, dates and numbers (Babel)."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

LANGUAGES = ("uk", "en")


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalog of `language`; the message ids are English, so English needs none."""
    catalog = files("newsletter") / "locale" / language / "LC_MESSAGES" / "newsletter.po"
    if not catalog.is_file():
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415  heavy, and English needs none
    from babel.messages.pofile import read_po  # noqa: PLC0415  likewise

    compiled = BytesIO()
    with catalog.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)
