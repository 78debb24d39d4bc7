"""Sending as a service: prepared, started, undone, delivered, paused and planned by plain values."""

import asyncio
from datetime import date, timedelta

import pytest

from newsletter.errors import ContentError, StateError
from newsletter.model import IssueState
from newsletter.services import Workspace, delivery
from newsletter.services.approval import approve, editions
from newsletter.services.delivery import UNDO, undo_window
from newsletter.services.status import summary
from newsletter.store.issues import Frozen
from tests.sending import house

CLOSING = date(2025, 2, 14)
NAME = CLOSING.isoformat()


@pytest.fixture
def workspace(empty: Workspace) -> Workspace:
    """Approve the sample for three readers of everything and two of one section."""
    house.people(empty.database, 3)
    house.people(empty.database, 2, sections=("social",), first=4)
    approve(empty, CLOSING, "Олена")
    return empty


def start(workspace: Workspace, window: timedelta = timedelta()) -> Frozen:
    ready = delivery.prepare(workspace, delivery.approved(workspace, CLOSING), "outbox")
    return delivery.start(workspace, ready, window)


def deliver(workspace: Workspace, frozen: Frozen, segment: str | None = None) -> list[int]:
    """Deliver, and return the progress that was reported."""
    seen: list[int] = []
    with delivery.delivering(workspace, frozen, segment, seen.append) as run:
        asyncio.run(run.deliver())
    return seen


def test_an_approved_issue_is_prepared_started_and_delivered(workspace: Workspace) -> None:
    ready = delivery.prepare(workspace, delivery.approved(workspace, CLOSING), "outbox")
    assert (ready.waiting, ready.needs_confirmation) == (5, False)
    frozen = delivery.start(workspace, ready)
    assert (frozen.state, frozen.transport) == (IssueState.SENDING, "outbox")
    assert deliver(workspace, frozen)[-1] == 5
    assert summary(workspace, NAME)["state"] == IssueState.SENT
    assert len(list((workspace.var / "outbox").glob("*.eml"))) == 5
    with pytest.raises(StateError, match="was sent already"):
        start(workspace)


def test_what_is_not_approved_or_has_changed_is_not_prepared(workspace: Workspace) -> None:
    with pytest.raises(StateError, match="not approved"):
        delivery.approved(workspace, date(2025, 2, 21))
    path = next((workspace.root / f"issues/{NAME}/items").glob("*.md"))
    path.write_text(f"{path.read_text(encoding='utf-8')}\nA sentence more.\n", encoding="utf-8")
    with pytest.raises(ContentError, match=path.name):
        delivery.approved(workspace, CLOSING)


def test_a_start_is_undone_while_nothing_was_sent_and_pauses_afterwards(workspace: Workspace) -> None:
    start(workspace, timedelta(minutes=10))
    assert delivery.undo(workspace, NAME)
    assert summary(workspace, NAME)["state"] == IssueState.APPROVED
    (workspace.root / "subscribers").mkdir()
    segments = workspace.root / "subscribers/segments.yaml"
    segments.write_text("social: {not: {section: education}}\n", encoding="utf-8")
    deliver(workspace, start(workspace), "social")
    assert not delivery.undo(workspace, NAME)
    assert summary(workspace, NAME)["state"] == IssueState.PAUSED


@pytest.mark.parametrize(
    ("transport", "wanted", "at_once", "attended", "window"),
    [
        ("smtp", None, False, True, UNDO),
        ("smtp", None, False, False, timedelta()),
        ("smtp", None, True, True, timedelta()),
        ("smtp", timedelta(minutes=1), False, False, timedelta(minutes=1)),
        ("outbox", None, False, True, timedelta()),
        ("outbox", timedelta(minutes=1), False, True, timedelta(minutes=1)),
    ],
)
def test_a_real_transport_can_be_undone_for_ten_minutes_where_somebody_is_there(
    transport: str, wanted: timedelta | None, at_once: bool, attended: bool, window: timedelta
) -> None:
    for state, expected in ((IssueState.APPROVED, window), (IssueState.SENDING, timedelta())):
        assert undo_window(state, transport, wanted, at_once=at_once, attended=attended) == expected


def test_an_issue_being_sent_is_paused_resumed_and_cancelled_and_not_twice(workspace: Workspace) -> None:
    with pytest.raises(StateError, match="is approved, so it cannot become paused"):
        delivery.pause(workspace, CLOSING)
    start(workspace, timedelta(minutes=10))
    assert delivery.pause(workspace, CLOSING) is IssueState.PAUSED
    assert summary(workspace, NAME)["reason"] == "paused by hand"
    assert delivery.resume(workspace, CLOSING) is IssueState.SENDING
    assert delivery.cancel(workspace, CLOSING) is IssueState.CANCELLED
    for change in (delivery.pause, delivery.resume, delivery.cancel):
        with pytest.raises(StateError, match="is cancelled"):
            change(workspace, CLOSING)


def test_who_would_get_which_edition_is_known_before_anything_is_sent(workspace: Workspace) -> None:
    groups = delivery.waiting_by_edition(workspace, NAME)
    assert [group.readers for group in groups] == [3, 2]
    assert groups == editions(workspace, NAME)
    assert set(groups[1].sections) == {"top", "social"}
    members = list(delivery.audience_of(workspace, NAME))
    assert (members[0].email, members[0].state) == ("reader1@city.example.org", "")
    assert len(members) == 5
    deliver(workspace, start(workspace))
    assert delivery.waiting_by_edition(workspace, NAME) == []
    assert list(delivery.audience_of(workspace, NAME, state="")) == []
    assert len(list(delivery.audience_of(workspace, NAME, state="accepted"))) == 5


def test_who_joins_after_the_approval_gets_what_was_approved_whatever_became_of_the_files(
    workspace: Workspace,
) -> None:
    deliver(workspace, start(workspace))
    house.people(workspace.database, 1, first=10)
    house.people(workspace.database, 1, sections=("education",), first=11)
    (workspace.root / f"issues/{NAME}/issue.yaml").unlink()
    done = delivery.add_new_readers(workspace, CLOSING)
    assert (done.added, done.unmatched) == (2, 0)
    assert summary(workspace, NAME)["pending"] == 2
    deliver(workspace, delivery.approved(workspace, CLOSING))
    assert len(list((workspace.var / "outbox").glob("*.eml"))) == 7
