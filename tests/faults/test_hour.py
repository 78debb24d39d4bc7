"""Between the weekly hour and the first message, at every step: kill -9, and a database that is locked.

A child does what cron does, `send --due`, and is struck before its n-th write or commit from the settling of
the hour on, n = 1, 2, 3 …; each time another goes on from there. With NEWSLETTER_EVERY_STATEMENT, as in
scripts/faults, it is struck before every statement, reads too, until one comes to its end.
"""

import os
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, delete, event, select, update

from newsletter.cli import approve as _approve  # noqa: F401  imported once, for all children
from newsletter.cli import run
from newsletter.cli import send as _send  # noqa: F401  likewise
from newsletter.services import letters as _letters  # noqa: F401  likewise
from newsletter.services import proof as _proof  # noqa: F401  likewise
from newsletter.store import issues, locking
from newsletter.store.db import open_database, reading, writing
from newsletter.store.schema import chunk, delivery, issue, letter, schedule_run
from newsletter.transport.outbox import files as _outbox  # noqa: F401  likewise
from tests import postgres as server
from tests.faults.scene import D, workspace
from tests.sending import house

READERS = 2
BEFORE, HOUR = "2025-02-13T09:00:00+00:00", "2025-02-14T14:00:30+00:00"
AFTER = "2025-02-14T14:01:00+00:00"  # when the lease of who was killed has ended
_EVERY = bool(os.environ.get("NEWSLETTER_EVERY_STATEMENT"))
_STEPS = range(1, 999 if _EVERY else 7)


class Press:
    """A workspace whose weekly hour has come."""

    def __init__(self, root: Path, database: str) -> None:
        self.root = root
        self.database = database

    def say(self, *arguments: str, now: str = HOUR, before: Callable[[], None] = lambda: None) -> int:
        """Run one command line in a child, after `before`; return its exit code."""
        child = os.fork()
        if child == 0:
            try:
                with Path(os.devnull).open("w") as nowhere:
                    os.dup2(nowhere.fileno(), 1)
                    os.dup2(nowhere.fileno(), 2)
                os.environ["NEWSLETTER_NOW"] = now
                before()
                os._exit(run(["-C", str(self.root), *arguments]))
            finally:
                os._exit(99)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def killed(self, at: int) -> bool:
        """Do what cron does at the hour, and kill it before step number `at`; tell whether it came so far."""
        first, counted = "INSERT INTO schedule_run", ("INSERT", "UPDATE", "DELETE", "WITH")
        code = self.say("send", "--due", before=lambda: _strike_at(at, _die, first, counted))
        assert code in (0, 1, -signal.SIGKILL)
        return code < 0

    def judge(self) -> str:
        """Return what became of the hour; whatever it is, the issue and the editors' notes go with it."""
        engine = open_database(self.database)
        with reading(engine) as connection:
            outcome = (
                connection.execute(select(schedule_run.c.outcome).where(schedule_run.c.issue == D)).scalar()
                or ""
            )
            found = issues.find(connection, D)
            notes = (
                connection.execute(select(letter.c.sent_at).where(letter.c.kind == "note")).scalars().all()
            )
        engine.dispose()
        state = found.state.value if found else ""
        if outcome == "sent":
            assert (state in ("sending", "sent"), notes) == (True, [])
        else:
            assert state in ("", "approved")
            assert len(notes) == (1 if outcome else 0)
        return outcome

    def begin_again(self) -> None:
        """Bring the press back to where the hour had not come."""
        engine = open_database(self.database)
        with writing(engine) as connection:
            connection.execute(delete(schedule_run).where(schedule_run.c.issue == D))
            connection.execute(delete(letter))
            connection.execute(delete(delivery))
            connection.execute(update(chunk).values(done=0, lease_until=0, inflight=[], worker=""))
            connection.execute(update(issue).values(state="approved", transport="", begun_at=""))
        engine.dispose()
        shutil.rmtree(self.root / "var/outbox", ignore_errors=True)

    def mail(self, folder: str) -> list[str]:
        """Return the names of the messages in a folder of var/."""
        return sorted(path.name for path in (self.root / "var" / folder).glob("[!.]*.eml"))


def _strike_at(at: int, strike: Callable[[], None], first: str, counted: tuple[str, ...]) -> None:
    """Have `strike` called before step `at`: of statements so begun, and commits, from the `first` on."""
    steps, counting = count(1), _EVERY

    def step(*_arguments: object) -> None:
        if counting and next(steps) == at:
            strike()

    def statement(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        nonlocal counting
        counting = counting or sql.startswith(first)
        if _EVERY or sql.startswith(counted):
            step()

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", step)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(params=["sqlite", "postgres"])
def press(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Press]:
    """Make a workspace whose schedule was set the day before; it has no outbox yet."""
    workspace(tmp_path, 9, transport="outbox", editors=["desk@news.example.org"])
    database, address = f"sqlite:///{tmp_path}/var/newsletter.db", ""
    if request.param == "postgres":
        address, template = request.getfixturevalue("postgres"), request.getfixturevalue("template")
        name = f"hour_{uuid4().hex}"
        server.copy(address, template, name)
        database = server.named(address, name)
    monkeypatch.setenv("NEWSLETTER_DATABASE", database)
    engine = open_database(database)
    house.people(engine, READERS)
    engine.dispose()
    press = Press(tmp_path, database)
    assert press.say("send", "--due", now=BEFORE) == 0
    yield press
    if address:
        server.execute(address, f"DROP DATABASE {name} WITH (FORCE)")


def test_killed_at_any_step_from_its_hour_on_an_issue_leaves_once(press: Press) -> None:
    assert press.say("approve", D, "--by", "Олена") == 0
    outcomes = Counter[str]()
    for at in _STEPS:
        if not press.killed(at):
            break
        outcomes[press.judge()] += 1
        assert press.say("send", "--due", now=AFTER) == 0
        assert press.judge() == "sent"
        assert len(press.mail("outbox")) == READERS
        press.begin_again()
    assert min(outcomes[""], outcomes["sent"]) > 1, "both before and after it was settled"


def test_killed_at_any_step_from_its_hour_on_an_issue_that_is_held_is_told_of_once(press: Press) -> None:
    outcomes = Counter[bool]()
    for at in _STEPS:
        if not press.killed(at):
            break
        outcomes["is not approved" in press.judge()] += 1
        assert press.say("send", "--due", now=AFTER) in (0, 1)
        assert "is not approved" in press.judge()
        assert len(press.mail("outbox/letters")) == 1, "its folder was made"
        press.begin_again()
    assert min(outcomes.values()) > 1
    assert press.mail("outbox") == []


@pytest.mark.parametrize("press", ["sqlite"], indirect=True)
def test_a_database_locked_for_long_at_any_step_of_the_hour_loses_no_issue(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = lambda attempt, _patience: attempt()  # noqa: E731  as after the seconds for which writers wait
    monkeypatch.setattr(locking, "retry_busy", at_once)
    assert press.say("approve", D, "--by", "Олена") == 0
    held = []

    def lock() -> None:
        path = press.database.removeprefix("sqlite:///")
        held.append(sqlite3.connect(path, timeout=0, isolation_level=None))
        held[0].execute("BEGIN IMMEDIATE")

    def code_when_locked(at: int) -> int:
        first, counted = "SELECT issue.name", ("SELECT edition.", "SELECT audience.", "SELECT cover.")
        return press.say("send", "--due", before=lambda: _strike_at(at, lock, first, counted))

    for at in range(1, 5):
        assert code_when_locked(at) == 2
        assert press.judge() == ""
    assert press.say("send", "--due", now=AFTER) == 0
    assert press.judge() == "sent"
    assert len(press.mail("outbox")) == READERS
