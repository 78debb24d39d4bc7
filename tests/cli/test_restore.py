"""`subscribers restore`: who was stopped is written to again, a complaint only with a yes."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli import cli, run
from newsletter.services import Workspace, open_workspace
from newsletter.store import people
from newsletter.store.db import reading, writing

ROOT = Path(__file__).parents[2]
ADDRESS = "mayor@city.example.org"
WHY = ("--because", "the mailbox works again")


@pytest.fixture
def context(tmp_path: Path) -> Workspace:
    """Open a workspace with one reader."""
    shutil.copy(ROOT / "newsletter.yaml", tmp_path)
    shutil.copy(ROOT / "logo.png", tmp_path)
    words = ["-C", str(tmp_path), "subscribers", "add", ADDRESS, "--consent", "a letter"]
    assert CliRunner().invoke(cli, words).exit_code == 0
    return open_workspace(tmp_path)


@pytest.fixture
def say(context: Workspace, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run one command about people; return its exit code and all it said."""

    def say(*words: str) -> tuple[int, str]:
        code = run(["-C", str(context.root), "subscribers", *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return say


def stop(context: Workspace, reason: str) -> None:
    with writing(context.database) as connection:
        assert people.suppress(connection, ADDRESS, reason, datetime.now(UTC))


def readers(context: Workspace) -> int:
    with reading(context.database) as connection:
        return people.count_readers(connection)


def test_a_bounced_address_reads_again_and_its_story_tells_why(
    context: Workspace, say: Callable[..., tuple[int, str]]
) -> None:
    stop(context, "bounced: 5.2.2 mailbox full")
    assert readers(context) == 0
    assert say("restore", ADDRESS, *WHY) == (0, f"{ADDRESS} gets the digest again.\n")
    assert readers(context) == 1
    assert "the mailbox works again" in say("show", ADDRESS)[1]


def test_a_complaint_is_undone_only_with_a_yes_and_its_story_keeps_both(
    context: Workspace, say: Callable[..., tuple[int, str]]
) -> None:
    stop(context, "complained: abuse")
    code, told = say("restore", ADDRESS, "--reason", "it was not theirs")
    assert code == 2
    assert "--yes" in told
    assert readers(context) == 0
    assert say("restore", ADDRESS, "--reason", "it was not theirs", "--yes")[0] == 0
    assert readers(context) == 1
    story = say("show", ADDRESS)[1]
    assert "it was not theirs (it was complained: abuse)" in story


def test_who_has_left_is_not_subscribed_by_it(
    context: Workspace, say: Callable[..., tuple[int, str]]
) -> None:
    say("leave", ADDRESS)
    stop(context, "handed over")
    assert "can subscribe again" in say("restore", ADDRESS, *WHY)[1]
    assert readers(context) == 0


def test_it_says_plainly_when_there_is_nothing_to_restore(say: Callable[..., tuple[int, str]]) -> None:
    assert say("restore", ADDRESS, *WHY)[0] == 1
    assert say("restore", "nobody@city.example.org", *WHY)[0] == 1
    assert "--reason" in say("restore", ADDRESS)[1]
