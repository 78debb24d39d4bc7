"""Barriers are found by their criterion, and what is well made gives none; how hard a text is, is counted."""

import pytest

from newsletter.checks.accessibility import NAMES, RULES, barriers
from newsletter.checks.readability import reading

PAGE = (
    '<html lang="uk"><head><title>Громади</title></head><body style="background-color:#ffffff;color:#222222">'
    "<h1>Громади</h1>@</body></html>"
)
FAULTS = {
    '<img src="map.png">': ("1.1.1", "a picture has no text alternative"),
    '<a href="/m"><img src="map.png" alt=""></a>': ("1.1.1", "a picture that is a link has no text"),
    "<table><tr><td>Київ</td></tr></table>": (
        "1.3.1",
        "a table has neither headings nor the role of a layout",
    ),
    "<h3>Житло</h3>": ("1.3.1", "a heading of level 3 follows one of 1"),
    "<h1>Житло</h1>": ("1.3.1", "the page has not exactly one heading of the first level"),
    '<p style="color:#999999">Житло</p>': (
        "1.4.3",
        "text in #999999 on #ffffff has a contrast of 2.8, less than 4.5",
    ),
    '<td bgcolor="#0b4f9c"><p style="color:#222222">Житло</p></td>': (
        "1.4.3",
        "text in #222222 on #0b4f9c has a contrast of 2.0, less than 4.5",
    ),
    '<meta name="viewport" content="width=device-width, user-scalable=no">': (
        "1.4.4",
        "the page forbids to enlarge it",
    ),
    '<a href="/a"> </a>': ("2.4.4", "a link has no words"),
    '<a href="/a">детальніше</a>': ("2.4.4", "the words of a link do not say where it leads: 'детальніше'"),
    "<h2></h2>": ("2.4.6", "a heading is empty"),
    "<p>The programme will support small towns in Ukraine.</p>": (
        "3.1.2",
        "a passage may be in another language, and is not marked so",
    ),
}
FINE = (
    '<img src="map.png" alt=""><a href="/m"><img src="map.png" alt="Карта"></a>',
    '<table role="presentation"><tr><td>Київ</td></tr></table><table><tr><th>Місто</th></tr></table>',
    "<h2>Житло</h2><h3>Субсидії</h3><h2>Освіта</h2>",
    '<h2 style="color:#949494">Житло</h2><p style="color:#949494;font-size:24px">Житло</p>',
    '<div style="display:none;color:#ffffff">Приховане</div><p style="color:rgba(0,0,0,0.1)">Невідоме</p>',
    '<a href="/a">Рішення ради</a><a href="/b" aria-label="Карта громад">тут</a>',
    '<p lang="en">The programme will support small towns in Ukraine.</p><p>Програма Horizon Europe</p>',
    "<p>Пишіть: office@auc.org.ua, https://auc.org.ua/a/very/long/path/of/words</p>",
)


@pytest.mark.parametrize("markup", FAULTS)
def test_a_barrier_is_found_by_its_criterion(markup: str) -> None:
    criterion, text = FAULTS[markup]
    page = (
        PAGE.replace("<body", f"{markup}<body") if markup.startswith("<meta") else PAGE.replace("@", markup)
    )
    [found] = barriers(page)
    assert (found.criterion, found.text, found.certain) == (criterion, text, criterion != "3.1.2")
    assert found.criterion in RULES


@pytest.mark.parametrize("markup", FINE)
def test_what_is_well_made_is_no_barrier(markup: str) -> None:
    assert barriers(PAGE.replace("@", markup)) == []


def test_a_page_without_language_title_or_anything_is_told_so() -> None:
    assert [one.criterion for one in barriers("<p>Житло</p>")] == ["1.3.1", "2.4.2", "3.1.1"]
    assert barriers("") == []
    assert NAMES.keys() >= set(RULES)


def test_sentences_are_counted_past_abbreviations_and_initials() -> None:
    text = "Зустріч була в м. Київ на вул. Хрещатик. Очолив І. Коваль. Було 5 тис. грн.\n\nКінець"
    found = reading([text, ""])
    assert (found.words, found.sentences) == (15, 4)
    assert found.longest == ()


def test_long_words_and_long_sentences_make_a_text_hard() -> None:
    easy, hard = (
        reading(["Мама мила раму. Тато спав."]),
        reading(["Співробітництво територіальних громад. " * 3]),
    )
    assert (easy.lix, easy.long_words) == (2, 0)
    assert hard.lix == round(3 + 100 * 6 / 9)
    long = reading([" ".join(["слово"] * 30) + "."])
    assert long.longest == ((30, " ".join(["слово"] * 30) + "."),)
    assert reading([]).lix == 0
