"""A list's word and a reader's word about sections; the reader's is stronger."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import EVERY_SECTION, SubscriptionState
from newsletter.store.choices import (
    CHOSEN,
    LEFT,
    LISTED,
    Choice,
    Origin,
    by_choosing,
    by_leaving,
    by_list,
    by_pausing,
    by_resuming,
    has_left,
    wanted_of,
)

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


resting = st.just({EVERY_SECTION: WAITS})
held_by_reader = st.one_of(explicit, every, resting)
days = st.sampled_from(["", "2025-03-01", "2025-04-01"])


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


@given(held_by_reader, wanted)
def test_a_reader_who_chooses_has_exactly_what_was_chosen(held: Mapping[str, Choice], said: set[str]) -> None:
    after = by_choosing(held, said, OPTIONAL)
    resting = {section for section, choice in held.items() if choice.state == PAUSED}
    if EVERY_SECTION in said and resting - {EVERY_SECTION}:
        said = set(OPTIONAL)
    assert wanted_of(after) == said
    assert all(choice.origin == Origin.READER for section, choice in after.items() if section not in resting)
    assert coherent(after)


@given(held_by_reader, wanted)
def test_choosing_keeps_a_pause_of_what_stays_chosen(held: Mapping[str, Choice], said: set[str]) -> None:
    after = by_choosing(held, said, OPTIONAL)
    for section in said - {EVERY_SECTION}:
        before = held.get(section, held.get(EVERY_SECTION, LEFT))
        assert after[section] == (before if before.state == PAUSED else CHOSEN)


@given(held_by_reader, wanted)
def test_choosing_twice_is_choosing_once(held: Mapping[str, Choice], said: set[str]) -> None:
    once = by_choosing(held, said, OPTIONAL)
    assert by_choosing(once, said, OPTIONAL) == once


@given(held_by_reader, some_sections, wanted)
def test_a_list_adds_nothing_to_sections_that_a_reader_named(
    held: Mapping[str, Choice], said: set[str], listed: set[str]
) -> None:
    after = by_choosing(held, said, OPTIONAL)
    assert by_list(after, listed, OPTIONAL) == after


@given(held_by_reader)
def test_choosing_nothing_is_leaving(held: Mapping[str, Choice]) -> None:
    assert has_left(by_choosing(held, (), OPTIONAL))


@given(held_by_reader, st.one_of(st.just(set()), some_sections), days, wanted)
def test_a_pause_holds_what_was_chosen_and_a_list_does_not_end_it(
    held: Mapping[str, Choice], sections: set[str], until: str, listed: set[str]
) -> None:
    after = by_pausing(held, sections, until, OPTIONAL)
    pause = Choice(PAUSED, Origin.READER, until)
    for section in sections or wanted_of(held):
        chosen = held.get(section, held.get(EVERY_SECTION, LEFT)).state != SubscriptionState.LEFT
        assert after.get(section, LEFT) == (pause if chosen else LEFT)
        if chosen:
            assert by_list(after, listed, OPTIONAL)[section] == pause
    assert by_pausing(after, sections, until, OPTIONAL) == after
    assert coherent(after)


@given(held_by_reader, st.one_of(st.just(set()), some_sections))
def test_resuming_ends_a_pause_and_wakes_nothing_that_was_left(
    held: Mapping[str, Choice], sections: set[str]
) -> None:
    after = by_resuming(held, sections, OPTIONAL)
    for section in sections or held:
        before = held.get(section, held.get(EVERY_SECTION))
        now = after.get(section, after.get(EVERY_SECTION))
        assert now == (CHOSEN if before and before.state == PAUSED else before)
    assert by_resuming(after, sections, OPTIONAL) == after
    assert coherent(after)


@given(every, some_sections, days)
def test_what_was_paused_comes_back_as_it_was(
    held: Mapping[str, Choice], sections: set[str], until: str
) -> None:
    rested = by_resuming(by_pausing(held, sections, until, OPTIONAL), (), OPTIONAL)
    assert wanted_of(rested) == set(OPTIONAL)
    assert wanted_of(by_resuming(by_pausing(held, (), until, OPTIONAL), (), OPTIONAL)) == wanted_of(held)


def test_one_section_of_a_pause_of_all_can_be_resumed() -> None:
    assert by_resuming({"*": WAITS}, ["social"], OPTIONAL) == {
        "social": CHOSEN,
        "economy": WAITS,
        "staff": WAITS,
    }
