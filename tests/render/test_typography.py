"""No-break spaces: what each language keeps on one line, and that nothing else changes."""

import re

import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from newsletter.locales import CATALOGS
from newsletter.model import Edition, Issue
from newsletter.render.renderer import Renderer
from newsletter.render.typography import bind, bind_html
from tests.unbound import unbound

BOUND = [
    ("uk", "В.~О.~Зеленський у~м.~Київ"),
    ("uk", "підписав Зеленський~В.~О. учора"),
    ("uk", "ст.~5 Закону №~389-VIII, пп.~3 п.~2 ч.~1"),
    ("uk", "150~млн~грн, 10~% і~5~км, 25~кв.~м, 1~200~000 осіб"),
    ("uk", "20~лютого 2025~року, 2025~р., у~2024–2025~рр."),
    ("uk", "та~ін. і~т.~д. (у~т.~ч. ВПО), в.~о.~мера с.~Іванівка"),
    ("uk", "тел.~+38~(044)~123-45-67, 044~123~45~67, +380~44~123~45~67"),
    ("uk", "8~– 14~лютого 2025~року"),
    ("uk", "Громада~– це люди, я~– мер, якби~ж то"),
    ("uk", "Київська~обл., смт~Бородянка, вул.~Січових Стрільців, 73, м.~«Дніпро»"),
    ("uk", "понад 300 представників до 7~лютого"),
    ("uk", "R&amp;D b або об'єкт, А-4 а-б"),
    ("pl", "w~2025~r. i~o~godz.~10 z~ul.~Długiej, m.in. w~Krakowie"),
    ("pl", "dr~hab.~inż.~Jan Kowalski, 150~mln~zł i~10~%, art.~5 ust.~2 pkt~3, XXI~w."),
    ("de", "z.~B. am 14.~Februar 2025, i.~d.~R. 10~km, §~5 Abs.~2"),
    ("de", "Dr.~Schmidt und Frau~Müller, 5~Mio.~Euro, 10~Uhr, 8.–14.~Februar"),
    ("en", "No.~5 and p.~7: Dr.~Smith, J.~R.~R.~Tolkien, 10~km, £5~million"),
    ("en", "14~February, February~14, 5~per~cent, at 10~a.m. – a day. No. It is so"),
    ("ro", "10~km la 8~– 14 februarie, o zi, nr. 5"),
    ("he", "10~% של התושבים, +972~2~123~45~67"),
]


@pytest.mark.parametrize(("language", "text"), BOUND)
def test_what_belongs_together_is_bound_and_nothing_else(language: str, text: str) -> None:
    if language == "en":
        text = text.replace("a.m. –", "a.m.~–")
    assert bind(text.replace("~", " "), language).replace("\u00a0", "~") == text


words = st.text(st.characters() | st.sampled_from(" \u00a0азвуmz5№§.+()–%<>&;"), max_size=80)


@run(deadline=None)
@given(words, st.sampled_from((*CATALOGS, "he")))
def test_only_spaces_change_and_binding_twice_is_binding_once(text: str, language: str) -> None:
    bound = bind(text, language)
    assert unbound(bound) == unbound(text)
    assert bind(bound, language) == bound
    assert [here for here, before in zip(bound, text, strict=True) if before not in {here, " "}] == []
    assert max(map(len, re.split(r"[ \t\r\n\f\v]", bound)), default=0) <= max(
        28, *map(len, re.split(r"[ \t\r\n\f\v]", text))
    )


def test_what_would_be_too_long_for_a_phone_is_left() -> None:
    assert bind("а в з і й о у я а в з і й о у я слово", "uk").count("\u00a0") == 0
    assert bind("у https://example.org/novyny/2025", "uk").count("\u00a0") == 0


def test_words_are_bound_across_emphasis_and_links() -> None:
    html = '<p>150 <strong>млн</strong> грн у <a href="/a b">м. <em>Київ</em></a> з</p> <p>Києва</p>'
    bound = '<p>150~<strong>млн</strong>~грн у~<a href="/a b">м.~<em>Київ</em></a> з</p> <p>Києва</p>'
    assert bind_html(html, "uk").replace("\u00a0", "~") == bound


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://e.org/у м. Київ" title="у м. Київ" aria-label=\'5 > у м. Київ\'>x</a>',
        "<title>у м. Київ</title>",
        "<style>a { content: 'у м. Київ' }</style>",
        "<!--[if mso]><p>у м. Київ</p><![endif]-->",
        "<pre>у <b>м.</b> Київ</pre><code>у м. Київ</code>",
        "<textarea>у м. Київ</textarea><select><option>у м. Київ</option></select>",
        "у<br> м.<br>Київ",
    ],
)
def test_what_is_no_running_text_stays(html: str) -> None:
    assert bind_html(html, "uk") == html


@run(deadline=None)
@given(words)
def test_any_html_keeps_its_tags_and_its_words(html: str) -> None:
    assert unbound(bind_html(html, "uk")) == unbound(html)


def test_an_edition_is_bound_in_its_html_and_nowhere_else(
    renderer: Renderer, digest: Issue, whole: Edition
) -> None:
    rendered = renderer.render(digest, whole)
    body = rendered.html.partition("<body")[2]
    for words_ in ("150~млн~євро", "з~4 до 7~лютого 2025~року", "У~Бородянській", "вул.~Січових Стрільців"):
        assert words_.replace("~", "\u00a0") in body
    for text in (rendered.subject, rendered.text, rendered.html.partition("<body")[0]):
        assert "\u00a0" not in text
    assert not [value for value in re.findall(r'="([^"]*)"', body) if "\u00a0" in value]
