"""A reader's page saved at once: what becomes of the choices, and what is said to have changed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.forms import Answers
from newsletter.audience.preferences import Changes, Rest, Wish, compare, corrected, rest_of, wished
from newsletter.config.parts import FieldEntry
from newsletter.model import SubscriptionState
from newsletter.store.choices import CHOSEN, LEFT, LISTED, Choice, Choices, Origin, has_left, wanted_of
from newsletter.store.people import Record
from tests.audience.conversation import PLACES

OPTIONAL = ("social", "economy", "staff")
DAY, LATER = "2025-03-01", "2025-04-01"


def rests(until: str = "") -> Choice:
    return Choice(SubscriptionState.PAUSED, Origin.READER, until)


def someone(choices: Choices) -> Record:
    return Record(email="olena@example.org", name="Олена", language="uk", attributes={}, choices=choices)


def wish(*sections: str, rest: Rest | None = None) -> Wish:
    return Wish(sections=frozenset(sections), rest=rest or Rest(), language="uk")


def becomes(choices: Choices, said: Wish) -> Choices:
    return wished(someone(choices), said, OPTIONAL).choices


held = st.sampled_from(
    [
        {},
        {"*": LISTED},
        {"*": CHOSEN},
        {"*": rests(DAY)},
        {"*": LEFT},
        {"social": LISTED, "staff": LISTED},
        {"social": CHOSEN, "economy": LEFT, "staff": rests(), "*": LEFT},
        {"social": rests(DAY), "economy": rests(LATER), "staff": LEFT, "*": LEFT},
        {"social": rests(DAY), "economy": rests(DAY), "staff": rests(DAY)},
    ]
)
rest = st.builds(
    Rest,
    everything=st.booleans(),
    sections=st.frozensets(st.sampled_from(OPTIONAL)),
    until=st.sampled_from(["", DAY, LATER]),
)
wishes = st.builds(
    lambda sections, rest: wish(*sections, rest=rest),
    st.one_of(st.just({"*"}), st.sets(st.sampled_from(OPTIONAL))),
    rest,
)


@given(held, wishes)
def test_saving_gives_what_was_ticked_and_pauses_what_was_to_be_paused(choices: Choices, said: Wish) -> None:
    after = becomes(choices, said)
    wanted = said.sections if "*" not in said.sections else frozenset(OPTIONAL)
    paused = wanted if said.rest.everything else wanted & said.rest.sections
    for section in OPTIONAL:
        choice = after.get(section, after.get("*", LEFT))
        assert (choice.state != SubscriptionState.LEFT) == (section in wanted)
        assert (choice.state == SubscriptionState.PAUSED) == (section in paused)
        assert choice.origin == Origin.READER
    assert has_left(after) == (not wanted)


@given(held, wishes)
def test_saving_what_the_page_then_shows_changes_nothing(choices: Choices, said: Wish) -> None:
    once = becomes(choices, said)
    shown = wish(*wanted_of(once) - {"*"}, rest=rest_of(once, OPTIONAL))
    shown = replace(shown, sections=frozenset({"*"})) if "*" in wanted_of(once) else shown
    again = wished(someone(once), shown, OPTIONAL)
    assert compare(someone(once), again, OPTIONAL).nothing
    assert wished(again, shown, OPTIONAL) == again


@pytest.mark.parametrize(
    ("choices", "shown"),
    [
        ({"*": LISTED}, Rest()),
        ({"*": rests(DAY)}, Rest(everything=True, until=DAY)),
        ({"social": rests(), "economy": rests()}, Rest(everything=True)),
        ({"social": rests(DAY), "economy": CHOSEN}, Rest(sections=frozenset({"social"}), until=DAY)),
        (
            {"social": rests(DAY), "economy": rests(LATER)},
            Rest(sections=frozenset({"social", "economy"})),
        ),
        ({}, Rest()),
    ],
)
def test_pauses_are_shown_as_one_where_they_are_one(choices: Choices, shown: Rest) -> None:
    assert rest_of(choices, OPTIONAL) == shown


def test_pauses_to_different_days_keep_them_unless_another_is_given() -> None:
    choices = {"social": rests(DAY), "economy": rests(LATER), "staff": CHOSEN}
    both = frozenset({"social", "economy"})
    assert becomes(choices, wish(*OPTIONAL, rest=Rest(sections=both)))["social"] == rests(DAY)
    moved = becomes(choices, wish(*OPTIONAL, rest=Rest(sections=both, until="2025-05-01")))
    assert moved["social"] == moved["economy"] == rests("2025-05-01")


def test_a_pause_of_everything_ends_with_all_sections_still_chosen() -> None:
    assert becomes({"*": rests(DAY)}, wish("*")) == {"*": CHOSEN}


def test_what_changed_is_told_by_section_and_day() -> None:
    before = someone({"social": CHOSEN, "economy": rests(), "*": LEFT})
    after = replace(
        before, name="Ольга", choices={"social": rests(DAY), "economy": CHOSEN, "staff": CHOSEN, "*": LEFT}
    )
    assert compare(before, after, OPTIONAL) == Changes(
        left=False,
        every=False,
        added=("staff",),
        removed=(),
        paused={DAY: ("social",)},
        resumed=("economy",),
        details=("name",),
    )


def test_leaving_is_told_as_leaving_and_not_section_by_section() -> None:
    before = someone({"*": LISTED})
    changes = compare(before, replace(before, choices={"*": LEFT}), OPTIONAL)
    assert changes.left
    assert not changes.removed


def test_a_correction_takes_name_and_public_fields_and_leaves_what_is_private() -> None:
    fields = PLACES.fields | {"notes": FieldEntry(label="Notes", public=False)}
    before = replace(someone({"*": LISTED}), attributes={"region": "Сумська", "old": "x", "notes": "y"})
    answers = Answers(name="Ольга", attributes={"position": "Голова"})
    after = corrected(before, answers, PLACES.model_copy(update={"fields": fields}))
    assert (after.name, after.attributes) == ("Ольга", {"old": "x", "notes": "y", "position": "Голова"})
    assert after.choices == before.choices
