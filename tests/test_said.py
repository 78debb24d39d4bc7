"""Whatever the code says to people can be said in Ukrainian: found by reading the code, none left out."""

from enum import StrEnum

import pytest

from newsletter.cli import cli
from newsletter.doctor import Level
from newsletter.doctor.providers import REQUIREMENTS
from newsletter.errors import Severity
from newsletter.i18n import translations
from newsletter.model import IssueState, Outcome
from newsletter.store import choices, events, jobs, requests
from newsletter.store.schema import consent, consent_text, delivery, event, letter, request
from tests import said

STATES: tuple[type[StrEnum], ...] = (
    *(IssueState, Outcome, Severity, Level, jobs.State),
    *(choices.Origin, events.Kind, requests.Kind),
)


def lacks(ids: object) -> list[object]:
    """Return which of these the Ukrainian catalog lacks."""
    catalog = translations("uk")
    return [one for one in ids if said.is_words(one) and catalog.gettext(one) == one]  # type: ignore[attr-defined]


def test_every_error_hint_and_line_of_a_command_is_in_ukrainian() -> None:
    found = {words: str(module) for module, words in said.literals()}
    assert len(found) > 1000
    assert {words: found[words] for words in lacks(found)} == {}  # type: ignore[index]


def test_what_is_said_by_a_name_for_it_is_in_ukrainian() -> None:
    found = {words: str(module) for module, words in said.named()}
    assert len(found) > 50
    assert {words: found[words] for words in lacks(found)} == {}  # type: ignore[index]


def test_nothing_is_put_together_of_words_that_no_catalog_can_have() -> None:
    assert list(said.assembled()) == []


def test_every_help_is_in_ukrainian() -> None:
    found = [one for one in said.helps(cli) if not one.startswith("newsletter ")]
    assert len(found) > 200
    assert lacks(found) == []


@pytest.mark.parametrize("states", STATES, ids=lambda one: one.__module__)
def test_every_state_has_a_ukrainian_name(states: type[StrEnum]) -> None:
    assert lacks([state.value for state in states if state != "outbox"]) == []


def test_what_is_known_of_a_reader_is_named_in_ukrainian() -> None:
    tables = (consent, consent_text, delivery, event, letter, request)
    told = {
        "confirmed_at",
        "requested_at",
        "agreed_at",
        "created_at",
        "sent_at",
        "tries",
        "at",
        "detail",
        "way",
    }
    told |= {
        "source",
        "version",
        "language",
        "text",
        "kind",
        "email",
        "details",
        "issue",
        "state",
        "attempt",
        "code",
    }
    assert told <= {column.name for table in tables for column in table.columns}
    assert lacks(told | {"ends", "revoked", "expired"}) == []


def test_what_mailbox_providers_require_is_in_ukrainian() -> None:
    asked = {when for one in REQUIREMENTS for when in one.asked.values() if when}
    assert lacks([*(one.text for one in REQUIREMENTS), *asked]) == []
