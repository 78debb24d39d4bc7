"""Which languages there are, what is known of each, and how one is added."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from babel.localedata import locale_identifiers
from babel.messages.plurals import get_plural

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

ROOT = Path(__file__).parent.parent


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


def test_a_language_is_added_as_the_document_says(tmp_path: Path) -> None:
    """Follow docs/adding-a-language.md in a copy of the program."""
    package = tmp_path / "newsletter"
    copytree(ROOT / "newsletter", package, ignore=ignore_patterns("__pycache__"))
    source = package / "locale/uk/LC_MESSAGES/newsletter.po"
    copy = package / "locale/ro/LC_MESSAGES/newsletter.po"
    document = (ROOT / "docs/adding-a-language.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(newsletter/[^`]+\.po)`", document))
    assert named == {str(path.relative_to(tmp_path)) for path in (source, copy)}
    text = source.read_text(encoding="utf-8").replace('"Language: uk\\n"', '"Language: ro\\n"')
    text = re.sub(r'"Plural-Forms: .*\\n"', f'"Plural-Forms: {get_plural("ro").plural_forms}\\\\n"', text)
    text = re.sub(r'^(msgstr(?:\[\d\])?) "[^"\n]+"$', r'\1 ""', text, flags=re.MULTILINE)
    text = text.replace('msgid "Unsubscribe"\nmsgstr ""', 'msgid "Unsubscribe"\nmsgstr "Dezabonare"')
    copy.parent.mkdir(parents=True)
    copy.write_text(text, encoding="utf-8")
    locales = package / "locales.py"
    code = locales.read_text(encoding="utf-8").replace('"pl", "de")', '"pl", "de", "ro")')
    locales.write_text(code.replace('"de": "Deutsch"}', '"de": "Deutsch", "ro": "Română"}'), encoding="utf-8")
    asked = "from newsletter.i18n import translations as t; c = t('ro-MD');"
    asked += "print(c.gettext('Unsubscribe'), c.gettext('Pause'), c.ngettext('one', 'many', 2))"
    said = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"},
        capture_output=True, text=True, check=True, encoding="utf-8",
    )  # fmt: skip
    assert said.stdout.split("\n")[0] == "Dezabonare Pause many"
