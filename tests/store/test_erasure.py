"""Erasing a person leaves no trace of them but a keyed hash."""

import random
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, insert, select

from newsletter.links import Signer
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erase, erased_at
from newsletter.store.intake import Entry, decide, write
from newsletter.store.people import find, readers
from newsletter.store.schema import delivery, issue, subscription
from newsletter.store.story import story

NOW = datetime(2025, 2, 14, 16, 0, tzinfo=UTC)
SIGNER = Signer(b"0123456789abcdef")
OTHER = Signer(b"fedcba9876543210")


def take(engine: Engine, *entries: Entry) -> None:
    with writing(engine) as connection:
        write(connection, decide(connection, entries, ("social",), SIGNER), "list.csv", NOW)


def deliver(engine: Engine, email: str) -> None:
    """Record that a server refused this person's message and quoted the address."""
    frozen = {
        "name": "2025-02-14",
        "state": "sent",
        "fingerprint": "",
        "envelope": {},
        "sources": {},
        "errors": 0,
        "approved_by": "",
        "approved_at": "",
        "readers": 1,
        "without": 0,
    }
    with writing(engine) as connection:
        person = find(connection, email)
        assert person is not None
        row = {"issue": "2025-02-14", "subscriber": person.id, "state": "refused", "attempt": 1, "code": 550}
        connection.execute(insert(issue).values(frozen))
        connection.execute(insert(delivery).values(**row, detail=f"<{email}>: no such user", at="2025-02-14"))


def test_no_file_of_the_database_holds_an_erased_person(sqlite_engine: Engine, tmp_path: Path) -> None:
    chance = random.Random(14)  # noqa: S311  scatters the addresses over the pages
    marks = [f"{chance.randrange(16**10):010x}zq" for _ in range(4_000)]
    for start in range(0, len(marks), 500):
        take(
            sqlite_engine,
            *(
                Entry(email=f"{mark}@example.org", name=f"N{mark}", attributes={"region": f"R{mark}" * 20})
                for mark in marks[start : start + 500]
            ),
        )
    deliver(sqlite_engine, f"{marks[0]}@example.org")
    kept, *gone = [marks[1], marks[0], *chance.sample(marks[2:], 10)]
    for mark in gone:
        assert erase(sqlite_engine, f"{mark}@example.org", SIGNER, NOW)
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert any(kept.encode() in content for content in files)
    for mark in gone:
        assert not any(mark.encode() in content for content in files)


def test_deliveries_stay_as_numbers(engine: Engine) -> None:
    take(engine, Entry(email="olena@example.org"))
    deliver(engine, "olena@example.org")
    erase(engine, "olena@example.org", SIGNER, NOW)
    with reading(engine) as connection:
        assert connection.execute(select(delivery.c.state, delivery.c.code, delivery.c.detail)).all() == [
            ("refused", 550, "")
        ]
        assert connection.execute(select(subscription)).all() == []


def test_an_erased_address_is_recognised_only_with_the_key(engine: Engine) -> None:
    take(engine, Entry(email="Olena@example.org"))
    assert erase(engine, "olena@EXAMPLE.org", SIGNER, NOW)
    with reading(engine) as connection:
        assert erased_at(connection, "OLENA@example.org", SIGNER) == "2025-02-14T16:00:00Z"
        assert erased_at(connection, "olena@example.org", OTHER) is None
        assert find(connection, "olena@example.org") is None


def test_erasing_somebody_unknown_records_nothing(engine: Engine) -> None:
    assert not erase(engine, "nobody@example.org", SIGNER, NOW)
    with reading(engine) as connection:
        assert erased_at(connection, "nobody@example.org", SIGNER) is None


def test_the_number_of_an_erased_person_never_becomes_anothers(engine: Engine) -> None:
    take(engine, Entry(email="first@example.org"))
    with reading(engine) as connection:
        (number,) = (reader.id for reader in readers(connection))
    erase(engine, "first@example.org", SIGNER, NOW)
    take(engine, Entry(email="second@example.org"))
    with reading(engine) as connection:
        assert [reader.id > number for reader in readers(connection)] == [True]


def test_a_story_tells_choices_with_dates_and_deliveries_by_issue(engine: Engine) -> None:
    take(engine, Entry(email="olena@example.org", sections=frozenset({"social"})))
    deliver(engine, "olena@example.org")
    with reading(engine) as connection:
        told = story(connection, "olena@example.org")
        assert story(connection, "nobody@example.org") is None
    assert told is not None
    assert told.person.source == "list.csv"
    assert told.since == {"social": "2025-02-14T16:00:00Z"}
    assert [(one["issue"], one["state"], one["code"]) for one in told.deliveries] == [
        ("2025-02-14", "refused", 550)
    ]
