"""Who opted out without being a reader is held back in every spelling, until they sign up themselves."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select

from newsletter.links import Signer
from newsletter.model import Standing
from newsletter.store import consent, optouts, requests
from newsletter.store.consent import Wording
from newsletter.store.db import reading, writing
from newsletter.store.import_people import Decision, Entry, Fate, decide, write
from newsletter.store.people import find, leave, readers
from newsletter.store.requests import Kind, Request
from newsletter.store.schema import opt_out

NOW = datetime(2025, 2, 14, 16, 0, tzinfo=UTC)
SIGNER = Signer(b"0123456789abcdef")
OPTIONAL = ("social", "education")
LEFT, BOUNCED, COMPLAINED = Standing.LEFT, Standing.BOUNCED, Standing.COMPLAINED


def take(engine: Engine, *entries: Entry) -> list[Decision]:
    with writing(engine) as connection:
        decisions = decide(connection, entries, OPTIONAL, SIGNER)
        write(connection, decisions, "list.csv", NOW)
    return decisions


def fates(engine: Engine, *entries: Entry) -> list[tuple[Fate, str]]:
    return [(one.fate, one.refusal) for one in take(engine, *entries)]


def test_a_stranger_who_left_is_held_back_whatever_the_spelling(engine: Engine) -> None:
    left = Entry(email="Olena.Koval@gmail.com", standing=LEFT)
    assert fates(engine, left) == [(Fate.LEFT, "")]
    assert fates(engine, left) == [(Fate.UNCHANGED, "")]
    held = (Fate.REFUSED, "asked not to be written to: list.csv, 2025-02-14")
    for email in ("olena.koval@gmail.com", "olenakoval@gmail.com", "olena.koval+x@googlemail.com"):
        assert fates(engine, Entry(email=email)) == [held]
    assert fates(engine, Entry(email="olena.koval@example.org")) == [(Fate.NEW, "")]


def test_a_stranger_s_bounce_holds_back_one_spelling_only(engine: Engine) -> None:
    take(engine, Entry(email="olena.koval@gmail.com", standing=BOUNCED))
    assert fates(engine, Entry(email="olena.koval@gmail.com"))[0][0] == Fate.REFUSED
    assert fates(engine, Entry(email="olenakoval@gmail.com"))[0][0] == Fate.NEW


def test_nothing_but_a_keyed_hash_is_kept(engine: Engine) -> None:
    take(engine, Entry(email="olena@example.org", name="Олена", standing=LEFT))
    with reading(engine) as connection:
        assert not find(connection, "olena@example.org")
        kept = repr(connection.execute(select(opt_out)).all())
        assert optouts.find(connection, ["olena@example.org"], Signer(b"fedcba9876543210")) == {}
    assert "olena" not in kept.casefold()
    assert "Олена" not in kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ([BOUNCED, LEFT], LEFT),
        ([LEFT, BOUNCED], LEFT),
        ([LEFT, COMPLAINED], COMPLAINED),
        ([COMPLAINED, LEFT, BOUNCED], COMPLAINED),
    ],
)
def test_what_weighs_most_is_kept(engine: Engine, said: list[Standing], kept: Standing) -> None:
    for standing in said:
        take(engine, Entry(email="olena@example.org", standing=standing))
    with reading(engine) as connection:
        assert optouts.find(connection, ["olena@example.org"], SIGNER)["olena@example.org"].kind is kept


def test_whoever_signs_up_and_confirms_ends_their_opt_out(engine: Engine) -> None:
    take(engine, Entry(email="olena.koval@gmail.com", standing=LEFT))
    other = "olenakoval@gmail.com"
    words = Wording("v1", "uk", "Згода")
    asked = Request(
        kind=Kind.SIGNUP, email=other, language="uk", details={}, source="/signup", consent=words.version
    )
    with writing(engine) as connection:
        consent.keep(connection, words, NOW)
        requests.put(connection, asked, NOW)
        after = decide(connection, [Entry(email="x@example.org")], OPTIONAL, SIGNER)[0].after
        assert after
        write(connection, [Decision(Entry(email=other), None, replace(after, email=other))], "/signup", NOW)
        person = find(connection, other)
        assert person
        consent.record(connection, person.id, replace(asked, requested_at="2025-02-14"), SIGNER)
    with reading(engine) as connection:
        assert optouts.find(connection, ["olena.koval@gmail.com"], SIGNER) == {}
        assert [one.email for one in readers(connection)] == [other]


def test_a_reader_who_left_in_one_spelling_is_not_brought_back_in_another(engine: Engine) -> None:
    take(engine, Entry(email="olena.koval@gmail.com"), Entry(email="ivan.k@gmail.com"))
    with writing(engine) as connection:
        person = find(connection, "olena.koval@gmail.com")
        assert person
        leave(connection, person.id, [], OPTIONAL, NOW)
    (held, again) = take(engine, Entry(email="olenakoval@gmail.com"), Entry(email="ivank@gmail.com"))
    assert held.fate is Fate.REFUSED
    assert (
        held.refusal == "is a mailbox that is here in another spelling, and has left every section they had"
    )
    assert held.spelled == "olena.koval@gmail.com"
    assert again.fate is Fate.NEW


def test_who_left_elsewhere_in_another_spelling_leaves_here(engine: Engine) -> None:
    take(engine, Entry(email="olena.koval@gmail.com"))
    assert fates(engine, Entry(email="olenakoval@gmail.com", standing=LEFT)) == [(Fate.LEFT, "")]
    with reading(engine) as connection:
        assert list(readers(connection)) == []


def test_an_erased_person_who_left_elsewhere_stays_erased(engine: Engine) -> None:
    from newsletter.store.erasure import erase  # noqa: PLC0415

    take(engine, Entry(email="olena@example.org"))
    erase(engine, "olena@example.org", SIGNER, NOW)
    assert fates(engine, Entry(email="olena@example.org", standing=LEFT))[0][0] is Fate.UNCHANGED
    assert fates(engine, Entry(email="olena@example.org")) == [(Fate.REFUSED, "was erased for good")]
