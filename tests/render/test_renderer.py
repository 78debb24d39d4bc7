"""Editions as they leave: whole, with their slots, and whatever their words are."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import html5lib
import pytest
from hypothesis import example, given
from hypothesis import settings as run
from hypothesis import strategies as st
from lxml.html import HtmlElement, document_fromstring

from newsletter.config import Settings
from newsletter.config.parts import Greeting
from newsletter.errors import Place, RenderError
from newsletter.model import Block, ClosingCall, Edition, Issue, Item, Rendered, Section
from newsletter.recipes import fingerprint
from newsletter.render.edition import Editions
from newsletter.render.markdown import is_hashtag
from newsletter.render.renderer import Renderer
from newsletter.slots import EMAIL, GREETING, PREFERENCES, UNSUBSCRIBE, VIEW, slot, split
from tests.unbound import unbound

NASTY = [
    "Лапки \"q\" і 'a' та & <b>тег</b>",
    "<script>alert(1)</script>",
    "нерозривний\u00a0пробіл і тонкий\u2009теж",
    "за\u0301мок і замо\u0301к",
    "👩‍👩‍👧 ☎️ 🇺🇦 𝕏",
    'зворотна \\ риска \\u{a0} \\n \\"',
    "{{ 7 * 7 }} {% raw %} {# х #}",
    "<mj-text>так</mj-text> <!-- ні --> <![CDATA[ ]]>",
    "漢字 ქართული עברית",
    '"><img src=x onerror=alert(1)>',
    "<style>*{display:none}</style>",
    "&nbsp; &amp;nbsp; &#60;",
]


def one_item(issue: Issue, item: Item) -> tuple[Issue, Edition]:
    section = Section(slug="social", title="Соціальний захист")
    made = replace(issue, blocks=(Block(section=section, items=(item,)),))
    edition = Editions(made).whole()
    assert edition
    return made, edition


def item(title: str, text: str = "", link: str | None = None) -> Item:
    return Item(id="01", title=title, text=text, link=link, sections=("social",), at=Place("item.md"))


def tree(rendered: Rendered) -> HtmlElement:
    return document_fromstring(unbound(rendered.html))


def test_the_same_edition_gives_the_same_bytes(
    renderer: Renderer, settings: Settings, themes: tuple[Path, ...], digest: Issue, whole: Edition
) -> None:
    assert renderer.render(digest, whole) == Renderer(settings, themes).render(digest, whole)


def test_a_fingerprint_covers_every_part_and_where_each_ends() -> None:
    parts = [("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("", "ab", "c"), ("a", "b", "d")]
    assert len({fingerprint(*each) for each in parts}) == len(parts)


def test_every_slot_is_in_both_parts(renderer: Renderer, digest: Issue, whole: Edition) -> None:
    rendered = renderer.render(digest, whole)
    expected = Counter({EMAIL: 1, PREFERENCES: 7, UNSUBSCRIBE: 1, VIEW: 1})  # one choice and six pauses
    assert Counter(split(rendered.html)[1::2]) == expected + Counter({VIEW: 7})  # contents of seven sections
    assert Counter(split(rendered.text)[1::2]) == expected


def test_a_section_can_be_paused_unless_everyone_gets_it(
    renderer: Renderer, settings: Settings, digest: Issue
) -> None:
    edition = Editions(digest).of(frozenset({"social"}), {})
    assert edition
    html = renderer.render(digest, edition).html
    pauses = re.findall(r'href="([^"]*\?pause=[^"]*)"', html)
    assert pauses == [f"{settings.base_url}/preferences/{slot(PREFERENCES)}?pause=social"]


@pytest.mark.parametrize("words", NASTY)
def test_words_arrive_as_they_were_typed(renderer: Renderer, digest: Issue, words: str) -> None:
    issue, edition = one_item(
        replace(digest, subject=words, preheader=words, call=ClosingCall(text=words)),
        item(words, "Текст", "https://auc.org.ua/1"),
    )
    rendered = renderer.render(issue, edition)
    page = tree(rendered)
    heading = page.find(".//h3")
    assert heading is not None
    assert heading.text_content() == unbound(words)
    assert page.findtext("head/title") == " ".join(words.split())
    assert rendered.subject == " ".join(words.split())
    assert " ".join(words.split()) in " ".join(rendered.text.split())
    assert not page.findall(".//script")
    assert not page.findall(".//img")


@pytest.mark.parametrize("words", NASTY)
def test_the_text_of_an_item_stays_inert(renderer: Renderer, digest: Issue, words: str) -> None:
    rendered = renderer.render(*one_item(digest, item("Заголовок", words, f"https://example.org/{words}")))
    page = html5lib.parse(rendered.html, namespaceHTMLElements=False)
    allowed = {"html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "tr", "td"}
    allowed |= {"h1", "h2", "h3", "p", "br", "a", "strong", "em", "span"}
    assert {span.get("class") for span in page.iter("span")} == {"dot"}, "the theme's own"
    assert {element.tag for element in page.iter() if isinstance(element.tag, str)} <= allowed
    for element in page.iter():
        assert not any(name.startswith("on") for name in element.attrib)
        assert element.get("href", "#").startswith(("https://", "#"))


anything = st.text(st.characters(exclude_categories=[]) | st.sampled_from(" \n*_[]()<>&\"'\\-#"), max_size=60)


@run(deadline=None, max_examples=60)
@example(title="", text="#0", link=None)
@given(title=anything, text=anything, link=st.none() | anything.map("https://example.org/".__add__))
def test_any_words_make_a_well_formed_mail(
    renderer: Renderer, digest: Issue, title: str, text: str, link: str | None
) -> None:
    plain = renderer.render(*one_item(digest, item("", "")))
    rendered = renderer.render(*one_item(digest, item(title, text, link)))
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    page = parser.parse(rendered.html)
    assert not parser.errors
    cells = [cell for cell in page.findall(".//td") if cell.get("class") != "said"]  # a quotation is a table
    if not is_hashtag(text):  # which is a call, with a cell of its own
        assert len(cells) == len(tree(plain).findall(".//td"))
    assert rendered.html.count(r"\u{") <= title.count(r"\u{") * 2 + text.count(r"\u{")
    assert rendered.html.encode()
    assert rendered.text.encode()


def test_a_title_leads_to_its_item_s_page_and_without_one_nowhere(renderer: Renderer, digest: Issue) -> None:
    def links(link: str | None) -> list[str]:
        rendered = renderer.render(*one_item(digest, item("Новина", "Текст", link)))
        assert "https://auc.org.ua" not in rendered.html + rendered.text
        return [str(a.get("href")) for a in tree(rendered).iter("a") if a.text == "Новина"]

    assert links("https://приклад.укр/1") == ["https://xn--80aikifvh.xn--j1amh/1"]
    assert links(None) == []
    assert links("javascript:alert(1)") == []


@pytest.mark.parametrize("text", ["#FreeOurPeople", "Слова. **#freeourpeople**!"])
def test_the_closing_call_is_not_said_twice(renderer: Renderer, digest: Issue, text: str) -> None:
    assert digest.call
    call = digest.call.text
    assert call not in unbound(renderer.render(*one_item(digest, item("Заклик", text))).html)
    for other in ("#FreeOurPeopleNow", "Текст"):
        rendered = renderer.render(*one_item(digest, item("Заклик", other)))
        assert call in unbound(rendered.html)
        assert call in " ".join(rendered.text.split())


def test_an_item_that_is_one_hashtag_is_a_call(renderer: Renderer, digest: Issue) -> None:
    page = tree(renderer.render(*one_item(digest, item("Заклик", "#FreeOurPeople\n"))))
    assert [strong.text for strong in page.iter("strong")] == ["#FreeOurPeople"]


@pytest.mark.parametrize(("chosen", "sections", "contents"), [("social", 2, 0), ("*", 7, 7)])
def test_contents_are_listed_from_three_sections_up(
    renderer: Renderer, digest: Issue, chosen: str, sections: int, contents: int
) -> None:
    edition = Editions(digest).of(frozenset({chosen}), {})
    assert edition
    assert len(edition.blocks) == sections
    page = tree(renderer.render(digest, edition))
    assert len([link for link in page.iter("a") if "#" in str(link.get("href"))]) == contents


@pytest.mark.parametrize("words", ["QZ7NAMEQZ", "QZ7**NAME**QZ"])
def test_a_mark_nobody_could_fill_is_refused(renderer: Renderer, digest: Issue, words: str) -> None:
    with pytest.raises(RenderError, match="QZ7NAMEQZ"):
        renderer.render(*one_item(digest, item("Новина", words)))


Broken = Callable[[str, str, str], Rendered]


@pytest.fixture
def broken(
    tmp_path: Path, settings: Settings, themes: tuple[Path, ...], digest: Issue, whole: Edition
) -> Broken:
    """Render with one file of the theme changed."""

    def render(file: str, old: str, new: str) -> Rendered:
        text = (themes[0] / "digest" / file).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / "digest" / file).parent.mkdir(parents=True)
        (tmp_path / "digest" / file).write_text(text.replace(old, new), encoding="utf-8")
        return Renderer(settings, (tmp_path, *themes)).render(digest, whole)

    return render


@pytest.mark.parametrize("file", ["blocks/footer.mjml", "blocks/footer.txt"])
def test_a_theme_without_a_way_out_is_refused(broken: Broken, file: str) -> None:
    with pytest.raises(RenderError, match="no link to unsubscribe"):
        broken(file, "{{ unsubscribe }}", "#")


def test_a_slot_the_compiler_drops_is_noticed(broken: Broken) -> None:
    with pytest.raises(RenderError, match="as often as"):
        broken("issue.mjml", "<mj-body ", "<!-- {{ view }} --><mj-body ")


def test_a_misspelt_component_is_refused(broken: Broken) -> None:
    with pytest.raises(RenderError, match="unknown MJML component"):
        broken("issue.mjml", "<mj-raw>", "<mj-rew/><mj-raw>")


odd = st.text(st.sampled_from("'\"&<>\\ \u00a0;#aї"), min_size=1, max_size=12).map(lambda text: f"я{text}я")


@run(deadline=None, max_examples=25)
@given(section=odd, title=odd, more=odd, publisher=odd)
def test_every_label_reads_as_it_was_written(  # noqa: PLR0913  each is a label
    *,
    settings: Settings,
    themes: tuple[Path, ...],
    digest: Issue,
    section: str,
    title: str,
    more: str,
    publisher: str,
) -> None:
    own = settings.model_copy(update={"read_more": more, "publisher": publisher, "title": title})
    lead = replace(item(title, "Текст", "https://e.org"), lead=True)
    block = Block(section=Section(slug="social", title=section), items=(lead,))
    issue = replace(digest, subject=title, blocks=(block,))
    whole = Editions(issue).whole()
    assert whole
    rendered = Renderer(own, themes).render(issue, whole)
    page = html5lib.parse(rendered.html, namespaceHTMLElements=False)
    written = {unbound(element.text) for element in page.iter() if element.text}
    named = (section, title, more, publisher, f"Призупинити «{section}»")
    assert set(map(unbound, named)) <= written


@pytest.mark.parametrize("part", ["issue.mjml", "issue.txt"])
def test_a_theme_that_greets_nobody_is_refused_where_a_greeting_is_set(  # noqa: PLR0913, PLR0917  fixtures
    settings: Settings, themes: tuple[Path, ...], digest: Issue, whole: Edition, tmp_path: Path, part: str
) -> None:
    greeting = Greeting(named="Вітаємо, {name}!", unnamed="Вітаємо!")
    greets = settings.model_copy(update={"greeting": greeting})
    rendered = Renderer(greets, themes).render(digest, whole)
    assert rendered.html.count(slot(GREETING)) == rendered.text.count(slot(GREETING)) == 1
    copytree(themes[-1] / "digest", tmp_path / "digest")
    for file in (tmp_path / "digest").rglob(f"*{Path(part).suffix}"):
        file.write_text(file.read_text(encoding="utf-8").replace("{{ greeting }}", ""), encoding="utf-8")
    with pytest.raises(RenderError, match="greets nobody"):
        Renderer(greets, (tmp_path, *themes)).render(digest, whole)
