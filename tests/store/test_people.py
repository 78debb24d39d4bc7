"""People in a real database: who is streamed, found, let go and suppressed."""

import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, event, select

from newsletter.links import Signer
from newsletter.model import EVERY_SECTION, Subscriber, SubscriberStatus, SubscriptionState
from newsletter.store import people
from newsletter.store.choices import LEFT, LISTED, Choice, Origin
from newsletter.store.db import reading, writing
from newsletter.store.import_people import Entry, decide, write
from newsletter.store.people import (
    change,
    count_readers,
    find,
    find_mailboxes,
    get,
    leave,
    readers,
    replace_choices,
    suppress,
)
from newsletter.store.schema import subscriber, subscription
from tests.sending import house

NOW = datetime(2025, 2, 10, 9, 0, tzinfo=UTC)
LATER = datetime(2025, 2, 12, 9, 0, tzinfo=UTC)
SIGNER = Signer(b"0123456789abcdef")
OPTIONAL = ("social", "economy", "staff")


def take(engine: Engine, *entries: Entry) -> None:
    with writing(engine) as connection:
        write(connection, decide(connection, entries, OPTIONAL, SIGNER), "list.csv", NOW)


def person(email: str, *sections: str) -> Entry:
    return Entry(email=email, sections=frozenset(sections) if sections else None)


def streamed(engine: Engine) -> list[Subscriber]:
    with reading(engine) as connection:
        return list(readers(connection))


def test_readers_come_in_order_with_all_they_have(engine: Engine) -> None:
    take(
        engine,
        Entry(
            email="Olena@example.org",
            name="Олена",
            language="uk",
            attributes={"region": "Сумська", "position": ""},
            sections=frozenset({"social", "economy"}),
        ),
        person("ivan@example.org"),
    )
    first, second = streamed(engine)
    assert first.id < second.id
    assert (first.email, first.name, first.language) == ("Olena@example.org", "Олена", "uk")
    assert first.attributes == {"region": "Сумська"}
    assert first.sections == {"social", "economy"}
    assert second.sections == {EVERY_SECTION}


def test_equal_choices_are_one_object(engine: Engine) -> None:
    take(engine, *(person(f"p{n}@example.org", "social", "economy") for n in range(3)))
    assert len({id(reader.sections) for reader in streamed(engine)}) == 1


def test_who_is_suppressed_or_has_nothing_active_is_no_reader(engine: Engine) -> None:
    take(engine, *(person(f"{name}@example.org", "social") for name in ("stays", "leaves", "bounces")))
    with writing(engine) as connection:
        gone = find(connection, "leaves@example.org")
        assert gone is not None
        leave(connection, gone.id, ["social"], OPTIONAL, NOW)
        suppress(connection, "bounces@example.org", "550 no such user", NOW)
        assert count_readers(connection) == 1
    assert [reader.email for reader in streamed(engine)] == ["stays@example.org"]


def test_a_condition_narrows_the_stream_and_the_count(engine: Engine) -> None:
    take(engine, person("a@example.org"), person("b@example.org"))
    where = subscriber.c.email == "b@example.org"
    with reading(engine) as connection:
        assert [reader.email for reader in readers(connection, where)] == ["b@example.org"]
        assert count_readers(connection, where) == 1


def test_streaming_holds_a_page_of_people_and_not_all_of_them(engine: Engine) -> None:
    def peak() -> int:
        with reading(engine) as connection:
            tracemalloc.start()
            for _ in readers(connection):
                pass
            _, highest = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return highest

    take(engine, *(person(f"p{n}@example.org", "social") for n in range(2_000)))
    peak()  # what is loaded once is loaded here
    small = peak()
    take(engine, *(person(f"q{n}@example.org", "social") for n in range(10_000)))
    assert peak() < 1.5 * small


def test_postgresql_looks_up_the_choices_of_each_even_when_it_has_no_statistics(
    postgres_engine: Engine,
) -> None:
    asked: list[tuple[str, Mapping[str, str]]] = []
    house.people(postgres_engine, 2000)
    with reading(postgres_engine) as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        assert len(list(readers(connection))) == 2000
        statement, values = asked[-1]
        plan = connection.exec_driver_sql(f"EXPLAIN DECLARE stream CURSOR FOR {statement}", values).scalars()
        assert "Seq Scan on subscription" not in "\n".join(plan)


def test_an_address_is_found_however_its_letters_are_written(engine: Engine) -> None:
    take(engine, person("Olena@Example.org"))
    with reading(engine) as connection:
        found = find(connection, "oLENA@example.ORG")
        assert found is not None
        assert (found.email, found.source, found.created_at) == (
            "Olena@Example.org",
            "list.csv",
            "2025-02-10T09:00:00Z",
        )
        assert find(connection, "nobody@example.org") is None


def test_leaving_is_recorded_once_and_only_where_something_changed(engine: Engine) -> None:
    take(engine, person("olena@example.org"))
    with writing(engine) as connection:
        found = find(connection, "olena@example.org")
        assert found is not None
        assert leave(connection, found.id, ["social"], OPTIONAL, NOW)
        assert not leave(connection, found.id, ["social"], OPTIONAL, LATER)
        assert leave(connection, found.id, ["economy"], OPTIONAL, LATER)
        rows = connection.execute(
            select(subscription.c.section, subscription.c.state, subscription.c.changed_at)
        )
        assert set(rows.all()) == {
            ("social", "left", "2025-02-10T09:00:00Z"),
            ("economy", "left", "2025-02-12T09:00:00Z"),
            ("staff", "active", "2025-02-10T09:00:00Z"),
        }


def test_nobody_can_leave_who_is_not_here(engine: Engine) -> None:
    with writing(engine) as connection:
        assert not leave(connection, 7, [], OPTIONAL, NOW)
        assert connection.execute(select(subscription)).all() == []


def test_suppression_keeps_its_first_reason(engine: Engine) -> None:
    take(engine, person("olena@example.org"))
    with writing(engine) as connection:
        assert suppress(connection, "OLENA@example.org", "complaint", NOW)
        assert not suppress(connection, "olena@example.org", "bounce", NOW)
        assert not suppress(connection, "nobody@example.org", "bounce", NOW)
        found = find(connection, "olena@example.org")
    assert found is not None
    assert (found.status, found.reason) == (SubscriberStatus.SUPPRESSED, "complaint")


@pytest.mark.parametrize("count", [1, 2500])
def test_choices_are_replaced_and_the_same_ones_left_untouched(engine: Engine, count: int) -> None:
    take(engine, *(person(f"p{n}@example.org", "social", "staff") for n in range(count)))
    before = {"social": LISTED, "staff": LISTED}
    after = {"social": LEFT, "staff": LISTED, "economy": LISTED}
    with writing(engine) as connection:
        replace_choices(connection, [(reader.id, before, after) for reader in readers(connection)], LATER)
        rows = connection.execute(
            select(subscription.c.section, subscription.c.state, subscription.c.changed_at).distinct()
        )
        assert set(rows.all()) == {
            ("social", "left", "2025-02-12T09:00:00Z"),
            ("staff", "active", "2025-02-10T09:00:00Z"),
            ("economy", "active", "2025-02-12T09:00:00Z"),
        }


def test_a_number_finds_the_same_person_as_the_address(engine: Engine) -> None:
    take(engine, person("olena@example.org", "social"), person("ivan@example.org"))
    with writing(engine) as connection:
        found = find(connection, "ivan@example.org")
        assert found is not None
        assert get(connection, found.id) == get(connection, found.id, for_update=True) == found
        assert get(connection, found.id + 1) is None


def test_only_what_differs_is_written(engine: Engine) -> None:
    take(engine, person("olena@example.org", "social"))
    with writing(engine) as connection:
        before = find(connection, "olena@example.org")
        assert before is not None
        assert not change(connection, before, before, LATER)
        changed_at = select(subscriber.c.changed_at)
        assert connection.execute(changed_at).scalar_one() == "2025-02-10T09:00:00Z"
        after = replace(
            before, email="Olha@example.org", name="Ольга", attributes={"region": "Сумська"}, choices={}
        )
        assert change(connection, before, after, LATER)
        assert find(connection, "olha@EXAMPLE.org") == after
        assert connection.execute(changed_at).scalar_one() == "2025-02-12T09:00:00Z"


def test_a_pause_ends_on_its_day_and_not_before(engine: Engine) -> None:
    take(engine, *(person(f"{name}@example.org", "social") for name in ("a", "b", "c", "d")))
    paused, own = SubscriptionState.PAUSED, Origin.READER
    rests = {"a": "2025-02-12", "b": "2025-02-13", "c": "", "d": "2025-01-31"}
    with writing(engine) as connection:
        for name, until in rests.items():
            before = find(connection, f"{name}@example.org")
            assert before is not None
            rested = replace(before, choices={"social": Choice(paused, own, until), "staff": LEFT})
            change(connection, before, rested, NOW)
        assert count_readers(connection) == 0
        assert people.end_pauses(connection, date(2025, 2, 12), LATER) == 2
        assert people.end_pauses(connection, date(2025, 2, 12), LATER) == 0
        woken = find(connection, "a@example.org")
        assert woken is not None
        assert woken.choices == {"social": Choice(SubscriptionState.ACTIVE, own), "staff": LEFT}
    assert [reader.email for reader in streamed(engine)] == ["a@example.org", "d@example.org"]


def test_who_is_at_a_mailbox_is_found_by_any_spelling_also_after_a_move(engine: Engine) -> None:
    take(engine, person("olena.koval@gmail.com"), person("ivan@izium.example.org"))
    with writing(engine) as connection:
        asked = ["OlenaKoval+x@googlemail.com", "ivan@izium.example.org", "no@example.org"]
        found = find_mailboxes(connection, asked)
        assert {form: [one.email for one in ones] for form, ones in found.items()} == {
            "olenakoval@gmail.com": ["olena.koval@gmail.com"],
            "ivan@izium.example.org": ["ivan@izium.example.org"],
        }
        (olena,) = found["olenakoval@gmail.com"]
        change(connection, olena, replace(olena, email="o.koval@proton.me"), LATER)
        assert list(find_mailboxes(connection, ["okoval@pm.me"])) == ["okoval@proton.me"]
        assert not find_mailboxes(connection, ["olenakoval@gmail.com"])
