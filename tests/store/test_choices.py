"""A list's word and a reader's word about sections; the reader's is stronger."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import EVERY_SECTION, SubscriptionState
from newsletter.store.choices import LEFT, LISTED, Choice, Origin, by_leaving, by_list, has_left

ACTIVE, PAUSED = SubscriptionState.ACTIVE, SubscriptionState.PAUSED
OWN = Choice(ACTIVE, Origin.READER)
REST = Choice(PAUSED, Origin.READER)
WAITS = Choice(PAUSED, Origin.READER, "2025-03-01")
OPTIONAL = ("social", "economy", "staff")
STOPPED = (SubscriptionState.LEFT, PAUSED)

some_sections = st.sets(st.sampled_from(OPTIONAL), min_size=1)
wanted = st.one_of(some_sections, st.just({EVERY_SECTION}))
words = st.sampled_from([LISTED, LEFT, OWN, REST, WAITS, Choice(PAUSED, Origin.LIST)])
explicit = st.dictionaries(st.sampled_from(OPTIONAL), words)
every = st.fixed_dictionaries(
    {EVERY_SECTION: st.sampled_from([LISTED, OWN])},
    optional={section: st.sampled_from([LISTED, OWN]) for section in OPTIONAL},
)
choices = st.one_of(explicit, every)


def coherent(held: Mapping[str, Choice]) -> bool:
    """`*` does not stand open beside a section that was left or paused."""
    opened = held.get(EVERY_SECTION, LEFT).state not in STOPPED
    return not opened or all(choice.state not in STOPPED for choice in held.values())


@given(choices, wanted)
def test_a_list_changes_nothing_that_the_reader_did(held: Mapping[str, Choice], said: set[str]) -> None:
    after = by_list(held, said, OPTIONAL)
    for section, choice in held.items():
        if choice.origin == Origin.READER or choice.state in STOPPED:
            assert after[section] == choice
    assert coherent(after)


@given(choices, wanted)
def test_a_list_said_twice_is_said_once(held: Mapping[str, Choice], said: set[str]) -> None:
    once = by_list(held, said, OPTIONAL)
    assert by_list(once, said, OPTIONAL) == once


@given(choices, some_sections)
def test_leaving_stops_exactly_what_was_left(held: Mapping[str, Choice], sections: set[str]) -> None:
    after = by_leaving(held, sections, OPTIONAL)
    assert all(after[section] == LEFT for section in sections)
    assert coherent(after)
    for section in set(OPTIONAL) - sections:
        assert after.get(section) == held.get(section, held.get(EVERY_SECTION))


@given(choices, wanted)
def test_whoever_left_everything_stays_away(held: Mapping[str, Choice], said: set[str]) -> None:
    gone = by_leaving(held, (), OPTIONAL)
    assert has_left(gone)
    assert by_list(gone, said, OPTIONAL) == gone


@pytest.mark.parametrize(
    ("held", "said", "after"),
    [
        ({}, {"*"}, {"*": LISTED}),
        ({}, {"social"}, {"social": LISTED}),
        ({"social": LISTED, "staff": LISTED}, {"economy"}, {"economy": LISTED}),
        ({"*": LISTED}, {"social"}, {"social": LISTED}),
        ({"social": OWN}, {"economy"}, {"social": OWN, "economy": LISTED}),
        ({"*": OWN}, {"economy"}, {"*": OWN}),
        ({"social": LEFT, "staff": LISTED}, {"*"}, {"social": LEFT, "economy": LISTED, "staff": LISTED}),
        ({"social": REST, "staff": OWN}, {"*"}, {"social": REST, "staff": OWN, "economy": LISTED}),
        ({"social": LEFT, "staff": REST}, {"economy"}, {"social": LEFT, "staff": REST}),
        ({"*": REST}, {"economy"}, {"*": REST}),
        ({"social": WAITS}, {"social"}, {"social": WAITS}),
    ],
)
def test_what_a_list_makes_of_choices(
    held: Mapping[str, Choice], said: set[str], after: Mapping[str, Choice]
) -> None:
    assert by_list(held, said, OPTIONAL) == after


def test_leaving_one_of_all_sections_keeps_the_others_as_they_were_chosen() -> None:
    assert by_leaving({"*": LISTED}, ["social"], OPTIONAL) == {
        "social": LEFT,
        "economy": LISTED,
        "staff": LISTED,
    }


def test_leaving_every_section_one_by_one_is_leaving() -> None:
    held: Mapping[str, Choice] = {"*": OWN}
    for section in OPTIONAL:
        assert not has_left(held)
        held = by_leaving(held, [section], OPTIONAL)
    assert has_left(held)


def test_nobody_has_left_who_never_chose() -> None:
    assert not has_left({})
