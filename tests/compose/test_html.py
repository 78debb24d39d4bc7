"""HTML is read as a reader sees it in a browser, and what is left out is named at its line."""

import re

import pytest
from playwright.sync_api import Browser

from newsletter.compose.html.source import html_lines
from newsletter.compose.lines import Line


def read(html: str) -> list[str]:
    return [line.text for line in html_lines(html, "d.html")[0] if line.text]


def told(html: str) -> list[tuple[int, str]]:
    problems = html_lines(html, "d.html")[1]
    return [
        (problem.at.line if problem.at else 0, problem.text.removeprefix("left out ")) for problem in problems
    ]


def test_struck_words_are_left_out_and_named_at_their_line() -> None:
    html = "<p>Перший</p>\n<p>Ціна <s>100</s> <del>150</del> 200 грн</p>\n<p><span style='text-decoration: line-through'>ні</span> так</p>"
    assert read(html) == ["Перший", "Ціна 200 грн", "так"]
    assert told(html) == [(2, "struck words: “100 150”"), (3, "struck words: “ні”")]


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>ні</p>", "<p style='display:none'>ні</p>", "<p style='DISPLAY : none !important'>ні</p>",
        "<p style='visibility:hidden'>ні</p>", "<p style='visibility:collapse'>ні</p>", "<p style='mso-hide:all'>ні</p>",
        "<style>.x{display:none}</style><p class=x>ні</p>", "<style>#a > p, div.q{visibility:hidden}</style><div id=a><p>ні</div>",
        "<style>@media screen{.x{display:none}}</style><p class=x>ні</p>", "<template><p>ні</p></template>",
        "<noscript><p>ні</p></noscript>", "<dialog>ні</dialog>", "<style>p.x{display:none!important}</style><p class=x style='display:block'>ні</p>",
    ],
)  # fmt: skip
def test_what_no_browser_shows_is_left_out_and_named(hidden: str) -> None:
    assert read(f"<p>так</p>{hidden}") == ["так"]
    assert told(f"<p>так</p>{hidden}") == [(1, "hidden words: “ні”")]


@pytest.mark.parametrize(
    "shown",
    [
        "<p aria-hidden=true>так</p>", "<p style='visibility:hidden'><b style='visibility:visible;font-weight:400'>так</b></p>",
        "<style>@media print{.x{display:none}} @media (max-width:480px){p{display:none}}</style><p class=x>так</p>",
        "<style>.x{display:none}</style><p class=x style='display:block'>так</p>", "<details><summary>так</summary></details>",
        "<style>p:hover, p::before, }{ p[ {display:none}</style><p>так</p>", "<p style='color:red;;:;display'>так</p>",
        "<p hidden style='display:block'>так</p>", "<dialog open>так</dialog>", "<form><label>так</label></form>",
    ],
)  # fmt: skip
def test_what_a_browser_shows_is_kept(shown: str) -> None:
    assert read(shown) == ["так"]
    assert told(shown) == []


def test_raised_and_lowered_figures_are_those_of_unicode() -> None:
    html = "<p>50 м<sup>2</sup>, CO<sub>2</sub>, 10<sup>-3</sup>, 1<sup>st</sup>, м<span style='vertical-align:super'>3</span></p>"
    assert read(html) == ["50 м², CO₂, 10⁻³, 1st, м³"]


def test_lines_of_pre_and_breaks_stay_lines() -> None:
    assert [line.text for line in html_lines("<pre>один\n  два\n\nтри</pre>а<br>б<br><br>в", "d.html")[0]] == [
        "один", "два", "", "три", "", "а", "б", "", "в",
    ]  # fmt: skip


def test_controls_are_left_out_and_named_but_for_those_that_are_links() -> None:
    html = "<p>Текст <button>Копіювати</button><select><option>а</select></p><a href='https://a.org/1'><button>Більше</button></a>"
    assert read(html) == ["Текст", "[Більше](https://a.org/1)"]
    assert told(html) == [(1, "<button>: “Копіювати”"), (1, "<select>: “а”")]


def test_a_table_of_figures_becomes_rows_and_one_for_layout_paragraphs() -> None:
    assert read("<table><caption>Т</caption><tr><th>Область<th>Громад<tr><td>А|Б<td><b>51</b></table>") == [
        "Т", "| Область | Громад |", "| --- | --- |", "| А\\|Б | 51 |",
    ]  # fmt: skip
    spans = "<table><tr><td rowspan=2>а<td>б<tr><td>в<tr><td colspan=2>г</table>"
    assert read(spans) == ["| а | б |", "| --- | --- |", "|   | в |", "| г |   |"]
    layout = "<table role=presentation><tr><td>Назва<td>Текст<tr><td>ще<td>один</table>"
    assert read(layout) == ["Назва", "Текст", "ще", "один"]
    assert read("<table><tr><td><h2>Назва</h2><p>Текст</p><td>б<tr><td>в<td>г</table>")[0] == "## Назва"


def test_the_lists_of_word_s_html_are_lists() -> None:
    entry = "<p class=MsoListParagraph style='mso-list:l0 level{} lfo1'><span style='mso-list:Ignore'>{}<span>&nbsp;&nbsp;</span></span>{}</p>"
    html = entry.format(1, "·", "авто") + entry.format(2, "o", "зимове") + entry.format(1, "2.", "генератор")
    assert [line.text for line in html_lines(html, "d.html")[0]] == ["- авто", "    - зимове", "2. генератор"]


def test_lists_are_counted_and_nested_as_browsers_do() -> None:
    html = "<ul><li>а<ol><li>б<li><p>в</p><p>г</p></ol><li>ґ</ul><ol start=3><li>д<li value=7>е<li>є</ol><ol type=a><li>ж</ol><ul style='list-style:none'><li>з</ul>"
    assert read(html) == [
        "- а", "    1. б", "    2. в", "        г", "- ґ", "3. д", "7. е", "8. є", "a) ж", "з",
    ]  # fmt: skip


GOOGLE = """<style>.b{font-weight:700}.s{text-decoration:line-through}.i{font-style:italic}</style>
<p><span class=b>Наз</span><span class=b>ва</span> <span class=i>і</span><span class=s> старе</span>
<span><a href="https://www.google.com/url?q=https://auc.org.ua/n?a%3D1&amp;sa=D&amp;ust=1">закон</a></span><sup><a href="#cmnt1" id="cmnt_ref1">[a]</a></sup><sup><a href="#ftnt1" id="ftnt_ref1">[1]</a></sup>.</p>
<p>Далі.</p><hr><div><p><a href="#ftnt_ref1" id="ftnt1">[1]</a><span>&nbsp;Від 5 лютого</span></p></div>
<div style="border:1px solid black"><p><a href="#cmnt_ref1" id="cmnt1">[a]</a><span>Перевірити!</span></p></div>"""


def test_an_export_of_google_docs_is_read_without_its_comments_and_redirects() -> None:
    assert read(GOOGLE) == [
        "**Назва** *і* [закон](https://auc.org.ua/n?a=1)¹.", "¹ Від 5 лютого", "Далі.",
    ]  # fmt: skip
    assert [text for _, text in told(GOOGLE)] == ["struck words: “старе”", "a comment: “Перевірити!”"]


def test_a_picture_s_link_is_kept_by_its_words_or_alone() -> None:
    html = "<p><a href='https://a.org/1'><img src=x alt='Більше'></a></p><p>б <a href='https://a.org/2'><img></a></p>"
    assert read(html) == ["[Більше](https://a.org/1)", "б", "https://a.org/2"]


def test_of_a_card_only_what_comes_first_is_the_link() -> None:
    html = "<a href='https://a.org/1'><h3>Назва</h3><p>Текст</p></a>"
    assert read(html) == ["### [Назва](https://a.org/1)", "Текст"]


def test_links_that_no_letter_can_have_are_left_out_and_named() -> None:
    html = (
        "<p>Див. <a href='page.html'>сторінку</a>, <a href='tel:1'>телефон</a> і <a href='#top'>вгору</a></p>"
    )
    assert read(html) == ["Див. сторінку, телефон і вгору"]
    assert told(html) == [(1, "the link: “сторінку → page.html телефон → tel:1”")]


def test_a_quotation_is_a_quote_and_a_forwarded_mail_is_not() -> None:
    assert read("<blockquote>Слова<br>мера</blockquote>") == ["> Слова", "> мера"]
    assert read("<blockquote type=cite><p>Лист</p></blockquote>") == ["Лист"]
    assert read("<blockquote><h2>Освіта</h2><p>Текст</p></blockquote>") == ["## Освіта", "Текст"]


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("а<b>«Ж»</b>б", "а«**Ж**»б"),
        ("<b>Ж, </b>б", "**Ж,** б"),
        ("<i>а</i><b>б</b>", "*а***б**"),
        ("<b><i>а</i></b>", "***а***"),
        ("<b> </b>а<b></b>", "а"),
        ("<b>а<br>б</b>", "**а**|**б**"),
        ("<a href='https://a.org'>[1</a>", "[(1](https://a.org)"),
    ],
)
def test_marks_stand_where_markdown_sees_them(html: str, markdown: str) -> None:
    assert "|".join(read(f"<p>{html}</p>")) == markdown


SAMPLES = [
    "<p>Ціна <b>200</b> грн</p><div>а<span>б</span><br>в</div><ul><li>г<li>д</ul>",
    "<p>а&nbsp;б &amp; в<!-- ні --><script>x</script></p><pre>один\n  два</pre>",
    "<style>.x{display:none}.y{visibility:hidden}</style><p class=x>ні</p><p class=y>ні <i style='visibility:visible'>так</i></p>",
    "<p hidden>ні</p><details open><summary>С</summary>Д</details><template>ні</template><p aria-hidden=true>А</p>",
    "<table><tr><th>Область<th>Громад<tr><td>Сумська<td>51</table><noscript>ні</noscript>",
    "<div style='display:flex'><span>а</span><span>б</span></div><span style='display:block'>в</span>г",
    "<style>@media print{p{display:none}} b{display:none!important}</style><p>а <b style='display:inline'>ні</b>б</p>",
    "<ol><li>а<ul><li>б</ul><li>в</ol><h2>Г <em>ґ</em></h2><blockquote>д</blockquote>",
    "<dl><dt>а<dd>б</dl><figure><figcaption>в</figcaption></figure><dialog>ні</dialog>",
]  # fmt: skip


@pytest.mark.browser
def test_the_words_are_those_that_a_browser_shows(browser: Browser) -> None:
    page = browser.new_page()
    for sample in SAMPLES:
        page.set_content(sample)
        shown = re.findall(r"\w+", page.evaluate("document.body.innerText"))
        ours = " ".join(re.sub(r"^\s*\d+\. ", "", line) for line in read(sample))
        assert re.findall(r"\w+", ours) == shown, sample
    page.close()


def test_lines_have_the_numbers_of_the_file_in_tables_and_lists_too() -> None:
    html = "<table>\n<tr><td>а<td>б\n<tr><td>в<td>г\n</table>\n<ul>\n<li>д\n</ul>"
    assert [line for line in html_lines(html, "d.html")[0] if line.text] == [
        Line(2, "| а | б |"), Line(2, "| --- | --- |"), Line(3, "| в | г |"), Line(6, "- д"),
    ]  # fmt: skip
