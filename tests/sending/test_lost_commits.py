"""A server that lacks the last ledger commits: a worker notices, records them again, and pauses the issue."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, delete, select, update

from newsletter.model import IssueState, Outcome, Receipt
from newsletter.sending.lost_commits import settle_lost_commits
from newsletter.store import issues, ledger
from newsletter.store.commits import CommitRequest, commit
from newsletter.store.db import KeptConnection, reading, writing
from newsletter.store.issues import Frozen
from newsletter.store.ledger import Result
from newsletter.store.schema import commit_mark, delivery
from tests.sending import house

NOW = datetime.now(UTC)
ACCEPTED = Receipt(outcome=Outcome.ACCEPTED, code=250, detail="2.0.0 Ok")


@pytest.fixture
def sent_to(postgres_engine: Engine) -> Iterator[Engine]:
    """Commit twice: readers 1 and 2 begin; then 1 is accepted, and 3 begins while 2 is on the wire."""
    house.people(postgres_engine, 6)
    house.approve(postgres_engine)
    with writing(postgres_engine) as connection:
        issues.begin(connection, house.NAME, "smtp", NOW)
        lease = ledger.acquire(connection, house.NAME, "worker", NOW, ())
    assert lease
    kept = KeptConnection(postgres_engine)
    for request in (
        CommitRequest(lease, [], [(1, 1, "smtp"), (2, 1, "smtp")], []),
        CommitRequest(lease, [(2, 1, "smtp")], [(3, 1, "smtp")], [Result(1, 1, ACCEPTED)]),
    ):
        with kept.writing() as connection:
            assert commit(connection, request, NOW)
    yield postgres_engine
    kept.close()


def found(engine: Engine) -> tuple[Frozen, dict[int, str]]:
    with reading(engine) as connection:
        outcomes = connection.execute(select(delivery.c.subscriber, delivery.c.state))
        return issues.get(connection, house.NAME), {row.subscriber: row.state for row in outcomes}


def test_what_a_server_has_lost_is_recorded_again_and_the_issue_waits(sent_to: Engine) -> None:
    with writing(sent_to) as connection:  # as on a standby that has the first commit only
        connection.execute(update(commit_mark).values(number=commit_mark.c.number - 1))
        connection.execute(delete(delivery))
    settle_lost_commits(sent_to, NOW)
    issue, outcomes = found(sent_to)
    assert outcomes == {1: Outcome.ACCEPTED, 3: Outcome.UNKNOWN}
    assert issue.state is IssueState.PAUSED
    assert (
        "lost the last commits (1 of a worker) when it was replaced; 2 deliveries were recorded"
        in issue.reason
    )


def test_a_server_that_has_all_commits_goes_on(sent_to: Engine) -> None:
    settle_lost_commits(sent_to, NOW)
    issue, outcomes = found(sent_to)
    assert issue.state is IssueState.SENDING
    assert outcomes == {1: Outcome.ACCEPTED}
