"""A list adds and changes people, and never brings back who is gone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from newsletter.links import Signer
from newsletter.model import EVERY_SECTION
from newsletter.store.choices import has_left
from newsletter.store.db import open_database, reading, writing
from newsletter.store.erasure import erase
from newsletter.store.import_people import Decision, Entry, Fate, decide, write
from newsletter.store.people import find, leave, readers, suppress
from newsletter.store.schema import erased, subscriber

NOW = datetime(2025, 2, 10, 9, 0, tzinfo=UTC)
SIGNER = Signer(b"0123456789abcdef")
OPTIONAL = ("social", "economy", "staff")
ALL = frozenset({EVERY_SECTION})


def take(engine: Engine, *entries: Entry) -> list[Decision]:
    with writing(engine) as connection:
        decisions = decide(connection, entries, OPTIONAL, SIGNER)
        write(connection, decisions, "list.csv", NOW)
    return decisions


def fate(engine: Engine, entry: Entry) -> tuple[Fate, str]:
    (decision,) = take(engine, entry)
    return decision.fate, decision.refusal


def test_a_new_person_without_sections_gets_all(engine: Engine) -> None:
    assert fate(engine, Entry(email="a@example.org")) == (Fate.NEW, "")
    with reading(engine) as connection:
        assert [reader.sections for reader in readers(connection)] == [ALL]


def test_a_list_is_silent_on_what_it_does_not_say(engine: Engine) -> None:
    full = Entry(
        email="a@example.org",
        name="Олена",
        language="uk",
        attributes={"region": "Сумська", "position": "міський голова"},
        sections=frozenset({"social"}),
    )
    take(engine, full)
    assert fate(engine, Entry(email="a@example.org")) == (Fate.UNCHANGED, "")
    assert fate(engine, full) == (Fate.UNCHANGED, "")
    assert fate(engine, Entry(email="a@example.org", attributes={"region": ""})) == (Fate.CHANGED, "")
    with reading(engine) as connection:
        found = find(connection, "a@example.org")
    assert found is not None
    assert (found.name, found.language, found.attributes) == ("Олена", "uk", {"position": "міський голова"})
    assert list(found.choices) == ["social"]


def test_the_same_address_in_other_letters_is_the_same_person(engine: Engine) -> None:
    take(engine, Entry(email="Olena@example.org", name="Олена"))
    assert fate(engine, Entry(email="olena@example.org", name="Олена")) == (Fate.UNCHANGED, "")
    with reading(engine) as connection:
        assert [reader.email for reader in readers(connection)] == ["Olena@example.org"]


def test_a_decision_alone_changes_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        decide(connection, [Entry(email="a@example.org")], OPTIONAL, SIGNER)
    with reading(engine) as connection:
        assert find(connection, "a@example.org") is None


def test_a_refused_line_names_the_reason(engine: Engine) -> None:
    take(engine, *(Entry(email=f"{name}@example.org") for name in ("left", "bounced", "erased")))
    with writing(engine) as connection:
        person = find(connection, "left@example.org")
        assert person is not None
        leave(connection, person.id, [], OPTIONAL, NOW)
        suppress(connection, "bounced@example.org", "550 no such user", NOW)
    erase(engine, "erased@example.org", SIGNER, NOW)
    assert fate(engine, Entry(email="left@example.org")) == (
        Fate.REFUSED,
        "has left every section they had",
    )
    assert fate(engine, Entry(email="bounced@example.org")) == (
        Fate.REFUSED,
        "is suppressed (550 no such user)",
    )
    assert fate(engine, Entry(email="Erased@example.org")) == (Fate.REFUSED, "was erased for good")


def test_a_batch_of_every_fate_is_written_at_once(engine: Engine) -> None:
    take(engine, Entry(email="same@example.org", name="Іван"), Entry(email="other@example.org"))
    decisions = take(
        engine,
        Entry(email="same@example.org", name="Іван"),
        Entry(email="other@example.org", name="Марія"),
        Entry(email="new@example.org", name="Олег"),
    )
    assert [decision.fate for decision in decisions] == [Fate.UNCHANGED, Fate.CHANGED, Fate.NEW]
    with reading(engine) as connection:
        assert {reader.name for reader in readers(connection)} == {"Іван", "Марія", "Олег"}


# The invariant, over random histories.

PEOPLE = ("a@example.org", "b@example.org")
sections = st.sets(st.sampled_from(OPTIONAL), min_size=1).map(frozenset)
steps = st.one_of(
    st.tuples(st.just("import"), st.sampled_from(PEOPLE), st.one_of(sections, st.just(ALL))),
    st.tuples(st.just("leave"), st.sampled_from(PEOPLE), st.one_of(sections, st.just(frozenset[str]()))),
    st.tuples(st.just("suppress"), st.sampled_from(PEOPLE), st.just(ALL)),
    st.tuples(st.just("erase"), st.sampled_from(PEOPLE), st.just(ALL)),
)


@dataclass
class Expected:
    """What one person should get, told without looking at the database."""

    active: frozenset[str] = frozenset()
    left: set[str] = field(default_factory=set)
    known: bool = False
    gone: bool = False

    def step(self, action: str, said: frozenset[str]) -> None:
        if self.gone:
            return
        if action == "import":
            self.known = True
            meant = frozenset(OPTIONAL) if said == ALL and self.left else said
            self.active = meant - self.left
        elif self.known and action == "leave":
            everything = frozenset(OPTIONAL) if self.active == ALL else self.active
            self.active = everything - said if said else frozenset()
            self.left |= said
        elif self.known:
            self.gone = True
        if self.known and not self.active:
            self.gone = True


@pytest.fixture(scope="module")
def emptied() -> Iterator[Engine]:
    engine = open_database("sqlite://")
    yield engine
    engine.dispose()


@settings(max_examples=150, deadline=None)
@given(history=st.lists(steps, max_size=8))
def test_no_import_brings_back_who_left_was_suppressed_or_erased(
    emptied: Engine, history: list[tuple[str, str, frozenset[str]]]
) -> None:
    with writing(emptied) as connection:
        connection.execute(delete(subscriber))
        connection.execute(delete(erased))
    expected = {email: Expected() for email in PEOPLE}
    for action, email, said in history:
        perform(emptied, action, email, said)
        expected[email].step(action, said)
        with reading(emptied) as connection:
            found = {reader.email: reader.sections for reader in readers(connection)}
        assert found == {
            email: person.active for email, person in expected.items() if person.known and not person.gone
        }


def perform(engine: Engine, action: str, email: str, said: frozenset[str]) -> None:
    if action == "import":
        take(engine, Entry(email=email, sections=said))
    elif action == "erase":
        erase(engine, email, SIGNER, NOW)
    else:
        with writing(engine) as connection:
            person = find(connection, email)
            if action == "suppress":
                suppress(connection, email, "complaint", NOW)
            elif person and not has_left(person.choices):
                leave(connection, person.id, said, OPTIONAL, NOW)
