"""The register of communities: whole, told apart, and in the order of the alphabet."""

import pytest

from newsletter.audience.ukraine.communities import alphabetical, find, register


def test_every_community_of_the_register_is_there_once() -> None:
    found = [one for ones in register().values() for one in ones]
    assert len(found) == len({one.code for one in found}) == 1772
    assert len(register()) == 27
    assert all(one.region == region for region, ones in register().items() for one in ones)


def test_labels_tell_the_communities_of_a_region_apart() -> None:
    for region, ones in register().items():
        assert len({one.label for one in ones}) == len(ones)
        assert all(find(region, one.label) == one for one in ones)
    labels = [one.label for one in register()["Дніпропетровська"]]
    assert "Миколаївська (Дніпровський район)" in labels
    assert "Апостолівська" in labels


def test_words_are_sorted_as_ukrainian_dictionaries_do() -> None:
    words = ["Яр", "Іва", "Ґава", "Гара", "Дача", "Їжа", "Йод", "Ива", "Єва", "Ера", "Жук", "В’юн", "Вяз"]
    assert sorted(words, key=alphabetical) == [
        *("В’юн", "Вяз", "Гара", "Ґава", "Дача", "Ера", "Єва", "Жук", "Ива", "Іва", "Їжа", "Йод", "Яр")
    ]
    assert list(register()) == sorted(register(), key=alphabetical)


@pytest.mark.parametrize("typed", ["Дубов’язівська", "дубов'язівська", "ДУБОВʼЯЗІВСЬКА"])
def test_a_community_is_found_whatever_its_case_and_apostrophe(typed: str) -> None:
    found = find("Сумська", typed)
    assert found
    assert (found.name, found.district) == ("Дубов’язівська", "Конотопський")
    assert find("Харківська", typed) is None
