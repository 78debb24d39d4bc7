"""The command `schedule`, run as a user runs it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.cli import run

ROOT = Path(__file__).parents[2]
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run `schedule` in March 2025 and return its exit code, output and errors."""
    shutil.copy(ROOT / "newsletter.yaml", tmp_path)
    shutil.copy(ROOT / "logo.png", tmp_path)
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-03-20T09:00:00+00:00")

    def say(*words: str) -> tuple[int, str, str]:
        code = run(["-C", str(tmp_path), "schedule", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return say


def test_the_next_eight_hours_are_local_and_each_names_its_issue(say: Say) -> None:
    code, out, _ = say()
    head, *lines = out.splitlines()
    assert code == 0
    assert head == "friday 16:00 in Europe/Kyiv:"
    assert lines[:3] == [
        "  21 March 2025, 16:00 +02:00  issue 2025-03-21: no items yet",
        "  28 March 2025, 16:00 +02:00  issue 2025-03-28: no items yet",
        "  4 April 2025, 16:00 +03:00  issue 2025-04-04: no items yet",
    ]
    assert len(lines) == 8


def test_json_has_the_same_hours(say: Say) -> None:
    code, out, _ = say("--json")
    hours = json.loads(out)
    assert code == 0
    assert hours[2] == {
        "issue": "2025-04-04",
        "at": "2025-04-04T16:00:00+03:00",
        "approval": "empty",
        "changed": [],
        "clock": "",
    }
    assert len(hours) == 8


def test_a_day_on_which_no_issue_closes_is_refused_with_the_right_one(say: Say) -> None:
    code, _, errors = say("2025-02-13")
    assert code == 1
    assert "no issue closes on Thursday, 13 February 2025" in errors
    assert "2025-02-14" in errors


def test_without_a_weekly_hour_it_says_how_to_set_one(say: Say, tmp_path: Path) -> None:
    settings = tmp_path / "newsletter.yaml"
    lines = settings.read_text(encoding="utf-8").splitlines()
    settings.write_text("\n".join(line for line in lines if "weekly" not in line), encoding="utf-8")
    for words in ((), ("2025-02-14",)):
        code, out, errors = say(*words)
        assert (code, out) == (2, "")
        assert "schedule: {weekly: friday 16:00, grace: 6h}" in errors
