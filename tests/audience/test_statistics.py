"""The report counts everybody once."""

from datetime import UTC, datetime

from sqlalchemy import Engine

from newsletter.audience.statistics import statistics
from newsletter.config import Settings
from newsletter.links import Signer
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erase
from newsletter.store.import_people import Entry, decide, write
from newsletter.store.people import find, leave, suppress

NOW = datetime(2025, 2, 10, 9, 0, tzinfo=UTC)
SIGNER = Signer(b"0123456789abcdef")
SECTIONS = ("social", "economy", "staff")


def test_everybody_is_counted_once(engine: Engine, settings: Settings) -> None:
    entries = [
        Entry(email="all@example.org", attributes={"region": "Сумська"}),
        Entry(email="one@example.org", sections=frozenset({"social"}), attributes={"region": "Сумська"}),
        Entry(email="two@example.org", sections=frozenset({"social", "staff"})),
        *(Entry(email=f"{name}@example.org") for name in ("left", "bounced", "erased")),
    ]
    with writing(engine) as connection:
        write(connection, decide(connection, entries, SECTIONS, SIGNER), "list.csv", NOW)
        left = find(connection, "left@example.org")
        assert left is not None
        leave(connection, left.id, [], SECTIONS, NOW)
        suppress(connection, "bounced@example.org", "550", NOW)
    erase(engine, "erased@example.org", SIGNER, NOW)
    with reading(engine) as connection:
        counted = statistics(connection, settings)
    assert (counted.readers, counted.inactive, counted.suppressed, counted.erased) == (3, 1, 1, 1)
    assert counted.every_section == 1
    assert counted.sections == {
        "top": 3,
        "staff": 2,
        "social": 3,
        "education": 1,
        "services": 1,
        "economy": 1,
        "international": 1,
    }
    assert counted.fields["region"] == {"Сумська": 2, "": 1}
    assert counted.fields["position"] == {"": 3}
