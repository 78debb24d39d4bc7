"""Mechanical mending: marks, spaces and links, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.checks.codes import CODES
from newsletter.checks.mend import mended_line, mended_link, mended_text
from newsletter.checks.wording import typed_marks
from newsletter.render.plaintext import words


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Київ - столиця", "Київ – столиця"),
        ('Проєкт "Дія" стартував .', "Проєкт «Дія» стартував."),
        ("Так , ні !", "Так, ні!"),
        ("https://auc.org.ua/a - далі", "https://auc.org.ua/a – далі"),
        ("пише office@auc.org.ua ,", "пише office@auc.org.ua,"),
        ("Нічого не слід міняти: 5-й, «так», 3 : 2 …", "Нічого не слід міняти: 5-й, «так», 3 : 2 …"),
    ],
)
def test_marks_of_a_line_are_mended_and_addresses_are_not(before: str, after: str) -> None:
    assert mended_line(before, "uk") == after


def test_quotation_marks_are_those_of_the_language() -> None:
    assert mended_line('"so" - ja', "de-AT") == "„so“ – ja"
    assert mended_line('"so" - it is', "en") == '"so" – it is'


@pytest.mark.parametrize(
    "untouched",
    [
        '`а - б` і [слово](https://auc.org.ua "назва - тут")',
        "- один\n- два",
        "| а | б |\n| - | - |\n| 1 | 2 |",
        "<https://auc.org.ua/a>",
    ],
)
def test_markup_stays_as_it_was(untouched: str) -> None:
    assert mended_text(untouched, "uk") == untouched


def test_words_and_links_of_a_text_are_mended() -> None:
    before = 'Зустріч "у Києві" - [далі](https://auc.org.ua/a?utm_source=mail&id=2) .\n\n- пункт - один\n'
    after = "Зустріч «у Києві» – [далі](https://auc.org.ua/a?id=2).\n\n- пункт – один\n"
    assert mended_text(before, "uk") == after


def test_a_link_through_a_service_that_hides_where_it_leads_stays() -> None:
    assert mended_link("https://auc.org.ua/a?fbclid=1") == "https://auc.org.ua/a"
    assert mended_link("https://bit.ly/abc") == "https://bit.ly/abc"
    through = "https://l.facebook.com/l.php?u=https%3A%2F%2Fauc.org.ua%2Fa%3Ffbclid%3D2"
    assert mended_link(through) == "https://auc.org.ua/a"


@given(st.text(alphabet='аб -"«»,.!|*_`[]()<>#\n1', max_size=60))
def test_mending_twice_is_mending_once_and_ends_the_findings_of_a_line(text: str) -> None:
    once = mended_text(text, "uk")
    assert mended_text(once, "uk") == once
    line = mended_line(text.replace("\n", " ").strip(), "uk")
    assert mended_line(line, "uk") == line
    assert not [one for one in typed_marks(line, "uk") if CODES[one.code].mendable]
    assert words(once).count("\n") == words(text).count("\n")
