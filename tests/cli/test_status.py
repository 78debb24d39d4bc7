"""`newsletter status`, `send --dry-run` and `send --test`: a look before and after a sending."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest

from newsletter.cli import run

ROOT = Path(__file__).parents[2]
D = "2025-02-14"
OLENA, IVAN = "mayor@city.example.org", "head@village.example.org"

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a workspace of the sample's issue, without readers."""
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    folder = tmp_path / "press"
    shutil.copytree(ROOT / "issues", folder / "issues")
    shutil.copy(ROOT / "newsletter.yaml", folder)
    shutil.copy(ROOT / "logo.png", folder)
    return folder


@pytest.fixture
def say(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run one command in the workspace; return its exit code and all that it printed."""

    def say(*words: str) -> tuple[int, str]:
        code = run(["-C", str(workspace), *words])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return say


@pytest.fixture
def approved(say: Say) -> Say:
    """Approve the sample for a reader of everything and two of one section, then run commands."""
    for address, sections in ((OLENA, "*"), (IVAN, "social"), ("deputy@village.example.org", "social")):
        assert say("subscribers", "add", address, "--sections", sections, "--consent", "a letter")[0] == 0
    assert say("approve", D, "--by", "Олена")[0] == 0
    return say


def states(say: Say) -> dict[str, str]:
    code, out = say("status", "--json")
    assert code == 0
    return {line["issue"]: line["state"] for line in json.loads(out)}


def test_every_issue_is_listed_with_its_state(approved: Say, workspace: Path) -> None:
    (workspace / "issues/2025-02-21/items").mkdir(parents=True)
    shutil.copytree(workspace / f"issues/{D}", workspace / "issues/2025-02-07")
    assert states(approved) == {"2025-02-21": "not composed", D: "approved", "2025-02-07": "composed"}
    code, out = approved("status")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["2025-02-21", D, "2025-02-07"]
    assert "3 readers" in out.splitlines()[1]


def test_a_sent_issue_stays_listed_as_sent_although_its_files_change_or_go(
    approved: Say, workspace: Path
) -> None:
    assert approved("send", D)[0] == 0
    shutil.rmtree(workspace / f"issues/{D}")
    code, out = approved("status")
    assert (code, out) == (0, f"{D}  sent           3 readers, 3 accepted\n")


def test_without_an_issue_it_says_how_to_begin(say: Say, workspace: Path) -> None:
    shutil.rmtree(workspace / "issues")
    code, out = say("status")
    assert (code, "newsletter import" in out) == (0, True)
    assert json.loads(say("status", "--json")[1]) == []


def test_who_got_an_issue_is_listed_with_the_answer_of_the_relay(approved: Say) -> None:
    def who(*words: str) -> list[dict[str, Any]]:
        code, out = approved("status", D, "--who", "--json", *words)
        assert code == 0
        rows: list[dict[str, Any]] = json.loads(out)
        return rows

    assert Counter(row["state"] for row in who()) == {"pending": 3}
    assert approved("send", D)[0] == 0
    assert {row["email"] for row in who("--state", "accepted")} == {
        OLENA,
        IVAN,
        "deputy@village.example.org",
    }
    assert who("--state", "pending") == who("--state", "refused") == []
    assert approved("subscribers", "erase", IVAN, "--yes")[0] == 0
    listed = approved("status", D, "--who")[1].splitlines()
    assert len(listed) == 3
    assert [line.split("  ")[0] for line in listed].count("(erased)") == 1


def test_a_state_without_who_and_an_issue_that_is_not_approved_are_refused(say: Say) -> None:
    assert say("status", D, "--state", "pending")[0] == 2
    assert say("status", D, "--who")[0] == 1


def test_a_dry_run_sums_up_by_edition_before_it_lists(approved: Say) -> None:
    code, out = approved("send", D, "--dry-run")
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines[:2]] == ["2", "1"]
    assert lines[0].endswith("top, social")
    assert lines[2].startswith("3 messages would be sent; nothing was.")
    assert sorted(line.split("  ")[0] for line in lines[3:]) == ["deputy@village.example.org", IVAN, OLENA]


def test_a_dry_run_of_a_segment_sums_up_the_segment_alone(approved: Say, workspace: Path) -> None:
    (workspace / "subscribers").mkdir()
    (workspace / "subscribers/segments.yaml").write_text("social: {section: education}\n", encoding="utf-8")
    code, out = approved("send", D, "--dry-run", "--segment", "social")
    assert code == 0
    assert "1 messages would be sent" in out
    assert IVAN not in out


def sections_in(workspace: Path) -> set[str]:
    """Return which sections' titles the one test message in the outbox shows."""
    (path,) = (workspace / "var/outbox").rglob("*.eml")
    message = message_from_bytes(path.read_bytes())
    subject = str(make_header(decode_header(message["Subject"])))
    assert subject.startswith("[")
    (text, *_) = (part for part in message.walk() if part.get_content_type() == "text/plain")
    body = text.get_payload(decode=True)
    assert isinstance(body, bytes)
    shown = {line.strip() for line in body.decode().casefold().splitlines()}
    titles = {"social": "соціальний захист", "education": "освіта", "economy": "сталий економічний розвиток"}
    return {slug for slug, title in titles.items() if title in shown}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ([], {"social", "education", "economy"}),
        (["--sections", "social, education"], {"social", "education"}),
        (["--as", IVAN], {"social"}),
    ],
    ids=["all", "sections", "social"],
)
def test_a_test_message_can_be_of_any_edition(
    words: list[str], shown: set[str], approved: Say, workspace: Path
) -> None:
    assert approved("send", D, "--test", "me@example.org", *words)[0] == 0
    assert sections_in(workspace) == shown
    assert states(approved)[D] == "approved"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--test", "me@example.org", "--sections", "sozial"], 2, "Did you mean 'social'?"),
        (["--test", "me@example.org", "--as", "nobody@example.org"], 1, "is not a reader"),
        (["--sections", "social"], 2, "go with --test"),
        (["--as", IVAN], 2, "go with --test"),
    ],
    ids=str,
)
def test_a_test_message_of_no_edition_is_refused(
    words: list[str], code: int, said: str, approved: Say
) -> None:
    result = approved("send", D, *words)
    assert (result[0], said in result[1]) == (code, True)
