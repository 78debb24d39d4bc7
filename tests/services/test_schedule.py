"""The weekly hours as a service: the next ones, the one of an issue, held ones, and settling those due."""

from datetime import date
from pathlib import Path

import pytest

from newsletter.config import read_settings
from newsletter.errors import ConfigError, ContentError
from newsletter.services import Workspace
from newsletter.services.approval import EMPTY, MISSING, approve
from newsletter.services.schedule import held_hours, hours, lacks_editors, settle_due, was_held
from newsletter.services.status import summary
from tests.sending import house

CLOSING = date(2025, 2, 14)
HOUR, SOON, LATE = (f"2025-02-14T{at}:00+00:00" for at in ("14:01", "14:10", "20:01"))


def changed(workspace: Workspace, old: str, new: str) -> Workspace:
    """Change a word of newsletter.yaml, and read it again."""
    path: Path = workspace.root / "newsletter.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return Workspace(workspace.root, read_settings(workspace.root))


def test_the_next_eight_hours_are_local_and_each_names_its_issue(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-03-20T09:00:00+00:00")
    found = hours(empty)
    assert [(hour.moment.isoformat(), hour.issue, hour.standing.state) for hour in found[1:3]] == [
        ("2025-03-28T16:00:00+02:00", date(2025, 3, 28), EMPTY),
        ("2025-04-04T16:00:00+03:00", date(2025, 4, 4), EMPTY),
    ]
    assert len(found) == 8


def test_the_hour_of_one_issue_is_found_even_when_it_is_past_or_in_the_middle_of_its_week(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-03-20T09:00:00+00:00")
    (hour,) = hours(empty, CLOSING)
    assert (hour.moment.isoformat(), hour.standing.state) == ("2025-02-14T16:00:00+02:00", MISSING)
    (hour,) = hours(changed(empty, "friday 16:00", "monday 08:00"), CLOSING)
    assert hour.moment.isoformat() == "2025-02-10T08:00:00+02:00"


def test_a_day_on_which_no_issue_closes_is_refused_with_the_right_one(empty: Workspace) -> None:
    with pytest.raises(ContentError, match=r"(?s)no issue closes on Thursday, 2025-02-13.*2025-02-14"):
        hours(empty, date(2025, 2, 13))


def test_without_a_weekly_hour_there_is_an_error_that_says_how_to_set_one(empty: Workspace) -> None:
    without = changed(empty, "schedule: {weekly: friday 16:00, grace: 6h}", "")
    for closing in (None, CLOSING):
        with pytest.raises(ConfigError, match=r"schedule: \{weekly: friday 16:00, grace: 6h\}"):
            hours(without, closing)
    assert not lacks_editors(without)


def test_a_held_hour_stays_open_for_its_grace_and_is_settled_once(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.people(empty.database, 2)
    assert settle_due(empty) == []
    monkeypatch.setenv("NEWSLETTER_NOW", HOUR)
    (hour,) = settle_due(empty)
    assert hour.settled.held
    assert hour.until
    assert f"{hour.until:%H:%M %Z}" == "22:00 EET"
    assert settle_due(empty) == []
    monkeypatch.setenv("NEWSLETTER_NOW", SOON)
    (held,) = held_hours(empty)
    assert (held.settled.issue, held.until) == (str(CLOSING), hour.until)
    approve(empty, CLOSING, "Олена")
    (hour,) = settle_due(empty)
    assert (hour.settled.held, hour.until) == (False, None)
    assert summary(empty, str(CLOSING))["state"] == "sending"


def test_an_hour_longer_ago_than_the_grace_is_still_known_to_have_been_held(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle_due(empty)
    monkeypatch.setenv("NEWSLETTER_NOW", HOUR)
    settle_due(empty)
    monkeypatch.setenv("NEWSLETTER_NOW", LATE)
    assert held_hours(empty) == []
    assert was_held(empty, str(CLOSING))
    assert not was_held(empty, "2025-02-21")


def test_a_weekly_hour_without_editors_notifies_nobody(empty: Workspace) -> None:
    assert lacks_editors(empty)
    with (empty.root / "newsletter.yaml").open("a", encoding="utf-8") as settings:
        settings.write("\neditors: [desk@news.example.org]\n")
    assert not lacks_editors(Workspace(empty.root, read_settings(empty.root)))
