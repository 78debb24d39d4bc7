"""Whatever changes an issue's state at one moment: the outcome is as if one had come after the other.

One operation is stopped at its gaps, before statements and commits; another runs meanwhile, to its end or
until it waits for the first. With NEWSLETTER_EVERY_STATEMENT, as in scripts/faults, all of them are tried.
"""

import ast
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Connection, Engine, and_, delete, event, func, insert, select

import newsletter
from newsletter.config import read_settings
from newsletter.errors import NewsletterError
from newsletter.model import IssueState, Outcome, Receipt
from newsletter.render.edition import Editions
from newsletter.sending.freeze import verify
from newsletter.sending.start import finish, start, startable, take_in, undo
from newsletter.sending.weekly import Week, tick
from newsletter.store import deliveries, issues, ledger, schedule_runs
from newsletter.store.commits import CommitRequest, commit
from newsletter.store.db import KeptConnection, open_database, reading, writing
from newsletter.store.ledger import Result
from newsletter.store.schema import audience, chunk, delivery, metadata
from tests.sending import house

ROOT = Path(__file__).parents[2]
HOUR = house.NOW
READERS, NEW = 4, 2
_BLOCKED = 0.03  # seconds after which the second is taken to wait for the first
APPROVED, SENDING, SENT = IssueState.APPROVED, IssueState.SENDING, IssueState.SENT
Do = Callable[[Engine], object]


def approve(engine: Engine) -> object:
    return house.approve(engine).readers


def begin(engine: Engine) -> object:
    seen = startable(engine, house.NAME, house.SOURCES, "smtp")
    with writing(engine) as connection:
        return start(connection, seen, "smtp", HOUR).state


def weekly(engine: Engine) -> object:
    week = Week(
        engine=engine,
        settings=read_settings(ROOT).model_copy(update={"transport": "smtp"}),
        sources=lambda _closing: house.SOURCES,
        has_items=lambda _closing: True,
        clock=lambda: HOUR,
    )
    return [one.outcome for one in tick(week)]


def move(to: IssueState, *among: IssueState) -> Do:
    def do(engine: Engine) -> object:
        with writing(engine) as connection:
            return issues.change_state(connection, house.NAME, to, among=among)

    return do


def grow(engine: Engine) -> object:
    return take_in(engine, Editions(house.issue()), house.NAME, house.SOURCES)[1:]


def again(engine: Engine) -> object:
    with writing(engine) as connection:
        return deliveries.send_again(connection, house.NAME, [1])


def body(engine: Engine) -> object:
    """Put a reader on the wire, as the worker does who holds the chunk; tell whether its message left."""
    with reading(engine) as connection:
        held = connection.execute(select(chunk).order_by(chunk.c.id)).first()
    if held is None:
        return False
    lease = ledger.Lease(house.NAME, held.id, held.epoch, held.lo, held.hi)
    kept = KeptConnection(engine)
    with kept.writing() as connection:
        leave = commit(connection, CommitRequest(lease, [], [(1, 1, "smtp")], []), HOUR)
    kept.close()
    return bool(leave and leave.readers)


OPERATIONS: dict[str, Do] = {
    "approve": approve,
    "begin": begin,
    "weekly": weekly,
    "pause": move(IssueState.PAUSED, SENDING),
    "resume": move(SENDING, IssueState.PAUSED),
    "cancel": move(IssueState.CANCELLED, APPROVED, SENDING, IssueState.PAUSED),
    "undo": lambda engine: undo(engine, house.NAME),
    "grow": grow,
    "finish": lambda engine: finish(engine, house.NAME, house.NOW),
    "again": again,
    "body": body,
}
PAIRS = [
    ("approved", "approve", "begin"),
    ("approved", "approve", "weekly"),
    ("approved", "begin", "approve"),
    ("approved", "begin", "cancel"),
    ("begun", "undo", "body"),
    ("done", "begin", "grow"),
    ("done", "finish", "grow"),
    ("done", "grow", "finish"),
    ("done", "finish", "again"),
]
GAPS: Iterable[int] = (*range(1, 7), *range(9, 99, 5))
if os.environ.get("NEWSLETTER_EVERY_STATEMENT"):
    PAIRS, GAPS = list(product(("approved", "begun", "done"), OPERATIONS, OPERATIONS)), range(1, 99)
_TOUCHED = {
    "issue",
    "edition",
    "part",
    "cover",
    "item",
    "audience",
    "chunk",
    "delivery",
    "schedule_run",
    "note",
    "letter",
}
_TABLES = [table for table in metadata.sorted_tables if table.name in _TOUCHED]


@dataclass
class Scene:
    """An issue at some point of its life, to which the database can be brought back."""

    engine: Engine
    other: Engine
    rows: dict[str, list[dict[str, object]]]

    def restore(self) -> None:
        """Bring the database back."""
        with writing(self.engine) as connection:
            for table in reversed(_TABLES):
                connection.execute(delete(table))
            for table in _TABLES:
                if self.rows[table.name]:
                    connection.execute(insert(table), self.rows[table.name])

    def outcome(self, *results: object) -> tuple[object, ...]:
        """Return what came of it, and check what must hold whatever came."""
        with reading(self.engine) as connection:
            found = issues.get(connection, house.NAME)
            rows = select(delivery.c.subscriber, delivery.c.state).order_by(delivery.c.subscriber)
            entered = [tuple(row) for row in connection.execute(rows)]
            wire = [one for row in connection.execute(select(chunk.c.inflight)) for one in row.inflight]
            open_chunks = len(deliveries.open_chunks(connection, house.NAME))
            _each_reader_is_in_one_chunk(connection)
        verify(self.engine, house.NAME, house.SOURCES)
        if found.state is APPROVED:
            assert (entered, wire) == ([], []), "what has left is not approved again"
        if found.state is SENT:
            assert open_chunks == 0, "nobody is forgotten"
        return (found.state, found.transport, found.readers, entered, wire, open_chunks, *results)


def _each_reader_is_in_one_chunk(connection: Connection) -> None:
    within = and_(chunk.c.issue == audience.c.issue, audience.c.subscriber.between(chunk.c.lo, chunk.c.hi))
    chunks = select(func.count(chunk.c.id)).select_from(audience.outerjoin(chunk, within))
    assert set(connection.execute(chunks.group_by(audience.c.subscriber)).scalars()) == {1}


def _prepare(engine: Engine, life: str) -> None:
    house.people(engine, READERS)
    house.approve(engine)
    with writing(engine) as connection:
        schedule_runs.found(connection, HOUR - timedelta(days=6), HOUR)
        if life == "approved":
            return
        issues.begin(connection, house.NAME, "smtp", HOUR)
        lease = ledger.acquire(connection, house.NAME, "worker", HOUR, ())
        assert lease
        if life == "done":
            receipts = [Outcome.UNKNOWN, *[Outcome.ACCEPTED] * (READERS - 1)]
            results = [Result(n, 1, Receipt(outcome=one)) for n, one in enumerate(receipts, 1)]
            ledger.record(connection, house.NAME, results, HOUR)
            ledger.release(connection, lease, None)
    if life == "done":
        house.people(engine, NEW, first=READERS + 1)


def _try(do: Do, engine: Engine) -> object:
    try:
        return do(engine)
    except NewsletterError as error:
        return str(error)


class Gaps:
    """The gaps of what is done by `engine`: before each statement and commit, and before each transaction."""

    def __init__(self, engine: Engine) -> None:
        self._left = 0
        self._do: Callable[[], None] = lambda: None
        self._alone = engine.dialect.name == "sqlite"
        for name in ("before_cursor_execute", "commit", "engine_connect"):
            event.listen(engine, name, self._pass)

    def arm(self, at: int, do: Callable[[], None]) -> None:
        """Have `do` done in gap number `at` from now on."""
        self._left, self._do = at, do

    def _pass(self, connection: Connection, *_: object) -> None:
        writing = not connection.get_execution_options().get("reading", False)
        if self._alone and writing and connection.in_transaction():
            return  # whoever comes now waits until it is over
        self._left -= 1
        if self._left == 0:
            self._do()


@pytest.fixture
def scene(engine: Engine, life: str) -> Iterator[Scene]:
    """Bring an issue to that point of its life."""
    _prepare(engine, life)
    with reading(engine) as connection:
        rows = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in _TABLES
        }
    other = open_database(engine.url.render_as_string(hide_password=False))
    yield Scene(engine, other, rows)
    other.dispose()


def _interleave(scene: Scene, gaps: Gaps, first: Do, second: Do, at: int) -> tuple[object, ...] | None:
    """Do `second` in gap number `at` of `first`; return what came of it, None if there are fewer."""
    results: list[object] = []
    thread = Thread(target=lambda: results.append(_try(second, scene.other)))

    def meanwhile() -> None:
        thread.start()
        thread.join(_BLOCKED)

    gaps.arm(at, meanwhile)
    result = _try(first, scene.engine)
    gaps.arm(0, meanwhile)
    if thread.ident is None:
        return None
    thread.join()
    return scene.outcome(result, *results)


@pytest.mark.parametrize(("life", "first", "second"), PAIRS)
def test_of_two_changes_at_one_moment_one_comes_after_the_other(
    scene: Scene, first: str, second: str
) -> None:
    one, two = OPERATIONS[first], OPERATIONS[second]
    result = _try(one, scene.engine)
    legal = [scene.outcome(result, _try(two, scene.other))]
    scene.restore()
    result = _try(two, scene.other)
    legal.append(scene.outcome(_try(one, scene.engine), result))
    gaps = Gaps(scene.engine)
    for at in GAPS:
        scene.restore()
        outcome = _interleave(scene, gaps, one, two, at)
        if outcome is None:
            break
        assert outcome in legal, f"gap {at}"
    assert at > 1


def test_nothing_but_its_own_module_writes_an_issue_s_row() -> None:
    found = [
        f"{path.name}:{node.lineno}"
        for path in Path(newsletter.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        if getattr(node.func, "id", "") in ("insert", "update", "delete", "upsert")
        if any(getattr(argument, "id", "") == "issue" for argument in node.args)
        if path.parts[-2:] != ("store", "issues.py")
    ]
    assert found == [], "use store/issues.py, which locks the row first"
