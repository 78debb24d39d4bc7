"""A database is moved whole, to whichever kind; an interrupted move leaves nothing, or is finished."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, insert, select, text, update

from newsletter.errors import StateError, StoreError
from newsletter.links import Signer
from newsletter.model import IssueState
from newsletter.store import copying, events, letters, people, schedule_runs
from newsletter.store.choices import LISTED, Choices
from newsletter.store.consent import Wording
from newsletter.store.consent import keep as keep_words
from newsletter.store.db import ARRIVING, open_database, reading, writing
from newsletter.store.erasure import erase
from newsletter.store.events import Event, Kind
from newsletter.store.import_people import Decision, Entry, write
from newsletter.store.people import Record
from newsletter.store.schema import delivery, issue, metadata, request, scheduler_instance, subscriber
from newsletter.store.search import search
from newsletter.store.search_terms import read
from tests import postgres, press
from tests.drawn import shown
from tests.sending.house import NOW

ALL: Choices = {"*": LISTED}
SIGNER = Signer(b"0123456789abcdef")


def fill(engine: Engine) -> None:
    """Put something into nearly every table, odd characters among it, and erase the last reader."""
    item = replace(press.item("Форум", "текст «у лапках» \\ \t 😀"), picture=shown(bytes(range(256))))
    press.publish(engine, press.issue(press.CLOSING, [item]))
    with writing(engine) as connection:
        for number in range(3):
            email = f"p{number}@example.org"
            record = Record(email=email, name="Ґа\\нна", attributes={"region": 'Су"мська'}, choices=ALL)
            write(connection, [Decision(Entry(email=email), None, record)], "форма", NOW)
        keep_words(connection, Wording("0123456789ab", "uk", "Я згодна.\nТак."), NOW)
        letters.put(connection, kind="confirm", email="x@example.org", language="uk", request=None, now=NOW)
        row = {"email": "x@example.org", "email_key": "x@example.org", "language": "uk", "source": "s"}
        connection.execute(
            insert(request).values(
                **row, kind="signup", details={"a": [1, None]}, ip=b"\x00\xff", requested_at="t"
            )
        )
        entry = {"issue": press.CLOSING.isoformat(), "subscriber": 1, "state": "accepted", "attempt": 1}
        connection.execute(insert(delivery).values(**entry, code=250, detail="", at="t"))
        events.put(connection, [Event(id="e", source="mail", kind=Kind.SOFT, subscriber=1, issue="", at="t")])
        connection.execute(update(issue).values(state=IssueState.SENT.value))
        schedule_runs.start(connection, None, "here")
    assert erase(engine, "p2@example.org", SIGNER, NOW)


def content(engine: Engine) -> dict[str, list[str]]:
    """Return the rows of every table, of whichever database, the marks left out."""
    with reading(engine) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
            if table is not scheduler_instance
        }


@pytest.fixture
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Engine]]:
    """Make the database to copy to."""
    with ExitStack() as stack:

        def make(kind: str) -> Engine:
            if kind == "postgres":
                server, template = (request.getfixturevalue(name) for name in ("postgres", "template"))
                return stack.enter_context(postgres.database(server, template))
            engine: Engine = open_database(f"sqlite:///{tmp_path / 'other.db'}")
            stack.callback(engine.dispose)
            return engine

        yield make


@pytest.mark.parametrize(
    ("kind", "to"),
    [("sqlite", "postgres"), ("postgres", "sqlite"), ("sqlite", "sqlite"), ("postgres", "postgres")],
)
def test_everything_is_copied_and_only_the_copy_goes_on(
    kind: str, to: str, request: pytest.FixtureRequest, other: Callable[[str], Engine]
) -> None:
    source: Engine = request.getfixturevalue(f"{kind}_engine")
    target = other(to)
    fill(source)
    before = content(source)
    told: list[int] = []
    with reading(source) as connection:
        (known,) = connection.execute(select(scheduler_instance)).all()
    copied = copying.copy(source, target, told.append)
    assert content(target) == before
    assert sum(told) == sum(one.rows for one in copied.values()) == sum(map(len, before.values())) + 1
    with writing(target) as connection:
        assert connection.execute(select(scheduler_instance)).all() == [known], (
            "the scheduler knows it for its own"
        )
        record = Record(email="new@example.org", attributes={}, choices=ALL)
        write(connection, [Decision(Entry(email=record.email), None, record)], "", NOW)
        found = people.find(connection, record.email)
        assert found
        assert found.id == 4, "the number of who was erased does not come back"
        assert search(connection, read("форум"), "форум", limit=5)[1] == 1
    with pytest.raises(StoreError, match="was moved to") as caught:
        open_database(source.url)
    assert "schedule --adopt" in caught.value.hint
    copying.reopen(source)
    open_database(source.url).dispose()


def test_a_target_that_is_not_empty_is_refused_and_left_alone(
    sqlite_engine: Engine, other: Callable[[str], Engine]
) -> None:
    fill(sqlite_engine)
    target = other("sqlite")
    fill(target)
    before = content(target)
    with pytest.raises(StoreError, match="not empty"):
        copying.copy(sqlite_engine, target, lambda _: None)
    assert content(target) == before
    open_database(sqlite_engine.url).dispose()


@pytest.mark.parametrize("to", ["sqlite", "postgres"])
def test_an_interrupted_copy_leaves_nothing_there_and_the_original_open(
    sqlite_engine: Engine, other: Callable[[str], Engine], to: str
) -> None:
    fill(sqlite_engine)
    target = other(to)
    steps = []

    def stop(rows: int) -> None:
        steps.append(rows)
        if len(steps) > 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.copy(sqlite_engine, target, stop)
    assert sum(copying.count(target).values()) == 0
    open_database(sqlite_engine.url).dispose()
    copying.copy(sqlite_engine, target, lambda _: None)
    assert content(target)["subscriber"]


def test_a_copy_that_broke_off_before_its_marks_were_settled_is_begun_anew_or_finished(
    sqlite_engine: Engine, other: Callable[[str], Engine]
) -> None:
    fill(sqlite_engine)
    target = other("sqlite")
    arriving = insert(scheduler_instance).values(place=ARRIVING, starts=0, machine="there")
    with writing(target) as connection:  # the copy is there, and the original does not know of it yet
        connection.execute(arriving)
        letters.put(connection, kind="old", email="old@example.org", language="", request=None, now=NOW)
    with pytest.raises(StoreError, match="unfinished copy"):
        open_database(target.url)
    copying.copy(sqlite_engine, target, lambda _: None)
    before = content(target)
    assert before["letter"] == content(sqlite_engine)["letter"]
    with writing(target) as connection:  # the original is closed, and the copy not open yet
        connection.execute(arriving)
    copying.copy(sqlite_engine, target, lambda _: None)
    assert content(target) == before
    open_database(target.url).dispose()
    with pytest.raises(StoreError, match="was moved to"):
        copying.copy(sqlite_engine, target, lambda _: None)


def test_nothing_is_copied_while_an_issue_is_sent_or_another_program_is_at_work(
    engine: Engine, tmp_path: Path
) -> None:
    press.publish(engine, press.issue(press.CLOSING, [press.item("Форум")]))
    with pytest.raises(StateError, match="is being sent"):
        copying.refuse_sending(engine)
    busy = open_database(engine.url)
    target = open_database(f"sqlite:///{tmp_path / 'target.db'}")
    with pytest.raises(StoreError, match="in use") as caught:
        copying.copy(engine, target, lambda _: None)
    assert "stop `newsletter serve`" in caught.value.hint
    assert sum(copying.count(target).values()) == 0
    busy.dispose()
    target.dispose()


def test_a_copy_that_differs_is_undone(sqlite_engine: Engine, other: Callable[[str], Engine]) -> None:
    fill(sqlite_engine)
    target = other("sqlite")
    with writing(target) as connection:
        connection.execute(
            text("CREATE TRIGGER spoil AFTER INSERT ON subscriber BEGIN UPDATE subscriber SET name = ''; END")
        )
    with pytest.raises(StoreError, match="copy of table subscriber differs"):
        copying.copy(sqlite_engine, target, lambda _: None)
    with reading(target) as connection:
        assert connection.execute(select(func.count()).select_from(subscriber)).scalar_one() == 0
    with writing(sqlite_engine) as connection:
        connection.execute(delete(delivery))
