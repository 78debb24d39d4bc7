"""Every word of the templates is in the Ukrainian catalog, and those of mail and pages in the others."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from newsletter.cli import cli
from newsletter.locales import CATALOGS
from tests import said

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
METHODS = [(pattern, "jinja2.ext:babel_extract") for pattern in ("**.mjml", "**.txt", "**.html")]
TRANSLATED = [language for language in CATALOGS if language != "en"]
EDITORS = {"api", "desk", "editors", "preview", "report"}
"""The pages of `templates/web` that no reader sees; they are in Ukrainian and English."""
_PLACES = re.compile(r"%\(\w+\)[sd]")

Id = str | tuple[str, ...]


@cache
def used() -> frozenset[tuple[Path, Id]]:
    """Return the words of all templates, each with its file's path."""
    options = {"silent": "false", "newstyle_gettext": "true", "extensions": "newsletter.render.parts.When"}
    found = extract_from_dir(TEMPLATES, METHODS, {"**": options})
    return frozenset((Path(name), message) for name, _, message, *_ in found)


def of_readers() -> set[Id]:
    """Return the words of mail, in any theme, and of public pages."""
    return {message for file, message in used() if file.parts[0] != "web" or file.parts[1] not in EDITORS}


def said_at_the_desk() -> frozenset[Id]:
    """Return the notices of the desk, which its pages say by `say` in Python."""
    found = extract_from_dir(ROOT / "newsletter/web/desk", [("**.py", "python")], keywords={"say": None})
    return frozenset(message for _, _, message, *_ in found)


def said_by_code() -> frozenset[Id]:
    """Return every text that code may say: its own, click's, and those of files and the system."""
    return (
        said.constants()
        | said.plurals()
        | said.of_click()
        | set(said.helps(cli))
        | said.of_the_system()
        | said.of_files()
    )


@cache
def translated(language: str) -> tuple[Message, ...]:
    catalog = ROOT / f"newsletter/locale/{language}/LC_MESSAGES/newsletter.po"
    with catalog.open("rb") as file:
        return tuple(message for message in read_po(file, locale=language, abort_invalid=True) if message.id)


def known(language: str) -> set[Id]:
    return {
        message.id if isinstance(message.id, str) else tuple(message.id) for message in translated(language)
    }


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_is_as_scripts_catalog_leaves_it(language: str) -> None:
    text = (ROOT / f"newsletter/locale/{language}/LC_MESSAGES/newsletter.po").read_text(encoding="utf-8")
    head, *entries = text.removesuffix("\n").split("\n\n")
    assert 'msgid ""' in head
    assert entries == sorted(set(entries)), "run: .venv/bin/python scripts/catalog"
    line = re.compile(r'(msgid|msgid_plural|msgstr|msgstr\[\d\]) ".+"')
    assert [one for entry in entries for one in entry.split("\n") if not line.fullmatch(one)] == []


def test_every_message_of_the_templates_is_in_ukrainian() -> None:
    messages = {message for _, message in used()} | said_at_the_desk()
    assert "Unsubscribe" in messages
    assert messages - known("uk") == set()


def test_every_message_of_mail_and_public_pages_is_in_each_catalog() -> None:
    readers = of_readers()
    only_of_editors = ({message for _, message in used()} | said_by_code()) - readers
    ukrainian = known("uk")
    shared = {one for one in ukrainian if (one if isinstance(one, str) else one[0]) not in only_of_editors}
    for language in TRANSLATED:
        words = known(language)
        assert readers - words == set(), language
        assert shared - only_of_editors - words == set(), language  # words in Python, too
        assert words - ukrainian == set(), language


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_is_complete_and_keeps_the_placeholders(language: str) -> None:
    for message in translated(language):
        ids = [message.id] if isinstance(message.id, str) else message.id
        strings = [message.string] if isinstance(message.string, str) else message.string
        assert strings, message.id
        assert len(strings) == (get_plural(language).num_plurals if message.pluralizable else 1), message.id
        assert not message.fuzzy, message.id
        for string in strings:
            assert string, message.id
            assert string == string.rstrip(), message.id
            assert len(string) - len(string.lstrip()) == len(ids[-1]) - len(ids[-1].lstrip()), message.id
            assert set(_PLACES.findall(string)) == set(_PLACES.findall(ids[-1])), message.id
            assert (string[-1] in ".:?!") == (ids[-1][-1] in ".:?!"), message.id
            assert not re.search(r"[“‘'\"]%\(title\)s", string) or language == "uk", message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_speaks_its_own_language(language: str) -> None:
    same = {message.id for message in translated(language) if message.string == message.id}
    assert same <= {"Name", "test", "HTML %(html)s KB, text %(text)s KB"}
