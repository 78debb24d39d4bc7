"""The shipped theme on the real digest: size, both parts, dark mode, headings and contrast."""

import re
from pathlib import Path

import pytest
from lxml.html import HtmlElement, document_fromstring

from newsletter.config import Settings
from newsletter.model import Edition, Issue, Rendered
from newsletter.render.renderer import Renderer
from newsletter.render.theme import Colours, open_theme
from tests.unbound import unbound


@pytest.fixture(scope="module")
def rendered(renderer: Renderer, digest: Issue, whole: Edition) -> Rendered:
    return renderer.render(digest, whole)


@pytest.fixture(scope="module")
def page(rendered: Rendered) -> HtmlElement:
    return document_fromstring(unbound(rendered.html))


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w#]+", text.casefold()))


def test_it_is_light(rendered: Rendered) -> None:
    assert len(rendered.html.encode()) <= 60 * 1024
    assert len(rendered.text.encode()) <= 12 * 1024


def test_both_parts_say_the_same_words(page: HtmlElement, rendered: Rendered, digest: Issue) -> None:
    body = page.find("body")
    assert body is not None
    seen = words(" ".join(map(str, body.itertext())).replace(digest.preheader, ""))
    said = words(re.sub(r"https?://\S+", "", rendered.text))
    assert seen == said
    assert "вашингтоні" in said


def test_both_parts_have_the_same_links(page: HtmlElement, rendered: Rendered) -> None:
    links = {str(a.get("href")) for a in page.iter("a") if a.get("href")}
    web = {link for link in links if link.startswith("https://")}
    assert web == set(re.findall(r"https?://\S+", rendered.text))
    assert links - web == {f"#{a.get('id')}" for a in page.iter("a") if a.get("id")}


def test_an_address_stands_alone_on_its_line_and_lines_are_short(rendered: Rendered) -> None:
    for line in rendered.text.splitlines():
        assert line == line.rstrip()
        assert re.fullmatch(r"https://\S+", line) if "https:" in line else len(line) <= 72


def test_nothing_is_loaded_from_the_network(rendered: Rendered, page: HtmlElement) -> None:
    assert not re.search(r"\b(src|srcset|background|poster)\s*=|url\(|@import|<link", rendered.html)
    assert not [element.tag for element in page.iter("img", "link", "script", "object", "embed", "form")]


def test_dark_colours_survive_with_their_importance(rendered: Rendered) -> None:
    head = rendered.html.partition("</head>")[0]
    media = head.partition("@media (prefers-color-scheme: dark) {")[2]
    for name in (".paper", ".ink div", ".muted div", ".call", ".bar", "h2", ".number"):
        selector = re.escape(name)
        assert re.search(rf"(?:^|, ){selector}[ ,][^{{}}]*{{[^}}]*!important; }}", media, re.MULTILINE)
        assert re.search(rf"\[data-ogs[cb]\] {selector}[ ,]", head)


def test_outlook_gets_its_tables(rendered: Rendered) -> None:
    opened = rendered.html.count("<!--[if")
    assert opened > 8
    assert opened == rendered.html.count("<![endif]-->")
    assert rendered.html.startswith("<!doctype html>\n<html")


def test_headings_are_one_then_sections_then_items(
    page: HtmlElement, whole: Edition, settings: Settings
) -> None:
    headings = [(str(h.tag), h.text_content()) for h in page.iter("h1", "h2", "h3")]
    expected = [("h1", settings.title)]
    for block in whole.blocks:
        expected.append(("h2", block.section.title))
        expected += [("h3", item.title) for item in block.items]
    assert headings == expected


def test_links_that_read_alike_have_names_that_differ(page: HtmlElement) -> None:
    names: dict[str, set[str]] = {}
    for link in page.iter("a"):
        if link.get("href"):
            text, name = link.text_content(), link.get("aria-label") or link.text_content()
            assert name.startswith(text)
            assert name not in names.get(text, set())
            names.setdefault(text, set()).add(name)
    assert max(map(len, names.values())) == 13


def test_the_page_says_its_language_and_its_title(page: HtmlElement, digest: Issue) -> None:
    assert page.get("lang") == "uk"
    assert page.findtext("head/title") == digest.subject
    assert {div.get("lang") for div in page.iter("div") if div.get("role") == "article"} == {"uk"}
    assert all(table.get("role") == "presentation" for table in page.iter("table"))


def test_the_preheader_comes_first_and_is_not_seen(page: HtmlElement, digest: Issue) -> None:
    first = page.find(".//body/div/div")
    assert first is not None
    assert first.text_content().startswith(digest.preheader)
    assert "display:none" in str(first.get("style"))


def luminance(colour: str) -> float:
    """WCAG 2.1, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_every_ground(themes: tuple[Path, ...], scheme: str) -> None:
    colours: Colours = getattr(open_theme("digest", themes).look, scheme)
    for text in (colours.ink, colours.muted, colours.accent):
        for ground in (colours.ground, colours.paper, colours.tint):
            assert contrast(text, ground) >= 4.5


def test_an_english_digest_is_english_throughout(
    settings: Settings, themes: tuple[Path, ...], digest: Issue, whole: Edition
) -> None:
    english = Renderer(settings.model_copy(update={"language": "en"}), themes).render(digest, whole)
    assert '<html lang="en"' in english.html
    for text in (unbound(english.html), english.text):
        assert "8–14 February 2025" in text
        assert "Unsubscribe" in text
        assert "Відписатися" not in text
