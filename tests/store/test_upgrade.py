"""A database of the version before is brought up to date with what is in it."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, select, text

import newsletter.store
from newsletter.links import Purpose, Signer
from newsletter.sending.freeze import verify
from newsletter.store.db import open_database, reading
from newsletter.store.schema import event, letter, metadata, subscriber
from tests.postgres import execute, named
from tests.sending import house

FOLDER = Path(newsletter.store.__path__[0]) / "migrations"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    server: str = request.getfixturevalue("postgres")
    name = f"old_{uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    yield named(server, name)
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def at_version(url: str, version: str, *statements: str) -> None:
    """Make a database as `version` had it, and run `statements` there."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    driver = "sqlite" if url.startswith("sqlite") else "postgresql+psycopg"
    engine = create_engine(make_url(url).set(drivername=driver))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_links_of_readers_that_a_server_quoted_are_cleaned_out_and_nothing_else(url: str) -> None:
    token = Signer(b"0123456789abcdef").token(Purpose.UNSUBSCRIBE, 7, date(2025, 2, 14))
    said = "554 5.7.1 <https//news.example.org/unsubscribe/{}> is on a list; see 450 4.2.0 and Громада"
    person = (
        "INSERT INTO subscriber (id, email, email_key, name, language, attributes, status, reason, source,"
        " created_at, changed_at)"
        " VALUES (7, 'a@b.test', 'a@b.test', '', '', '{{}}', 'suppressed', '{}', 't', 'x', 'x')"
    )
    report = (
        "INSERT INTO event (id, source, kind, subscriber, issue, code, detail, at, processed_at)"
        " VALUES ('1', 'mail', 'hard', 7, '', '', '{}', 'x', '')"
    )
    quoted, folded = said.format(token), said.format(f"{token[:9]}= {token[9:]}")
    at_version(
        url,
        "0002",
        person.format(quoted),
        report.format(folded),
    )
    engine = open_database(url)
    with reading(engine) as connection:
        assert connection.execute(select(subscriber.c.reason)).scalar_one() == said.format("…")
        assert connection.execute(select(event.c.detail)).scalar_one() == said.format("…")
    engine.dispose()


def test_who_is_there_gets_a_mailbox_and_letters_keep_their_order(url: str) -> None:
    person = (
        "INSERT INTO subscriber (id, email, email_key, name, language, attributes, status, reason, source,"
        " created_at, changed_at) VALUES ({0}, '{1}', '{1}', '', '', '{{}}', 'active', '', 't', 'x', 'x')"
    )
    old = (
        "INSERT INTO letter (id, kind, email, email_key, language, created_at, due_at, tries, sent_at,"
        " detail) VALUES ({0}, '{1}', 'a', 'a', 'uk', 'x', {2}, 0, '', '')"
    )
    at_version(
        url,
        "0005",
        person.format(1, "o.koval+x@googlemail.com"),
        person.format(7000, "o.koval@lviv.example.org"),
        old.format(1, "confirm", 30.5),
        old.format(2, "address-old", 20),
    )
    engine = open_database(url)
    with reading(engine) as connection:
        mailboxes = connection.execute(select(subscriber.c.mailbox).order_by(subscriber.c.id)).scalars().all()
        letters = connection.execute(select(letter.c.lane, letter.c.turn).order_by(letter.c.id)).all()
    engine.dispose()
    assert mailboxes == ["okoval@gmail.com", "o.koval@lviv.example.org"]
    assert [tuple(row) for row in letters] == [(2, 30.5), (1, 20.0)]


def test_new_names_lose_no_row_of_a_database_in_the_middle_of_a_sending(url: str) -> None:
    person = (
        "INSERT INTO subscriber (id, email, email_key, mailbox, name, language, attributes, status, reason,"
        " source, created_at, changed_at)"
        " VALUES ({0}, 'r{0}@x', 'r{0}@x', 'r{0}@x', '', '', '{{}}', 'active', '', 't', 'x', 'x')"
    )
    count = "INSERT INTO asked (digest, letters, at) VALUES (CAST('12' AS {}), 2, 'x')"
    at_version(
        url,
        "0008",
        *map(person.format, (1, 2, 3)),
        "INSERT INTO issue (name, state, reason, fingerprint, envelope, sources, errors, transport,"
        " approved_by, approved_at, begun_at, readers, without)"
        " VALUES ('2025-02-14', 'sending', '', 'f', '{}', '{}', 0, 'smtp', 'o', 'x', 'x', 3, 0)",
        "INSERT INTO cover (issue, starts, subject, preheader, intro, closing, hashtag)"
        " VALUES ('2025-02-14', '2025-02-08', 's', 'p', '', 'Join', '#Now')",
        "INSERT INTO edition (issue, key, sections, subject, html, text, sha256)"
        " VALUES ('2025-02-14', 'e', '[]', 's', 'h', 't', 'x')",
        "INSERT INTO audience (issue, subscriber, edition)"
        " VALUES ('2025-02-14', 1, 'e'), ('2025-02-14', 2, 'e')",
        "INSERT INTO chunk (id, issue, lo, hi, epoch, worker, lease_until, inflight, done)"
        " VALUES (1, '2025-02-14', 1, 3, 4, 'w', 5.5, '[[2, 1]]', 0)",
        "INSERT INTO delivery (issue, subscriber, state, attempt, code, detail, at)"
        " VALUES ('2025-02-14', 1, 'accepted', 1, 250, 'ok', 'x')",
        "INSERT INTO firing (moment, issue, outcome, at)"
        " VALUES ('2025-02-14T14:00:00Z', '2025-02-14', 'sent', 'x')",
        "INSERT INTO home (place, starts, machine) VALUES ('here', 7, 'm')",
        "INSERT INTO bucket (scope, free_at) VALUES ('run:2025-02-14', 9.25)",
        count.format("BLOB" if url.startswith("sqlite") else "BYTEA"),
    )
    engine = open_database(url)
    with reading(engine) as connection:
        rows = {
            name: [tuple(row) for row in connection.execute(select(metadata.tables[name]))]
            for name in ("cover", "chunk", "delivery", "schedule_run", "scheduler_instance", "rate_limit")
        }
        counted = connection.execute(select(metadata.tables["confirmation_limit"])).one()
    engine.dispose()
    assert rows == {
        "cover": [("2025-02-14", "2025-02-08", "s", "p", "", "Join", "#Now", None)],
        "chunk": [(1, "2025-02-14", 1, 3, 4, "w", 5.5, [[2, 1]], 0)],
        "delivery": [("2025-02-14", 1, "accepted", 1, 250, "ok", "x", "")],
        "schedule_run": [("2025-02-14T14:00:00Z", "2025-02-14", "sent", "x")],
        "scheduler_instance": [("here", 7, "m")],
        "rate_limit": [("run:2025-02-14", 9.25)],
    }
    assert (bytes(counted.digest), counted.letters, counted.at) == (b"12", 2, "x")


def test_an_approval_of_whole_editions_is_what_was_approved_and_sends_them(url: str) -> None:
    stored = [("b" * 16, "two"), ("a" * 16, "one")]
    issue = (
        "INSERT INTO issue (name, state, reason, fingerprint, envelope, sources, errors, transport,"
        " approved_by, approved_at, begun_at, readers, without)"
        " VALUES ('{}', 'approved', '', '{}', '{}', '{{}}', 0, '', 'o', 'x', '', 0, 0)"
    )
    edition = (
        "INSERT INTO edition (issue, key, sections, subject, html, text, sha256, pictures)"
        " VALUES ('{0}', '{1}', '[]', 's {2}', 'h {2}', 't {2}', 'x', '[\"p.jpg\"]')"
    )
    at_version(
        url,
        "0018",
        issue.format(house.NAME, _former_fingerprint(stored), json.dumps(asdict(house.SHARED))),
        *(edition.format(house.NAME, key, word) for key, word in stored),
    )
    engine = open_database(url)
    verify(engine, house.NAME, {})
    with reading(engine) as connection:
        found = house.frozen_pages(connection)
    engine.dispose()
    assert {key: (page.subject, page.html, page.text) for key, page in found.items()} == {
        key: (f"s {word}", f"h {word}", f"t {word}") for key, word in stored
    }


def _former_fingerprint(editions: list[tuple[str, str]]) -> str:
    """Return the fingerprint that an approval of version 0018 had, without readers and archive."""
    shared = {key: value for key, value in asdict(house.SHARED).items() if value}
    total = sha256(json.dumps(shared, sort_keys=True).encode())
    for key, word in sorted(editions):
        for content in (key, f"s {word}", f"h {word}", f"t {word}", "p.jpg"):
            total.update(len(content.encode()).to_bytes(8, "big") + content.encode())
    return total.hexdigest()
