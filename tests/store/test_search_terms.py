"""What a search is read as, and what is marked in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.store.search_terms import Word, excerpt, marked, read


def joined(pieces: list[tuple[str, bool]]) -> str:
    return "".join(f"[{piece}]" if found else piece for piece, found in pieces)


@pytest.mark.parametrize(
    ("query", "stems"),
    [
        ("субсидія субсидії Субсидій", ["субсид"]),
        ("громада громадам громадах", ["громад"]),
        ("форум", ["форум"]),
        ("Освіта", ["освіт"]),
        ("мерів", ["мер"]),
        ("Київ школа", ["київ", "школ"]),
        ("за́мок ЗАМОК", ["замок"]),
        ("Ukraine's grants", ["ukraine's", "grants"]),
        ("", []),
        ("«!?» \"' -- *", []),
    ],
)
def test_longer_words_lose_their_ending(query: str, stems: list[str]) -> None:
    assert ["'".join(word.parts) for word in read(query)] == stems


def test_short_words_are_taken_as_they_are() -> None:
    assert read("ЄС ВПО") == (Word(("єс",), prefix=False), Word(("впо",), prefix=True))


@pytest.mark.parametrize("apostrophe", "'’ʼ`")
def test_apostrophes_are_all_one(apostrophe: str) -> None:
    assert read(f"об{apostrophe}єднання") == read("об'єднання")


@pytest.mark.parametrize(
    ("query", "text", "shown"),
    [
        ("субсидія", "Про Субсидії та субсидіарність", "Про [Субсидії] та [субсидіарність]"),
        ("єс", "ЄС і ЄСПЛ", "[ЄС] і ЄСПЛ"),
        ("об'єднання", "Об’єднанню – обʼєднані", "[Об’єднанню] – обʼєднані"),
        ("здоров'я", "на здоров’я!", "на [здоров’я]!"),
        ("<b> оренда", "<b>Оренда</b>", "<[b]>[Оренда]</[b]>"),
        ("", "Оренда", "Оренда"),
    ],
)
def test_what_was_found_is_marked_as_it_is_written(query: str, text: str, shown: str) -> None:
    assert joined(marked(text, read(query))) == shown


def test_an_excerpt_shows_the_first_word_found_and_cuts_between_words() -> None:
    text = "Перед цим. " * 20 + "Тут оренда житла. " + "А потім ще. " * 20
    found = joined(excerpt(text, read("оренда"), 120))
    assert found.startswith("… ")
    assert found.endswith(" …")
    assert "Тут [оренда] житла." in found
    assert len(found) <= 126
    assert joined(excerpt("Коротко.", read("оренда"))) == "Коротко."


@given(st.text(max_size=300), st.text(max_size=60), st.integers(1, 100))
def test_pieces_make_up_the_text_whatever_is_asked(text: str, query: str, length: int) -> None:
    words = read(query)
    assert "".join(piece for piece, _ in marked(text, words)) == text
    whole = " ".join(text.split())
    shown = "".join(piece for piece, _ in excerpt(text, words, length))
    assert shown.removeprefix("… ").removesuffix(" …") in whole
