"""What is kept of people has an end: a row of every table, made long ago, is looked for afterwards."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Table, func, insert, select

from newsletter.durations import Age, parse_age
from newsletter.errors import ConfigError
from newsletter.links import Purpose
from newsletter.model import Outcome
from newsletter.names import read_name
from newsletter.services import Workspace, open_workspace
from newsletter.services.periodic import prune
from newsletter.store import deliveries
from newsletter.store.confirmation_limits import NETWORKS
from newsletter.store.db import reading, writing
from newsletter.store.schema import metadata
from newsletter.web.readers.app import create_site
from tests.sending.house import SHARED

THEN, SOON, LATER = "2025-02-14T14:00:00Z", "2026-03-13T14:00:00+00:00", "2026-03-14T14:00:01+00:00"
AT_LAST = "2028-02-14T14:00:01+00:00"
D = "2025-02-14"

STAYS = {
    **dict.fromkeys(("subscriber", "subscription", "consent", "consent_text"), "as long as the person"),
    **dict.fromkeys(("erased", "opt_out"), "keyed hashes, so that no list brings anybody back"),
    "erasing": "until the job of erasures has finished it",
    **dict.fromkeys(
        ("issue", "edition", "part", "cover", "item", "calendar", "picture"), "what was published"
    ),
    **dict.fromkeys(
        ("chunk", "schedule_run", "clock", "scheduler_instance", "way", "way_day"),
        "numbers and moments, no person",
    ),
    "webhook": "numbers and moments, no person",
    "member": "as long as the person",
    "outcome_total": "numbers",
    "earlier_approval": "what would have been published, and its approver",
    **dict.fromkeys(("content", "edition_items", "correction"), "what was published, and corrected since"),
}
"""The tables that may keep a row of any age, and why."""

SPECIAL: dict[tuple[str, str], Any] = {
    ("subscriber", "status"): "active",
    ("subscription", "state"): "active",
    ("issue", "name"): D,
    ("issue", "state"): "sent",
    ("issue", "envelope"): asdict(SHARED),
    ("edition", "key"): "all",
    ("delivery", "state"): "accepted",
    ("event", "kind"): "hard",
    ("job", "open_as"): None,
    ("job", "state"): "done",
    ("letter", "kind"): "note",
    ("rate_limit", "scope"): f"{NETWORKS}192.0.2.0/24",
}
_BY_NAME = {"issue": D, "edition": "all", "version": "1", "moment": THEN}
_BY_TYPE: dict[type, Any] = {dict: {}, bytes: b"digest", float: 1.0, int: 1, bool: True}


def value(table: Table, column: Column[Any]) -> Any:
    """Return a value for a column of a row that was made long ago."""
    usual = THEN if column.name.endswith("at") else "x"
    python = dict if isinstance(column.type, JSON) else column.type.python_type
    found = _BY_NAME.get(column.name, _BY_TYPE.get(python, usual))
    return SPECIAL.get((table.name, column.name), found)


@pytest.fixture
def filled(press: Workspace) -> Workspace:
    """Put a row into every table, as of long ago."""
    with writing(press.database) as connection:
        for table in metadata.sorted_tables:
            row = {column.name: value(table, column) for column in table.c}
            if table.name == "outcome_total":
                continue  # made by what is tested
            connection.execute(insert(table).values(row))
    return press


def kept(workspace: Workspace) -> set[str]:
    """Return the tables that have a row."""
    with reading(workspace.database) as connection:
        return {
            table.name
            for table in metadata.sorted_tables
            if connection.execute(select(func.count()).select_from(table)).scalar_one()
        }


def test_of_every_table_only_what_has_a_reason_is_kept_for_ever(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", SOON)
    prune(filled)
    assert {"delivery", "audience", "event"} <= kept(filled)
    monkeypatch.setenv("NEWSLETTER_NOW", LATER)
    assert prune(filled) == 3
    assert "journal" in kept(filled)
    monkeypatch.setenv("NEWSLETTER_NOW", AT_LAST)
    assert prune(filled) == 1
    assert kept(filled) - STAYS.keys() == set()
    assert STAYS.keys() - kept(filled) == set()


def test_the_numbers_of_an_issue_and_its_copy_on_the_web_outlive_who_got_it(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", LATER)
    with reading(filled.database) as connection:
        before = deliveries.counts(connection, D), deliveries.counts_by_issue(connection)
    prune(filled)
    assert prune(filled) == 0
    with reading(filled.database) as connection:
        assert (deliveries.counts(connection, D), deliveries.counts_by_issue(connection)) == before
    assert before[0][Outcome.ACCEPTED] == 1
    token = filled.signer.token(Purpose.VIEW, 1, read_name(D))
    answer = create_site(filled).test_client().get(f"/view/{token}")
    assert (answer.status_code, answer.location) == (302, f"/issues/{D}")


@pytest.mark.parametrize(
    ("text", "age"),
    [("13 months", Age(13)), ("1 year", Age(12)), ("2 weeks", Age(0, 14)), ("30 days", Age(0, 30))],
)
def test_an_age_is_counted_by_the_calendar(text: str, age: Age) -> None:
    assert parse_age(text) == age
    assert parse_age(str(age)) == age
    assert parse_age("month") is parse_age("0 days") is parse_age("13m") is parse_age("9999 years") is None
    assert Age(13).before(datetime(2026, 3, 31, tzinfo=UTC)) == datetime(2025, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "line", ["deliveries: 1 month", "requests: 3 days", "journal: 11 months", "requests: soon"]
)
def test_what_is_still_needed_may_not_be_forgotten(press: Workspace, line: str) -> None:

    file: Path = press.root / "newsletter.yaml"
    file.write_text(file.read_text("utf-8") + f"\nretention:\n  {line}\n", "utf-8")
    with pytest.raises(ConfigError, match="retention"):
        open_workspace(press.root)
