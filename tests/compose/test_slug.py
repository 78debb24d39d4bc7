"""Names in Latin letters."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.slug import slug, transliterate


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        # examples of the resolution's own table
        ("Алушта", "alushta"),
        ("Гадяч", "hadiach"),
        ("Ґалаґан", "galagan"),
        ("Донецьк", "donetsk"),
        ("Єнакієве", "yenakiieve"),
        ("Гаєвич", "haievych"),
        ("Житомир", "zhytomyr"),
        ("Згорани", "zghorany"),
        ("Розгон", "rozghon"),
        ("Їжакевич", "yizhakevych"),
        ("Йосипівка", "yosypivka"),
        ("Стрий", "stryi"),
        ("Щербухи", "shcherbukhy"),
        ("Юрій Крюківка", "yurii kriukivka"),
        ("Яготин Костянтин", "yahotyn kostiantyn"),
        ("Знам'янка", "znamianka"),
        ("Феодосія", "feodosiia"),
    ],
)
def test_ukrainian_is_transliterated_by_the_official_table(name: str, latin: str) -> None:
    assert transliterate(name) == latin


@pytest.mark.parametrize("apostrophe", "'’ʼ")
def test_every_apostrophe_is_left_out(apostrophe: str) -> None:
    assert slug(f"зв{apostrophe}язок", 40) == "zviazok"


def test_a_decomposed_letter_is_the_same_letter() -> None:
    assert transliterate("Киі\u0308в и\u0306") == transliterate("Київ й")


def test_a_long_title_is_cut_between_words() -> None:
    assert slug("Про партнерство на Українському тижні", 20) == "pro-partnerstvo-na"


def test_a_single_long_word_is_cut_where_it_must() -> None:
    assert slug("а" * 60, 40) == "a" * 40


@settings(deadline=None)
@given(st.text(), st.integers(1, 60))
def test_a_slug_is_a_safe_name_of_the_wanted_length(title: str, longest: int) -> None:
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", slug(title, longest))
    assert len(slug(title, longest)) <= longest
