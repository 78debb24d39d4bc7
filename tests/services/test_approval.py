"""Approving an issue as a service: plain values in, a value or an error out."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from newsletter.config import read_settings
from newsletter.errors import ContentError, StateError
from newsletter.model import IssueState
from newsletter.services import Workspace
from newsletter.services.approval import MISSING, VOID, approve, standing
from tests.sample import sample
from tests.sending import house

CLOSING = date(2025, 2, 14)


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Open the sample with two readers."""
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    with sample() as context:
        house.people(context.database, 2)
        yield context


def item_of(workspace: Workspace) -> Path:
    return next((workspace.root / f"issues/{CLOSING}/items").glob("*.md"))


def test_an_issue_is_approved_once_and_again_only_when_asked_for(workspace: Workspace) -> None:
    assert standing(workspace, CLOSING).state == MISSING
    first = approve(workspace, CLOSING, "Олена")
    assert (first.anew, first.frozen.state, first.frozen.readers) == (True, IssueState.APPROVED, 2)
    second = approve(workspace, CLOSING, "Петро")
    assert (second.anew, second.frozen.approved_by) == (False, "Олена")
    third = approve(workspace, CLOSING, "Петро", again=True)
    assert (third.anew, third.frozen.approved_by) == (True, "Петро")
    assert third.frozen.fingerprint == first.frozen.fingerprint


def test_a_changed_file_voids_the_approval_and_the_next_one_is_new(workspace: Workspace) -> None:
    first = approve(workspace, CLOSING, "Олена")
    path = item_of(workspace)
    path.write_text(f"{path.read_text(encoding='utf-8')}\nA sentence more.\n", encoding="utf-8")
    assert standing(workspace, CLOSING).state == VOID
    again = approve(workspace, CLOSING, "Олена")
    assert again.anew
    assert again.frozen.fingerprint != first.frozen.fingerprint


def test_an_issue_file_that_is_missing_is_named(workspace: Workspace) -> None:
    approve(workspace, CLOSING, "Олена")
    name = f"issues/{CLOSING}/issue.yaml"
    (workspace.root / name).unlink()
    assert (standing(workspace, CLOSING).state, standing(workspace, CLOSING).changed) == (VOID, (name,))
    with pytest.raises(ContentError, match=name):
        approve(workspace, CLOSING, "Олена", again=True)


def test_errors_prevent_the_approval_for_a_real_transport_and_are_returned_for_the_outbox(
    workspace: Workspace,
) -> None:
    path = item_of(workspace)
    path.write_text(f"{path.read_text(encoding='utf-8')}\nLorem ipsum.\n", encoding="utf-8")
    assert [problem.text for problem in approve(workspace, CLOSING, "Олена").ignored]
    settings = workspace.root / "newsletter.yaml"
    text = settings.read_text(encoding="utf-8").replace("transport: outbox", "transport: smtp")
    settings.write_text(text, encoding="utf-8")
    strict = Workspace(workspace.root, read_settings(workspace.root))
    with pytest.raises(ContentError, match="placeholder"):
        approve(strict, CLOSING, "Олена")
    strict.database.dispose()


def test_an_issue_that_nobody_would_get_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    with sample() as empty, pytest.raises(StateError, match="there are no readers"):
        approve(empty, CLOSING, "Олена")
