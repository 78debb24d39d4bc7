"""Nobody is bombed with letters, not even by requests that come at one moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select

from newsletter.links import Signer
from newsletter.store.confirmation_limits import answered, count
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erase, erased_at
from newsletter.store.import_people import Entry, decide, write
from newsletter.store.people import suppress
from newsletter.store.schema import confirmation_limit

NOW = datetime(2025, 2, 14, 10, tzinfo=UTC)
SIGNER = Signer(b"0123456789abcdef")


def ask(engine: Engine, email: str) -> bool:
    with writing(engine) as connection:
        return count(connection, email, SIGNER, NOW)


def test_of_many_at_one_moment_one_may_write(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda _: ask(engine, "olena@example.org"), range(24)))
    assert sum(allowed) == 1


@pytest.mark.parametrize(
    ("first", "second", "may"),
    [
        ("olena@example.org", "olena+1@example.org", False),
        ("olena+1@example.org", "Olena+2@example.org", False),
        ("olena+1@example.org", "olena@example.org", False),
        ("olena+1@example.org", "olena+1@other.example.org", True),
        ("olena+1@example.org", "olen@example.org", True),
        ("olena-1@example.org", "olena@example.org", True),
        ("v.i.c.tim@gmail.com", "victim+x@googlemail.com", False),
        ("v.i.c.tim@example.org", "victim@example.org", True),
    ],
)
def test_addresses_of_one_mailbox_count_as_one(engine: Engine, first: str, second: str, *, may: bool) -> None:
    assert ask(engine, first)
    assert ask(engine, second) is may


def test_one_mailbox_in_28_spellings_is_asked_once(engine: Engine) -> None:
    names = ["victim", "v.ictim", "vi.ctim", "vic.tim", "vict.im", "victi.m", "v.i.c.t.i.m"]
    tags, domains = ("", "+news"), ("gmail.com", "GoogleMail.com")
    spellings = [f"{name}{tag}@{domain}" for name in names for tag in tags for domain in domains]
    assert len(spellings) == 28
    assert sum(ask(engine, one) for one in spellings) == 1


@pytest.mark.parametrize(
    ("reason", "other"),
    [("complained", False), ("handed over", False), ("bounced: no such user", True)],
)
def test_a_stopped_mailbox_is_asked_in_another_spelling_only_if_the_first_was_wrong(
    engine: Engine, reason: str, *, other: bool
) -> None:
    with writing(engine) as connection:
        known = decide(connection, [Entry(email="o.lena@gmail.com")], (), SIGNER)
        write(connection, known, "list.csv", NOW)
        suppress(connection, "o.lena@gmail.com", reason, NOW)
    assert not ask(engine, "O.lena@gmail.com")
    assert ask(engine, "olena@gmail.com") is other


def test_a_clock_that_was_a_year_ahead_keeps_nobody_from_being_asked(engine: Engine) -> None:
    with writing(engine) as connection:
        assert count(connection, "olena@example.org", SIGNER, NOW.replace(year=2026))
    assert ask(engine, "olena@example.org")
    assert not ask(engine, "olena@example.org")


def test_an_answer_by_one_address_of_a_mailbox_is_one_of_all(engine: Engine) -> None:
    ask(engine, "olena+1@example.org")
    with writing(engine) as connection:
        answered(connection, "Olena@example.org", SIGNER)
        assert connection.execute(select(confirmation_limit.c.letters)).scalar_one() == 0


def test_the_count_names_nobody_without_the_key_and_ends_with_an_erasure(engine: Engine) -> None:
    ask(engine, "olena@example.org")
    with reading(engine) as connection:
        assert "olena" not in repr(connection.execute(select(confirmation_limit)).all())
    assert erase(engine, "olena@example.org", SIGNER, NOW), "who was only asked is a person too"
    with reading(engine) as connection:
        assert not connection.execute(select(confirmation_limit)).all()
        assert erased_at(connection, "olena@example.org", SIGNER)
    assert not erase(engine, "nobody@example.org", SIGNER, NOW)
