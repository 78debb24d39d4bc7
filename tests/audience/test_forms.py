"""What people write in forms: kept clean, or refused field by field with nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.forms import LONGEST, Answers, Fault, read, read_address
from newsletter.config import Settings

ALL = {"take": ["all"]}


def answers(settings: Settings, **form: str) -> Answers:
    given = {name.replace("_", "-"): [value] for name, value in form.items()}
    return read({**ALL, **given}, settings)


def test_values_are_one_line_with_composed_letters(settings: Settings) -> None:
    found = answers(settings, name=" Олена \r\n\tГнатюк\u00a0", field_position="голова громади\u0438\u0306")
    assert found.name == "Олена Гнатюк"
    assert found.attributes == {"position": "голова громадий"}
    assert not found.faults


@pytest.mark.parametrize(
    ("value", "fault"),
    [("ї" * (LONGEST + 1), Fault.LONG), ("а\0б", Fault.UNREADABLE), ("\u202eа", Fault.UNREADABLE)],
)
def test_what_cannot_be_kept_is_refused_where_it_stands(settings: Settings, value: str, fault: Fault) -> None:
    assert answers(settings, field_position=value).faults == {"field-position": fault}
    assert answers(settings, name=value).faults == {"name": fault}


@pytest.mark.parametrize(
    ("region", "picked", "typed", "kept"),
    [
        ("Сумська", "Конотопська", "", "Конотопська"),
        ("Сумська", "", "конотопська", "Конотопська"),
        ("Сумська", "Конотопська", "Нова", "Нова"),
        ("Київ", "Київська міська", "", "Київська міська"),
        ("", "Нова", "", "Нова"),
        ("Сумська", "", "", None),
    ],
)
def test_a_community_is_picked_from_its_region_or_typed(
    settings: Settings, region: str, picked: str, typed: str, kept: str | None
) -> None:
    found = answers(settings, field_region=region, field_community=picked, other_community=typed)
    assert found.attributes.get("community") == kept
    assert not found.faults


def test_a_community_of_another_region_is_refused_and_the_region_kept(settings: Settings) -> None:
    found = answers(settings, field_region="Харківська", field_community="Конотопська")
    assert found.faults == {"field-community": Fault.ELSEWHERE}
    assert found.attributes == {"region": "Харківська"}


def test_sections_are_all_or_known_ones_and_at_least_one(settings: Settings) -> None:
    assert answers(settings).sections == {"*"}
    some = {"take": ["some"], "section": ["social", "education", "top", "nonsense"]}
    assert read(some, settings).sections == {"social", "education"}
    assert read({"take": ["some"]}, settings).faults == {"section": Fault.MISSING}
    assert read({}, settings).faults == {"section": Fault.MISSING}


def test_without_sections_to_choose_everything_is_chosen(settings: Settings) -> None:
    only = settings.model_copy(update={"sections": settings.sections[:1]})
    assert read({}, only).sections == {"*"}


@pytest.mark.parametrize(
    ("typed", "kept", "fault"),
    [
        ("", "", Fault.MISSING),
        (" olena@example.org ", "olena@example.org", None),
        ("olena@приклад.укр", "olena@xn--80aikifvh.xn--j1amh", None),
        ("олена@example.org", "олена@example.org", Fault.ADDRESS),
        ("a@example.org\r\nBcc: b@example.org", "a@example.org\r\nBcc: b@example.org", Fault.ADDRESS),
    ],
)
def test_an_address_is_kept_in_its_one_form_or_shown_again(
    typed: str, kept: str, fault: Fault | None
) -> None:
    assert read_address({"email": [typed]}, "email") == (kept, fault)


names = st.sampled_from(
    [
        "name",
        "email",
        "field-region",
        "field-community",
        "other-community",
        "field-position",
        "take",
        "section",
    ]
)
texts = st.one_of(st.text(), st.sampled_from(["Сумська", "Конотопська", "all", "some", "social"]))


@given(st.dictionaries(names, st.lists(texts, max_size=3)))
def test_whatever_is_sent_is_read_into_clean_lines_or_faults(
    settings: Settings, form: dict[str, list[str]]
) -> None:
    found = read(form, settings)
    if not found.faults:
        assert found.sections
        for value in (found.name, *found.attributes.values()):
            assert value == " ".join(value.split())
            assert value.isprintable()
            assert len(value) <= LONGEST
