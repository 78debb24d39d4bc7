"""What a reader's asking for sections makes of their choices."""

from collections.abc import Mapping

import pytest
from hypothesis import given

from newsletter.model import SubscriptionState
from newsletter.store.choices import CHOSEN, LEFT, LISTED, Choice, Origin, by_joining, by_list
from tests.store.test_choices import OPTIONAL, choices, coherent, some_sections, wanted

REST = Choice(SubscriptionState.PAUSED, Origin.READER)


@given(choices, wanted)
def test_what_was_asked_for_comes_and_nothing_else_goes(held: Mapping[str, Choice], said: set[str]) -> None:
    after = by_joining(held, said)
    assert all(after[section] == CHOSEN for section in said)
    assert coherent(after)
    if "*" not in said:
        assert {section: after[section] for section in held if section not in said} == {
            section: choice for section, choice in held.items() if section not in said
        }


@given(choices, wanted)
def test_asking_twice_is_asking_once(held: Mapping[str, Choice], said: set[str]) -> None:
    once = by_joining(held, said)
    assert by_joining(once, said) == once


@given(choices, wanted, some_sections)
def test_no_list_undoes_it(held: Mapping[str, Choice], said: set[str], listed: set[str]) -> None:
    after = by_list(by_joining(held, said), listed, OPTIONAL)
    assert all(after[section] == CHOSEN for section in said)


@pytest.mark.parametrize(
    ("held", "said", "after"),
    [
        ({}, {"*"}, {"*": CHOSEN}),
        ({"social": LEFT, "*": LEFT}, {"social"}, {"social": CHOSEN, "*": LEFT}),
        ({"social": LEFT, "staff": REST}, {"*"}, {"*": CHOSEN}),
        ({"*": LISTED}, {"social"}, {"*": LISTED, "social": CHOSEN}),
    ],
)
def test_what_asking_makes_of_choices(
    held: Mapping[str, Choice], said: set[str], after: Mapping[str, Choice]
) -> None:
    assert by_joining(held, said) == after
