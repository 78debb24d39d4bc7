"""Thousands of rows are written and looked up at once, on both databases."""

import pytest
from sqlalchemy import Engine, select

from newsletter.store.bulk import insert_new, one_of
from newsletter.store.db import reading, writing
from newsletter.store.schema import subscriber


def person(number: int, name: str) -> dict[str, object]:
    address = f"p{number}@example.org"
    return {
        "email": address,
        "email_key": address,
        "mailbox": address,
        "name": name,
        "language": "",
        "attributes": {"region": "Сумська\t\\N"},
        "status": "active",
        "reason": "",
        "source": "list.csv",
        "created_at": "2026-01-01T00:00:00Z",
        "changed_at": "2026-01-01T00:00:00Z",
    }


@pytest.mark.parametrize("number", [1, 50, 51, 1000])
def test_rows_that_exist_stay_as_they_are_and_the_others_are_inserted(engine: Engine, number: int) -> None:
    with writing(engine) as connection:
        insert_new(connection, subscriber, [person(0, "first")])
        insert_new(connection, subscriber, [person(n, "second") for n in range(number)])
        insert_new(connection, subscriber, [person(n, "third") for n in range(number)])
    with reading(engine) as connection:
        rows = connection.execute(select(subscriber.c.name, subscriber.c.attributes)).all()
    assert sorted(row.name for row in rows) == ["first"] + ["second"] * (number - 1)
    assert {row.attributes["region"] for row in rows} == {"Сумська\t\\N"}


def test_a_list_of_values_finds_its_rows_and_an_empty_one_finds_none(engine: Engine) -> None:
    with writing(engine) as connection:
        insert_new(connection, subscriber, [person(n, "") for n in range(5)])
    by_address = select(subscriber.c.email).where(one_of(subscriber.c.email_key, "these"))
    by_number = select(subscriber.c.email).where(one_of(subscriber.c.id, "these"))
    with reading(engine) as connection:
        addresses = ["p1@example.org", "p3@example.org", "нема@example.org", "o\"'\\x@example.org"]
        found = connection.execute(by_address, {"these": addresses}).scalars().all()
        assert sorted(found) == ["p1@example.org", "p3@example.org"]
        assert len(connection.execute(by_number, {"these": range(1, 3)}).all()) == 2
        assert not connection.execute(by_address, {"these": []}).all()


def test_a_list_of_values_is_looked_up_in_the_index_of_sqlite(sqlite_engine: Engine) -> None:
    query = select(subscriber).where(one_of(subscriber.c.email_key, "these")).order_by(subscriber.c.id)
    with reading(sqlite_engine) as connection:
        sql = str(query.compile(dialect=sqlite_engine.dialect))
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ('["x"]',))]
    assert plan[0].startswith("SEARCH subscriber USING INDEX"), plan
