"""Erasing a person leaves no trace of them but a keyed hash."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, insert, select

from newsletter.links import Signer
from newsletter.store import letters
from newsletter.store.consent import Wording, keep, record
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erase, erased_at
from newsletter.store.import_people import Entry, decide, write
from newsletter.store.people import find, readers
from newsletter.store.requests import Kind, Request, put
from newsletter.store.schema import consent_text, delivery, event, issue, metadata, subscription
from newsletter.store.subscriber_data import subscriber_data

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


def busy(engine: Engine, email: str) -> None:
    """Have this person in every table that can name one: requests, letters, consent, events."""
    words = Wording("v1", "uk", "Згода")
    other = f"to.{email}"
    with writing(engine) as connection:
        person = find(connection, email)
        assert person is not None
        keep(connection, words, NOW)
        for kind, address, number in (
            (Kind.SIGNUP, email, None),
            (Kind.ADDRESS, other, person.id),
            (Kind.HANDOVER, other, person.id),
            (Kind.HANDOVER, email, None),
        ):
            asked = Request(
                kind=kind,
                email=address,
                subscriber=number,
                language="uk",
                details={"name": email},
                source="/signup",
                consent="v1",
            )
            request = put(connection, asked, NOW)
            letters.put(connection, kind="confirm", email=address, language="uk", request=request, now=NOW)
        letters.put(connection, kind="address-new", email=email, language="uk", request=None, now=NOW)
        for letter in letters.take(connection, NOW):
            letters.settle(connection, letter.id, f"<{email}>: greylisted", NOW, done=False)
        confirmed = replace(asked, requested_at="2025-02-14", confirmed_at="2025-02-14T16:00:00Z")
        record(connection, person.id, confirmed, SIGNER)
        connection.execute(
            insert(event).values(
                id="e1",
                source="mail",
                kind="bounce",
                subscriber=person.id,
                issue="2025-02-14",
                code="5.1.1",
                detail=f"<{email}>: no such user",
                at="2025-02-15",
            )
        )


def told(engine: Engine) -> str:
    """Return everything in the tables."""
    with reading(engine) as connection:
        return repr([connection.execute(select(table)).all() for table in metadata.sorted_tables])


def test_no_table_names_an_erased_person(engine: Engine) -> None:
    take(engine, Entry(email="olena@example.org", name="Olena"), Entry(email="kept@example.org"))
    deliver(engine, "olena@example.org")
    busy(engine, "olena@example.org")
    assert told(engine).count("olena@example.org") > 10
    assert erase(engine, "Olena@example.org", SIGNER, NOW)
    left = told(engine)
    assert "olena" not in left.casefold()
    assert "kept@example.org" in left
    with reading(engine) as connection:
        assert connection.execute(select(event.c.code, event.c.detail)).all() == [("5.1.1", "")]
        assert connection.execute(select(consent_text.c.text)).scalar_one() == "Згода"


def test_who_only_asked_for_something_is_erased_too(engine: Engine) -> None:
    with writing(engine) as connection:
        asked = Request(
            kind=Kind.SIGNUP, email="new@example.org", language="uk", details={}, source="/signup"
        )
        put(connection, asked, NOW)
    assert erase(engine, "new@example.org", SIGNER, NOW)
    assert "new@example.org" not in told(engine)
    with reading(engine) as connection:
        assert erased_at(connection, "new@example.org", SIGNER)


def test_a_story_tells_everything_that_the_tables_hold(engine: Engine) -> None:
    take(engine, Entry(email="olena@example.org"))
    deliver(engine, "olena@example.org")
    busy(engine, "olena@example.org")
    with reading(engine) as connection:
        found = subscriber_data(connection, "OLENA@example.org")
    assert found is not None
    data = json.loads(json.dumps(found.data()))
    assert data["consents"] == [
        {
            "at": "2025-02-14",
            "confirmed_at": "2025-02-14T16:00:00Z",
            "source": "/signup",
            "version": "v1",
            "language": "uk",
            "text": "Згода",
        }
    ]
    assert sorted(one["kind"] for one in data["requests"]) == ["address", "handover", "handover", "signup"]
    assert [one["kind"] for one in data["letters"]] == ["confirm", "confirm", "address-new"]
    assert [one["kind"] for one in data["events"]] == ["bounce"]
    assert [one["issue"] for one in data["deliveries"]] == ["2025-02-14"]


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
    busy(sqlite_engine, f"{marks[0]}@example.org")
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
        told = subscriber_data(connection, "olena@example.org")
        assert subscriber_data(connection, "nobody@example.org") is None
    assert told is not None
    assert told.person.source == "list.csv"
    assert told.since == {"social": "2025-02-14T16:00:00Z"}
    assert [(one["issue"], one["state"], one["code"]) for one in told.deliveries] == [
        ("2025-02-14", "refused", 550)
    ]
