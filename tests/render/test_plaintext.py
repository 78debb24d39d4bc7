"""The words of the text part."""

import re

from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.markdown import html
from newsletter.render.plaintext import WIDTH, fill, plain, underline

words = st.text(alphabet="абвгҐїєІ–—-'’1 ", min_size=1, max_size=300)


@given(words)
def test_filling_keeps_every_word_and_never_begins_a_line_with_a_dash(text: str) -> None:
    filled = fill(text)
    assert filled.split() == text.split()
    for line in filled.split("\n"):
        assert len(line) <= WIDTH or " " not in line.strip() or "–" in line or "—" in line
    for line in filled.split("\n")[1:]:
        assert not re.match("[–—] ", line)


def test_a_long_address_is_not_broken() -> None:
    address = "https://example.org/" + "a-b/" * 40
    assert address in fill(f"Дивіться {address} тут").split("\n")


def test_links_stand_alone_below_their_paragraph() -> None:
    assert plain("Читайте **новий** [порядок](https://example.org/1) сьогодні.\n\nДалі.") == (
        "Читайте новий порядок сьогодні.\nhttps://example.org/1\n\nДалі."
    )


def test_several_links_are_named() -> None:
    assert plain("[Закон](https://example.org/1) і [наказ](https://example.org/2)") == (
        "Закон і наказ\nЗакон:\nhttps://example.org/1\nнаказ:\nhttps://example.org/2"
    )


def test_an_address_that_is_its_own_text_is_said_once() -> None:
    assert (
        plain("Сайт <https://example.org/1> і <a@example.org>")
        == "Сайт https://example.org/1 і a@example.org"
    )


def test_lists_have_hyphens_or_numbers_and_hang() -> None:
    long = "слово " * 20
    lines = plain(f"- {long}\n- два\n\n1. раз\n   - середина\n2. два").split("\n")
    assert lines[0].startswith("- слово")
    assert lines[1].startswith("  слово")
    assert lines[-4:] == ["", "1. раз", "   - середина", "2. два"]


def test_lists_within_lists_never_get_too_narrow_to_write_in() -> None:
    assert plain("123456789. " * 8 + "слово дуже довге").count("слово дуже довге") == 1


def test_an_underline_is_as_long_as_the_longest_line() -> None:
    assert underline("одинадцять\nдва", "=") == "одинадцять\nдва\n=========="


@given(st.text(alphabet="абв *_[](-)1.\n\\&;<>|#", max_size=120))
def test_the_text_says_the_words_of_the_html(text: str) -> None:
    said = re.sub("<[^>]*>", "", html(text)).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert re.findall("[абв]", said) == re.findall("[абв]", plain(text))


def test_quotes_and_headings_are_written_as_letters_have_them() -> None:
    assert plain("#### Назва\n\n> Цитата [мера](https://a.org/1)\n>\n> ще") == (
        "Назва\n\n> Цитата мера\n> https://a.org/1\n>\n> ще"
    )


def test_a_table_stands_in_columns_where_they_fit() -> None:
    assert plain("| Область | Громад |\n| --- | --- |\n| Сумська | 51 |") == (
        "Область  Громад\n-------  ------\nСумська  51"
    )


def test_a_wide_table_or_one_with_links_is_told_row_by_row() -> None:
    long = "слово " * 12
    lines = plain(
        f"| Область | Опис |\n| --- | --- |\n| Сумська | {long} |\n| Київ | [51](https://a.org/1) |"
    )
    assert all(len(line) <= WIDTH for line in lines.split("\n"))
    assert lines.startswith("Область: Сумська\nОпис: слово")
    assert lines.endswith("Область: Київ\nОпис: 51\nhttps://a.org/1")
