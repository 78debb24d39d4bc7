"""`subscribers handover`: an editor has a successor asked; nothing else changes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli import cli

REPOSITORY = Path(__file__).parents[2]
FIELDS = ["--field", "position=Міський голова", "--field", "community=Конотопська"]
OLD, NEW = "old@example.org", "new@example.org"

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run one command in a workspace with a holder, and return its exit code and what it printed."""
    shutil.copy(REPOSITORY / "newsletter.yaml", tmp_path)
    shutil.copy(REPOSITORY / "logo.png", tmp_path)
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T14:00:00+00:00")
    for variable in ("NEWSLETTER_DATABASE", "NEWSLETTER_SECRET"):
        monkeypatch.delenv(variable, raising=False)

    def say(*words: str, typed: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(cli, ["-C", str(tmp_path), "subscribers", *words], input=typed)
        return (
            result.exit_code,
            result.output if result.exception is None else f"{result.output}{result.exception}",
        )

    assert say("add", OLD, "--sections", "social", *FIELDS, "--consent", "letter")[0] == 0
    return say


def test_it_says_what_happens_and_asks_first(say: Say) -> None:
    code, out = say("handover", OLD, NEW, typed="n\n")
    assert code == 1
    assert "old@example.org: Міський голова, Конотопська; sections social" in out
    assert json.loads(say("show", OLD, "--json")[1])["requests"] == []
    code, out = say("handover", OLD, NEW, "--name", "Ірина Ткач", typed="y\n")
    assert code == 0
    assert "old@example.org gets the digest as before" in out
    (asked,) = json.loads(say("show", OLD, "--json")[1])["requests"]
    assert (asked["kind"], asked["email"], asked["details"]["name"]) == ("handover", NEW, "Ірина Ткач")
    assert asked["agreed_at"], "the editor's word stands for the holder's"
    assert json.loads(say("show", OLD, "--json")[1])["letters"] == []


def test_machines_get_json(say: Say) -> None:
    code, out = say("handover", OLD, NEW, "--yes", "--json")
    assert code == 0
    assert json.loads(out) == {
        "holder": OLD,
        "successor": NEW,
        "post": {"position": "Міський голова", "community": "Конотопська"},
        "sections": ["social"],
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody@example.org", NEW], "is not a subscriber"),
        ([OLD, OLD.upper()], "same address"),
        ([OLD, "no address"], "not a mail address"),
    ],
)
def test_what_cannot_be_passed_on_is_said_with_a_cure(say: Say, words: list[str], said: str) -> None:
    code, out = say("handover", *words, "--yes")
    assert code != 0
    assert said in out
