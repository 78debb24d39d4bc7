"""A test message as a service: any edition, to one address, and nothing is recorded."""

import asyncio
from datetime import date

import pytest

from newsletter.errors import ConfigError, ContentError
from newsletter.model import Outcome
from newsletter.services import Workspace
from newsletter.services.status import overview
from newsletter.services.test_message import Wanted, send_test
from tests.sending import house

CLOSING, ME = date(2025, 2, 14), "me@example.org"


@pytest.fixture
def workspace(empty: Workspace) -> Workspace:
    """Open the sample with one reader of one section."""
    house.people(empty.database, 1, sections=("social",))
    return empty


def sections(workspace: Workspace, wanted: Wanted) -> set[str]:
    """Send a test message, and return the sections of its edition."""
    edition, receipt = asyncio.run(send_test(workspace, CLOSING, "outbox", wanted))
    assert receipt.outcome is Outcome.ACCEPTED
    return set(edition.sections)


def test_a_test_message_can_be_of_any_edition_and_approves_nothing(workspace: Workspace) -> None:
    whole = sections(workspace, Wanted(address=ME))
    assert {"top", "social", "education", "economy"} <= whole
    chosen = frozenset({"social", "education"})
    assert sections(workspace, Wanted(address=ME, sections=chosen)) == {"top", *chosen}
    like = sections(workspace, Wanted(address=ME, like="reader1@city.example.org"))
    assert like == {"top", "social"}
    ((small, _),) = workspace.proof(CLOSING).tally
    assert sections(workspace, Wanted(address=ME, edition=small.key)) == {"top", "social"}
    assert sections(workspace, Wanted(address="Me@example.org", among=[ME])) == whole
    assert [line.state for line in overview(workspace)] == ["composed"]


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        (Wanted(address="no address"), ConfigError, "not a usable address"),
        (Wanted(address=ME, sections=frozenset({"sozial"})), ConfigError, "Did you mean 'social'"),
        (Wanted(address=ME, like="nobody@example.org"), ContentError, "is not a reader"),
        (Wanted(address=ME, edition="0" * 16), ContentError, "no items for this edition"),
        (Wanted(address=ME, among=["other@example.org"]), ConfigError, "test messages do not go to"),
    ],
)
def test_a_test_message_of_no_edition_or_to_nobody_is_refused(
    workspace: Workspace, wanted: Wanted, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        asyncio.run(send_test(workspace, CLOSING, "outbox", wanted))
