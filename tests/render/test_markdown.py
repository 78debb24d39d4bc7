"""The Markdown of items as HTML."""

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.markdown import html

ALLOWED = {"html", "head", "body", "p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "h4"} | {
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"href", "start", "class", "cellpadding", "cellspacing", "role", "width"}

VECTORS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#1;javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "<javascript:alert(1)>",
    '[x](https://example.org/"onmouseover="alert(1))',
    "[x](https://example.org 'a\" onclick=alert(1) b=\"')",
    "![x](https://example.org/pixel.png)",
    "[x]: javascript:alert(1)\n\n[x]",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<style>*{display:none}</style>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "</p></td></table><form action=//evil.example>",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
]


def test_bold_emphasis_links_and_lists_are_understood() -> None:
    assert html("**ж** *к* [п](https://example.org)") == (
        '<p><strong>ж</strong> <em>к</em> <a href="https://example.org">п</a></p>'
    )
    assert html("- a\n- b").split() == ["<ul>", "<li>a</li>", "<li>b</li>", "</ul>"]
    assert html("3. a\n4. b").startswith('<ol start="3">')


def test_a_line_break_stays_a_line_break() -> None:
    assert html("one\ntwo") == "<p>one<br/>\ntwo</p>"


@pytest.mark.parametrize("text", ["#one", "`one`", "    one", "---", "#FreeOurPeople", "| a | b |", "~~a~~"])
def test_marks_of_other_markdown_are_words(text: str) -> None:
    assert html(text).replace("&gt;", ">") == f"<p>{text.strip()}</p>"


def test_quotes_headings_and_tables_are_understood() -> None:
    quoted = html("> Цитата\n> ще")
    assert quoted.startswith("<blockquote><table ")  # for a border in Outlook
    assert "<p>Цитата<br/>\nще</p>" in quoted
    assert html("# Один\n\n##### П'ять") == "<h4>Один</h4>\n<h4>П'ять</h4>"
    table = html("| Область | Громад |\n| --- | ---: |\n| Сумська | <b>51</b> |")
    assert table.startswith('<table class="figures" cellpadding="0" cellspacing="0">')
    assert '<th scope="col">Громад</th>' in table
    assert "<td>&lt;b&gt;51&lt;/b&gt;</td>" in table


def test_a_whole_address_is_a_link_and_a_name_is_none() -> None:
    assert html("Див. https://auc.org.ua/f, auc.org.ua і //a.org та ftp://b.org") == (
        '<p>Див. <a href="https://auc.org.ua/f">https://auc.org.ua/f</a>, auc.org.ua і //a.org та ftp://b.org</p>'
    )


def test_a_link_to_nowhere_is_shown_as_it_was_typed() -> None:
    assert html("[далі](#)") == "<p>[далі](#)</p>"


@pytest.mark.parametrize("text", VECTORS)
def test_nothing_that_acts_gets_through(text: str) -> None:
    tree = html5lib.parse(html(text), namespaceHTMLElements=False)
    for element in tree.iter():
        assert element.tag in ALLOWED
        assert set(element.attrib) <= ATTRIBUTES
        assert element.get("href", "https:").startswith(("https:", "mailto:"))


@given(st.text(alphabet="*_[]()<>-# \n\\&;:a1/\"'`!|", max_size=80))
def test_any_text_becomes_well_formed_paragraphs_and_lists(text: str) -> None:
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(
        f"<!doctype html><title>t</title>{html(text)}"
    )
    assert {element.tag for element in tree.iter()} <= ALLOWED | {"title"}


@pytest.mark.parametrize("text", ["- " * 60 + "deep", "*a " * 60 + "b*" * 60, "1. " * 60 + "deep"])
def test_text_nested_too_deep_is_shown_as_it_was_typed(text: str) -> None:
    assert html(text) == f"<p>{text.strip()}</p>"
