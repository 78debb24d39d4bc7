"""The state of every issue, and the progress of one, as values."""

import shutil
from datetime import date, timedelta

import pytest

from newsletter.errors import StateError
from newsletter.services import Workspace, delivery
from newsletter.services.approval import approve
from newsletter.services.status import overview, summary
from newsletter.store import issues, ledger
from newsletter.store.db import writing
from tests.sending import house

CLOSING = date(2025, 2, 14)
NAME = CLOSING.isoformat()


@pytest.fixture
def workspace(empty: Workspace) -> Workspace:
    """Approve the sample for three readers."""
    house.people(empty.database, 3)
    approve(empty, CLOSING, "Олена")
    return empty


def states(workspace: Workspace) -> dict[str, str]:
    return {line.issue: line.state for line in overview(workspace)}


def test_each_issue_has_a_state_and_a_change_voids_an_approval_until_it_is_undone(
    workspace: Workspace,
) -> None:
    (workspace.root / "issues/2025-02-21/items").mkdir(parents=True)
    shutil.copytree(workspace.root / f"issues/{NAME}", workspace.root / "issues/2025-02-07")
    expected = {"2025-02-21": "not composed", NAME: "approved", "2025-02-07": "composed"}
    assert list(states(workspace).items()) == list(expected.items())
    item = next((workspace.root / f"issues/{NAME}/items").glob("*.md"))
    text = item.read_text(encoding="utf-8")
    item.write_text(f"{text}\nOne word more.\n", encoding="utf-8")
    assert states(workspace)[NAME] == "approval void"
    assert summary(workspace, NAME)["changed"] == [f"issues/{NAME}/items/{item.name}"]
    item.write_text(text, encoding="utf-8")
    assert states(workspace) == expected


def test_the_progress_of_a_sending_is_counted_by_outcome(workspace: Workspace) -> None:
    before = summary(workspace, NAME)
    assert (before["state"], before["pending"], before["accepted"]) == ("approved", 3, 0)
    ready = delivery.prepare(workspace, delivery.approved(workspace, CLOSING), "outbox")
    delivery.start(workspace, ready, timedelta(minutes=10))
    waiting = summary(workspace, NAME)
    assert (waiting["state"], waiting["due"]) == ("sending", "2025-02-14T13:10:00Z")
    assert (before["undo_until"], waiting["undo_until"]) == (None, "2025-02-14T13:10:00Z")
    with pytest.raises(StateError, match="is not approved"):
        summary(workspace, "2025-02-21")


def test_the_most_that_a_crash_could_leave_unknown_is_said_while_workers_send(workspace: Workspace) -> None:
    with writing(workspace.database) as connection:
        issues.begin(connection, NAME, "smtp", workspace.now())
        assert ledger.acquire(connection, NAME, "one:1", workspace.now(), set())
    found = summary(workspace, NAME)
    assert (found["workers"], found["at_risk"]) == (1, 10 * 4), "smtp.connections times smtp.window"
