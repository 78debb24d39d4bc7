"""Names of editions in addresses: readable, each its own, and the same after an edit."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import Place
from newsletter.model import Block, Edition, Item, Section
from newsletter.web.preview.proofs import names


def edition(key: str, *blocks: tuple[str, str], text: str = "") -> Edition:
    """Return an edition of (section, item ids by blanks)."""
    return Edition(
        key=key,
        blocks=tuple(
            Block(
                section=Section(slug=slug, title=slug),
                items=tuple(
                    Item(id=name, title=name, text=text, sections=(slug,), at=Place(name))
                    for name in items.split()
                ),
            )
            for slug, items in blocks
        ),
    )


def test_an_edition_is_named_by_its_sections() -> None:
    assert names([edition("k", ("top", "a"), ("social", "b"))]) == {"k": "top.social"}


def test_editions_of_the_same_sections_are_numbered_whatever_their_order() -> None:
    first, second = edition("x", ("top", "a")), edition("y", ("top", "b"))
    assert names([first, second]) == names([second, first]) == {"x": "top", "y": "top~2"}


@given(st.lists(st.sets(st.sampled_from("abcd"), min_size=1), unique_by=frozenset))
def test_every_edition_has_a_name_of_its_own_that_an_edit_leaves(choices: list[set[str]]) -> None:
    before = [edition(str(n), ("top", " ".join(sorted(items)))) for n, items in enumerate(choices)]
    after = [
        replace(edition(f"new {n}", ("top", " ".join(sorted(items))), text="edited"))
        for n, items in enumerate(choices)
    ]
    named = names(before)
    assert len(set(named.values())) == len(before)
    assert {f"new {key}": name for key, name in named.items()} == names(after)
