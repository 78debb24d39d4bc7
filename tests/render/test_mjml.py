"""The compiler's silent faults are refused, and what it would garble arrives whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import document_fromstring
from markupsafe import escape

from newsletter.errors import RenderError
from newsletter.render import mjml
from newsletter.render.mjml import compile_mjml


def mail(content: str) -> str:
    return (
        "<mjml><mj-body><mj-section><mj-column>"
        f"<mj-text>{content}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )


letters = st.characters(exclude_categories=["Cc", "Cs", "Cn"])


@given(st.text(letters))
def test_every_letter_reaches_text_and_attributes_as_it_is(text: str) -> None:
    source = mail(f'<a href="https://example.org" title="{escape(text)}">{escape(text)}.</a>')
    link = document_fromstring(compile_mjml(source)).find(".//a")
    assert link is not None
    assert link.get("title") == text
    assert link.text == f"{text}."


@pytest.mark.parametrize(
    "text", ["\u00a0", "за\u0301мок", "a\\b \\u{a0} \\n", "👩‍👩‍👧", "\u2028", "\u00ad", "ʼ", "ї"]
)
def test_what_rust_would_escape_is_not_garbled(text: str) -> None:
    link = document_fromstring(compile_mjml(mail(f'<a href="#" title="{text}">x</a>'))).find(".//a")
    assert link is not None
    assert link.get("title") == text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (mail("<p>unclosed"), "not well-formed"),
        (mail("a < b"), "not well-formed"),
        ("", "not well-formed"),
        (mail("їжак</b>"), "not well-formed"),
        (mail("a & b"), "not well-formed"),
        ("<html/>", "cannot be compiled"),
        (mail("").replace("mj-section", "mj-sektion"), "unknown MJML component"),
    ],
)
def test_broken_mjml_is_refused_in_words(source: str, words: str) -> None:
    with pytest.raises(RenderError, match=words) as caught:
        compile_mjml(source)
    assert caught.value.hint


def test_a_fault_shows_the_source_around_it() -> None:
    with pytest.raises(RenderError, match="шукайте тут"):
        compile_mjml(mail("шукайте тут <p colspan=2>"))


def test_a_panic_of_the_compiler_is_an_error_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mjml, "_check_form", lambda _source, _locate: None)
    monkeypatch.setattr(mjml, "_as_ascii", lambda source: source)
    with pytest.raises(RenderError, match="gave up"):
        mjml.compile_mjml(mail('p class="ї">Їжак ґанок <b>слово</b></p>'))


def test_an_interruption_is_not_mistaken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_source: str, **_options: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(mjml, "mjml2html", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mjml.compile_mjml(mail("x"))


def test_no_fonts_are_fetched() -> None:
    html = compile_mjml(mail("x").replace("<mj-text>", '<mj-text font-family="Roboto, Open Sans, Lato">'))
    assert "fonts.googleapis" not in html
    assert "<link" not in html
