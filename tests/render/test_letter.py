"""The letters that pages cause: both parts from one file of words, in both languages, in the theme's look."""

import re
from pathlib import Path

import pytest
from lxml import html as lxml_html

from newsletter.config import read_settings
from newsletter.render.letter import LINK, OTHER, Letters
from newsletter.slots import EMAIL, split

ROOT = Path(__file__).parents[2]
SETTINGS = read_settings(ROOT)
KINDS = ("confirm", "address-new", "handover", "link", "data", "erasure", "move", "succession")
LETTERS = Letters(SETTINGS, [ROOT / "templates"])

each = pytest.mark.parametrize("kind", KINDS)
both = pytest.mark.parametrize("language", ["uk", "en"])


def words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s:=-]+", text) if word]


@each
@both
def test_both_parts_of_a_letter_say_the_same_words(kind: str, language: str) -> None:
    page = LETTERS.page(kind, language)
    body = lxml_html.fromstring(page.html).find("body")
    assert body is not None
    shown = " ".join(str(piece) for piece in body.itertext() if not str(piece).lstrip().startswith("<"))
    plain = re.sub(f"QZ7{LINK}QZ", "", page.text)
    assert words(shown) == words(plain)


@each
@both
def test_a_letter_holds_its_link_and_nothing_that_a_stranger_typed(kind: str, language: str) -> None:
    page = LETTERS.page(kind, language)
    wanted = {EMAIL: 1, LINK: 1} | ({OTHER: 1} if kind == "handover" else {})
    for part in (page.text, page.html):
        found = split(part)[1::2]
        assert {name: found.count(name) for name in found} == wanted
    assert f'href="QZ7{LINK}QZ"' in page.html
    assert len(split(page.subject)) == 1


@each
def test_a_letter_is_in_the_language_it_was_asked_in(kind: str) -> None:
    ukrainian, english = LETTERS.page(kind, "uk"), LETTERS.page(kind, "en")
    assert ukrainian.subject != english.subject
    assert 'lang="uk"' in ukrainian.html
    assert 'lang="en"' in english.html
    own = re.sub("|".join(map(re.escape, [SETTINGS.title, SETTINGS.publisher])), "", english.subject)
    assert own.isascii()


@each
@both
def test_a_letter_is_light_asks_for_nothing_from_elsewhere_and_fits_a_terminal(
    kind: str, language: str
) -> None:
    page = LETTERS.page(kind, language)
    assert len(page.html.encode()) < 14_000
    assert not re.search(r"<(img|link|script)|url\(|@import", page.html)
    assert max(map(len, page.text.splitlines())) <= 72
    assert "prefers-color-scheme: dark" in page.html


def test_a_letter_is_rendered_once_and_has_the_look_of_brand_and_theme(tmp_path: Path) -> None:
    assert LETTERS.page("confirm", "uk") is LETTERS.page("confirm", "uk")
    theme = tmp_path / "digest"
    theme.mkdir()
    (theme / "theme.yaml").write_text("fonts: Georgia, serif\n", encoding="utf-8")
    brand = SETTINGS.model_copy(update={"brand": SETTINGS.brand.model_copy(update={"colour": "#7a1f5c"})})
    own = Letters(brand, [tmp_path, ROOT / "templates"]).page("confirm", "uk")
    assert "#7a1f5c" in own.html
    assert "#0b4f9c" not in own.html
    assert "font-family:Georgia, serif" in own.html
    assert own.text == LETTERS.page("confirm", "uk").text


def test_a_workspace_may_say_it_in_its_own_words(tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    shipped = (ROOT / "templates/mail/confirm.txt").read_text(encoding="utf-8")
    own = shipped.replace('set heading = _("Confirm your subscription")', 'set heading = "Ще один крок"')
    (mail / "confirm.txt").write_text(own, encoding="utf-8")
    page = Letters(SETTINGS, [tmp_path, ROOT / "templates"]).page("confirm", "uk")
    assert "Ще один крок" in page.text
    assert "Ще один крок" in page.html
