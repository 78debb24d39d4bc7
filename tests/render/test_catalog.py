"""Every word of the templates exists in Ukrainian."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "newsletter/locale/uk/LC_MESSAGES/newsletter.po"
METHODS = [(pattern, "jinja2.ext:babel_extract") for pattern in ("**.mjml", "**.txt", "**.html")]


def used() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(
        ROOT / "templates", METHODS, {"**": {"silent": "false", "newstyle_gettext": "true"}}
    )
    return {message for _, _, message, *_ in found}


def translated() -> list[Message]:
    with CATALOG.open("rb") as file:
        return [message for message in read_po(file, locale="uk", abort_invalid=True) if message.id]


def test_every_message_of_the_templates_is_translated() -> None:
    messages = used()
    assert "Unsubscribe" in messages
    known = {message.id for message in translated()}
    assert messages <= known


@pytest.mark.parametrize("message", translated(), ids=lambda message: str(message.id))
def test_a_translation_is_complete_and_keeps_the_placeholders(message: Message) -> None:
    ids = [message.id] if isinstance(message.id, str) else message.id
    strings = [message.string] if isinstance(message.string, str) else message.string
    assert strings
    assert len(strings) == (3 if message.pluralizable else 1)
    for string in strings:
        assert string
        assert not message.fuzzy
        assert set(re.findall(r"%\(\w+\)s", string)) == set(re.findall(r"%\(\w+\)s", ids[-1]))
