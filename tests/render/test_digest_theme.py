"""The shipped theme on the real digest: size, both parts, dark mode, headings and links."""

import re
from pathlib import Path

import pytest
from lxml.html import HtmlElement, document_fromstring

from newsletter.config import Settings
from newsletter.model import Edition, Issue, Rendered
from newsletter.render.renderer import Renderer
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
    assert {link.partition("#")[0] for link in web} == set(re.findall(r"https?://\S+", rendered.text))
    assert links == web


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
    for name in (".paper", ".ink div", ".muted div", ".call", ".second", ".rule", ".button a", "a"):
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


def test_where_a_link_leads_is_in_its_words(page: HtmlElement) -> None:
    named: dict[str, set[str]] = {}
    for link in page.iter("a"):
        assert link.get("aria-label") is None
        named.setdefault(link.text_content(), set()).add(str(link.get("href")))
    assert all(len(addresses) == 1 for addresses in named.values())
    assert "Призупинити «Соціальний захист»" in named


def test_contents_lead_to_the_copy_on_the_web_where_anchors_work(page: HtmlElement, whole: Edition) -> None:
    ids = [str(heading.get("id")) for heading in page.iter("h2")]
    assert ids == list(whole.sections)
    links = [str(a.get("href")) for a in page.iter("a") if "#" in str(a.get("href"))]
    assert links == [f"https://news.example.org/view/QZ7VIEWQZ#{slug}" for slug in ids]


def test_programs_are_told_to_leave_numbers_dates_and_the_layout_alone(page: HtmlElement) -> None:
    metas = {meta.get("name"): meta.get("content") for meta in page.iter("meta")}
    assert metas["format-detection"] == "telephone=no, date=no, address=no, email=no, url=no"
    assert "x-apple-disable-message-reformatting" in metas
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"


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


def test_an_english_digest_is_english_throughout(
    settings: Settings, themes: tuple[Path, ...], digest: Issue, whole: Edition
) -> None:
    english = Renderer(settings.model_copy(update={"language": "en"}), themes).render(digest, whole)
    assert '<html lang="en"' in english.html
    for text in (unbound(english.html), english.text):
        assert "8–14 February 2025" in text
        assert "Unsubscribe" in text
        assert "Відписатися" not in text
