"""Who gets an issue: searched by address, name, state and edition, in pages, and counted by segment."""

from datetime import date

import pytest

from newsletter.errors import ConfigError, StateError
from newsletter.model import Outcome, Receipt
from newsletter.services import Workspace
from newsletter.services.approval import approve, editions
from newsletter.services.recipients import PENDING, Question, by_segment, recipients
from newsletter.store import ledger
from newsletter.store.db import writing
from newsletter.store.ledger import Result
from tests.sending import house

CLOSING = date(2025, 2, 14)
NAME = CLOSING.isoformat()


@pytest.fixture
def workspace(empty: Workspace) -> Workspace:
    """Approve the sample for sixty readers of two editions, of whom one has got it."""
    house.people(empty.database, 55)
    house.people(empty.database, 5, sections=("social",), first=56)
    approve(empty, CLOSING, "Олена")
    with writing(empty.database) as connection:
        receipt = Receipt(outcome=Outcome.UNKNOWN)
        ledger.record(connection, NAME, [Result(7, 1, receipt)], house.NOW)
    return empty


def test_recipients_come_in_pages_that_together_hold_each_of_them_once(workspace: Workspace) -> None:
    first = recipients(workspace, NAME, Question())
    assert (first.found, len(first.people)) == (60, 50)
    assert first.next is not None
    second = recipients(workspace, NAME, Question(after=first.next))
    numbers = [one.number for one in (*first.people, *second.people)]
    assert numbers == list(range(1, 61))
    assert second.next is None


def test_they_are_found_by_address_name_in_any_case_state_and_edition(workspace: Workspace) -> None:
    def found(**asked: str) -> list[int]:
        return [one.number for one in recipients(workspace, NAME, Question(**asked)).people]  # type: ignore[arg-type]

    assert found(words="READER12@") == [12]
    assert found(words="читач 33") == found(words="ЧИТАЧ 33") == [33]
    assert found(words="%") == []
    assert found(state="unknown") == [7]
    assert 7 not in found(state=PENDING)
    small = editions(workspace, NAME)[-1]
    assert found(edition=small.edition) == [56, 57, 58, 59, 60]
    with pytest.raises(ConfigError, match="there is no state 'lost'"):
        found(state="lost")
    with pytest.raises(StateError, match="is not approved"):
        recipients(workspace, "2025-02-21", Question())


def test_they_are_counted_by_segment(workspace: Workspace) -> None:
    (workspace.root / "subscribers").mkdir(exist_ok=True)
    (workspace.root / "subscribers/segments.yaml").write_text(
        "everybody: {about: Усі, section: [top, social]}\nkharkiv: {region: Харківська}\n", encoding="utf-8"
    )
    assert {one.name: one.readers for one in by_segment(workspace, NAME)} == {"everybody": 60, "kharkiv": 0}
