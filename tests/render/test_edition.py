"""Which items a reader gets, and that it is always the same ones."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import Place
from newsletter.model import (
    AllOf,
    AnyOf,
    Block,
    Condition,
    Edition,
    Event,
    Has,
    Issue,
    Item,
    ItemKind,
    Not,
    Period,
    Picture,
    Section,
    Subscriber,
)
from newsletter.render.edition import Editions

SLUGS = ("top", "social", "school", "economy")
EVERYTHING = frozenset({"*"})


def item(name: str, *sections: str, only_for: Condition | None = None) -> Item:
    return Item(id=name, title=name.title(), sections=sections, only_for=only_for, at=Place("item.md"))


def issue(*blocks: tuple[str, list[Item]]) -> Issue:
    return Issue(
        period=Period(start=date(2025, 2, 8), end=date(2025, 2, 14)),
        subject="Digest",
        blocks=tuple(
            Block(section=Section(slug=slug, title=slug.title(), always=slug == "top"), items=tuple(items))
            for slug, items in blocks
        ),
        at=Place("issue.yaml"),
    )


def shown(edition: Edition | None) -> dict[str, list[str]]:
    return {b.section.slug: [i.id for i in b.items] for b in edition.blocks} if edition else {}


leaves = st.builds(Has, st.just("section"), st.frozensets(st.sampled_from(SLUGS), min_size=1)) | st.builds(
    Has, st.just("region"), st.frozensets(st.sampled_from(["Київська", "Сумська"]), min_size=1)
)
conditions = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=4,
)


@st.composite
def issues(draw: st.DrawFn) -> Issue:
    blocks: list[tuple[str, list[Item]]] = []
    number = 0
    for slug in draw(st.permutations(SLUGS)):
        items = []
        for _ in range(draw(st.integers(0, 3))):
            number += 1
            others = draw(st.lists(st.sampled_from(SLUGS), unique=True, max_size=2))
            sections = tuple(dict.fromkeys([slug, *others]))
            items.append(item(f"i{number}", *sections, only_for=draw(st.none() | conditions)))
        if items:
            blocks.append((slug, items))
    return issue(*blocks)


choices = st.frozensets(st.sampled_from((*SLUGS, "*")))
attributes = st.fixed_dictionaries({}, optional={"region": st.sampled_from(["Київська", "Сумська", "Інша"])})


@given(issues(), choices, attributes)
def test_an_edition_is_never_empty_and_never_repeats_an_item(
    made: Issue, chosen: frozenset[str], known: dict[str, str]
) -> None:
    edition = Editions(made).of(chosen, known)
    if edition is not None:
        names = [i.id for i in edition.items]
        assert names
        assert len(names) == len(set(names))
        assert all(block.items for block in edition.blocks)


@given(issues(), choices, attributes)
def test_order_is_the_order_of_the_issue(made: Issue, chosen: frozenset[str], known: dict[str, str]) -> None:
    edition = Editions(made).of(chosen, known)
    if edition is not None:
        sections = [block.section.slug for block in made.blocks]
        items = [i.id for block in made.blocks for i in block.items]
        assert sorted(edition.sections, key=sections.index) == list(edition.sections)
        for block in edition.blocks:
            names = [i.id for i in block.items]
            assert sorted(names, key=items.index) == names


@given(issues(), attributes)
def test_a_choice_of_all_equals_a_choice_of_each(made: Issue, known: dict[str, str]) -> None:
    editions = Editions(made)
    assert editions.of(EVERYTHING, known) == editions.of(frozenset(SLUGS), known)


@given(issues(), choices, attributes)
def test_the_same_reader_gets_the_same_edition_from_whoever_asks(
    made: Issue, chosen: frozenset[str], known: dict[str, str]
) -> None:
    editions = Editions(made)
    assert editions.of(chosen, known) is editions.of(frozenset(chosen), dict(known))
    assert editions.of(chosen, known) == Editions(made).of(chosen, known)


@given(issues(), choices, attributes)
def test_an_item_is_shown_to_those_who_chose_one_of_its_sections_and_meet_its_condition(
    made: Issue, chosen: frozenset[str], known: dict[str, str]
) -> None:
    from newsletter.conditions import holds  # noqa: PLC0415  the judge of this test only

    edition = Editions(made).of(chosen, known)
    got = {i.id for i in edition.items} if edition else set()
    always = {block.section.slug for block in made.blocks if block.section.always}
    for block in made.blocks:
        for one in block.items:
            theirs = "*" in chosen or not (chosen | always).isdisjoint(one.sections)
            held = one.only_for is None or holds(one.only_for, chosen, known)
            assert (one.id in got) == (theirs and held)


@given(issues(), st.lists(st.tuples(choices, attributes), max_size=12))
def test_a_tally_counts_every_reader_once(
    made: Issue, people: list[tuple[frozenset[str], dict[str, str]]]
) -> None:
    readers = [
        Subscriber(id=number, email=f"r{number}@example.org", sections=chosen, attributes=known)
        for number, (chosen, known) in enumerate(people)
    ]
    tally, without = Editions(made).tally(readers)
    assert sum(number for _, number in tally) + without == len(readers)
    assert len({edition.key for edition, _ in tally}) == len(tally)


def test_a_reader_gets_the_sections_for_everyone_and_those_they_chose() -> None:
    editions = Editions(
        issue(
            ("top", [item("a", "top")]), ("social", [item("b", "social")]), ("school", [item("c", "school")])
        )
    )
    assert shown(editions.of(frozenset({"school", "economy"}), {})) == {"top": ["a"], "school": ["c"]}


def test_who_chose_nothing_of_this_week_gets_no_letter() -> None:
    assert Editions(issue(("social", [item("b", "social")]))).of(frozenset({"school"}), {}) is None


def test_an_item_of_two_sections_is_found_under_the_one_a_reader_chose() -> None:
    editions = Editions(issue(("social", [item("a", "social", "school")]), ("school", [item("b", "school")])))
    assert shown(editions.of(EVERYTHING, {})) == {"social": ["a"], "school": ["b"]}
    assert shown(editions.of(frozenset({"school"}), {})) == {"school": ["a", "b"]}


def test_an_item_whose_other_section_has_no_block_stays_in_its_own() -> None:
    editions = Editions(issue(("social", [item("a", "social", "school")])))
    assert shown(editions.of(frozenset({"school"}), {})) == {"social": ["a"]}


def test_the_public_edition_leaves_out_what_names_its_readers() -> None:
    secret = item("b", "top", only_for=Not(Has("region", frozenset({"Сумська"}))))
    assert shown(Editions(issue(("top", [item("a", "top"), secret]))).whole()) == {"top": ["a"]}


def test_a_key_changes_with_every_visible_word() -> None:
    base = item("a", "top")
    keys = set()
    for changed in (
        base,
        item("b", "top"),
        Item(id="a", title="Other", sections=("top",), at=base.at),
        Item(id="a", title="A", text="said", sections=("top",), at=base.at),
        Item(id="a", title="A", link="https://example.org", sections=("top",), at=base.at),
    ):
        edition = Editions(issue(("top", [changed]))).whole()
        assert edition
        keys.add(edition.key)
    assert len(keys) == 5


def test_an_edition_s_key_changes_with_everything_that_is_visible_of_an_item() -> None:
    news = item("one", "top")
    concert = Event(start=date(2025, 2, 20), place="Київ")
    photo = Picture(file="one.jpg", alt="Міст")
    shown = [
        news,
        replace(news, kind=ItemKind.BRIEF),
        replace(news, lead=True),
        replace(news, event=concert),
        replace(news, event=replace(concert, end=date(2025, 2, 21))),
        replace(news, picture=photo),
        replace(news, picture=replace(photo, credit="Укрінформ")),
    ]
    editions = [Editions(issue(("top", [one]))).whole() for one in shown]
    assert len({edition.key for edition in editions if edition}) == len(shown)
