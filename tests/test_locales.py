"""Which languages there are, and what is known of each."""

from datetime import date

import pytest
from babel.localedata import locale_identifiers

from newsletter.i18n import format_period, translations
from newsletter.locales import (
    CATALOGS,
    NAMES,
    catalog_of,
    direction,
    language_name,
    language_tag,
    with_territory,
)
from newsletter.model import Period


def test_every_locale_of_babel_writes_a_period_and_has_a_direction_and_a_name() -> None:
    period = Period(start=date(2024, 12, 28), end=date(2025, 1, 3))
    tags = {language_tag(one) for one in locale_identifiers()}
    assert len(tags) > 900
    for tag in tags:
        assert language_tag(tag) == tag
        assert format_period(period, tag)
        assert direction(tag) in {"ltr", "rtl"}
        assert language_name(tag)


@pytest.mark.parametrize(
    ("language", "way", "name", "territory"),
    [
        ("uk", "ltr", "Українська", "uk_UA"),
        ("en", "ltr", "English", "en_GB"),
        ("he", "rtl", "עברית", "he_IL"),
        ("ar", "rtl", "العربية", "ar_EG"),
        ("ro", "ltr", "Română", "ro_RO"),
        ("pt-BR", "ltr", "Português (Brasil)", "pt_BR"),
    ],
)
def test_a_language_has_its_direction_name_and_territory(
    language: str, way: str, name: str, territory: str
) -> None:
    assert direction(language) == way
    assert language_name(language) == name
    assert with_territory(language) == territory


@pytest.mark.parametrize("wrong", ["", "crh", "english", "uk\n", " uk", "en-XX", "--", "q" * 100, "укр"])
def test_what_is_no_language_has_no_tag(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        language_tag(wrong)


def test_a_catalog_serves_the_variants_of_its_language() -> None:
    assert [catalog_of(one) for one in ("uk", "de-AT", "pl", "he", "pt-BR")] == ["uk", "de", "pl", "en", "en"]
    assert set(NAMES) == set(CATALOGS)


def test_a_phrase_without_a_translation_stays_english_alone() -> None:
    ukrainian = translations("uk")
    assert ukrainian.gettext("Unsubscribe") == "Відписатися"
    assert ukrainian.gettext("No catalog has this") == "No catalog has this"
    assert translations("he").gettext("Unsubscribe") == "Unsubscribe"
