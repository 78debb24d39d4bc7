"""What `approve`, `check`, `status`, `schedule` and `send --due` say of an approval and of its hour."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.cli import run
from newsletter.store.db import open_database
from tests.sending import house

ROOT = Path(__file__).parents[2]
D = "2025-02-14"
BEFORE, HOUR, SOON, LATE = (f"2025-02-14T{at}:00+00:00" for at in ("13:00", "14:01", "14:10", "20:01"))
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace with an issue of one item, and two readers."""
    shutil.copy(ROOT / "newsletter.yaml", tmp_path)
    shutil.copy(ROOT / "logo.png", tmp_path)
    (tmp_path / f"issues/{D}/items").mkdir(parents=True)
    write(tmp_path, "2025-02-12")
    (tmp_path / f"issues/{D}/issue.yaml").write_text("subject: Дайджест\npreheader: Форум громад\n")
    engine = open_database(f"sqlite:///{tmp_path}/var/newsletter.db")
    house.people(engine, 2)
    engine.dispose()
    return tmp_path


def write(workspace: Path, day: str, text: str = "Громади зустрілися.") -> None:
    """Write the item, of that day."""
    front = f"title: Форум громад\nsection: top\ndate: {day}\nlink: https://auc.org.ua/forum"
    (workspace / f"issues/{D}/items/01-forum.md").write_text(f"---\n{front}\n---\n\n{text}\n")


@pytest.fixture
def say(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run a command line at a moment; return its exit code, output and errors."""
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)

    def say(*words: str, now: str = BEFORE) -> tuple[int, str, str]:
        monkeypatch.setenv("NEWSLETTER_NOW", now)
        code = run(["-C", str(workspace), *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return say


@pytest.fixture
def approved(say: Say) -> None:
    """Compose and approve the issue."""
    assert say("compose", D)[0] == 0
    assert say("approve", D, "--by", "Олена")[0] == 0


@pytest.mark.usefixtures("approved")
def test_a_typo_mended_after_the_approval_is_said_by_every_command_to_void_it(
    say: Say, workspace: Path
) -> None:
    for command in ("status", "schedule", "check"):
        code, out, _ = say(command, D)
        assert (code, "void" in out) == (0, False)
    assert "approved by Олена" in say("schedule", D)[1]
    write(workspace, "2025-02-12", "Громади зустрілись.")
    file = f"issues/{D}/items/01-forum.md"
    for command in ("status", "schedule", "check"):
        code, out, _ = say(command, D)
        assert (code, "void" in out) == (0, True)
        assert file in out
        found = json.loads(say(command, D, "--json")[1])
        one = found[0] if command == "schedule" else found
        assert (one["approval"], one["changed"]) == ("void", [file])


def test_a_schedule_tells_what_is_missing_from_what_is_approved(say: Say) -> None:
    lines = say("schedule")[1].splitlines()
    assert lines[1].endswith(f"issue {D}: not approved")
    assert lines[2].endswith("issue 2025-02-21: no items yet")
    say("compose", D)
    say("approve", D, "--by", "Олена")
    assert say("schedule")[1].splitlines()[1].endswith(f"issue {D}: approved by Олена")
    say("send", D)
    assert say("schedule")[1].splitlines()[1].endswith(f"issue {D}: sent")


def test_an_unapproved_issue_is_held_loudly_and_leaves_once_it_is_approved_within_the_grace(
    say: Say, workspace: Path
) -> None:
    say("compose", D)
    say("send", "--due")
    code, out, errors = say("send", "--due", now=HOUR)
    assert (code, out) == (1, "")
    assert f"Issue {D} is held at its weekly hour: issue {D} is not approved" in errors
    assert "by 22:00 EET" in errors
    assert "nobody is notified" in errors
    assert f"Issue {D} is held" in say("schedule", now=SOON)[2]
    assert "is sent automatically now" in say("approve", D, "--by", "Олена", now=SOON)[1]
    code, out, _ = say("send", "--due", now=SOON)
    assert (code, len(list(workspace.glob("var/outbox/*.eml")))) == (0, 2)
    assert "at its weekly hour: sent" in out
    assert say("send", "--due", now=SOON)[:2] == (0, "")


def test_an_issue_approved_after_the_grace_is_to_be_sent_by_hand_and_that_is_said(
    say: Say, workspace: Path
) -> None:
    say("compose", D)
    say("send", "--due")
    say("send", "--due", now=HOUR)
    assert f"newsletter send {D}" in say("approve", D, "--by", "Олена", now=LATE)[1]
    assert say("send", "--due", now=LATE)[:2] == (0, "")
    assert not list(workspace.glob("var/outbox/*.eml"))


def test_whoever_has_no_editors_is_told_that_nobody_will_be(say: Say, workspace: Path) -> None:
    say("compose", D)
    for words in (("check", D), ("schedule",)):
        assert "no editors" in say(*words)[2]
    with (workspace / "newsletter.yaml").open("a") as settings:
        settings.write("\neditors: [desk@news.example.org]\n")
    for words in (("check", D), ("schedule",)):
        assert "editors" not in say(*words)[2]


def test_an_issue_whose_only_item_is_of_another_week_says_so_when_it_is_approved(
    say: Say, workspace: Path
) -> None:
    write(workspace, "2025-03-01")
    say("compose", D)
    code, _, errors = say("approve", D, "--by", "Олена")
    assert code == 1
    assert "01-forum: dated 2025-03-01, outside 2025-02-08 to 2025-02-14" in errors
    assert "readers" not in errors


@pytest.mark.usefixtures("approved")
@pytest.mark.parametrize("far", ["2026-02-14T14:01:00+00:00", "2025-03-07T14:01:00+00:00"])
def test_a_clock_far_ahead_is_told_by_every_command_and_sends_nothing(
    say: Say, workspace: Path, far: str
) -> None:
    assert say("send", "--due")[0] == 0
    code, _, errors = say("send", "--due", now=far)
    assert (code, "clock jumped ahead" in errors) == (2, True)
    assert "clock jumped ahead" in say("status", D, now=far)[1]
    assert "clock jumped ahead" in say("schedule", now=far)[2]
    assert say("send", "--due", now=HOUR)[0] == 0
    assert len(list(workspace.glob("var/outbox/*.eml"))) == 2
    assert "clock" not in say("status", D, now=HOUR)[1]
