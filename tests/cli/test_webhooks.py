"""The commands `webhooks …`, run as a user runs them."""

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
    """Run a command in a workspace with one webhook; return its exit code, output and errors."""
    for name in ("newsletter.yaml", "logo.png"):
        shutil.copy(ROOT / name, tmp_path)
    with (tmp_path / "newsletter.yaml").open("a", encoding="utf-8") as settings:
        settings.write("\nwebhooks:\n  - {name: register, url: https://127.0.0.1/press}\n")
    monkeypatch.setenv("NEWSLETTER_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    def say(*words: str) -> tuple[int, str, str]:
        code = run(["-C", str(tmp_path), *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return say


def test_a_webhook_is_listed_paused_said_by_status_and_resumed(say: Say) -> None:
    assert say("subscribers", "add", "anna@example.org", "--consent", "a letter")[0] == 0
    code, out, _ = say("webhooks", "list")
    assert (code, out.splitlines()[0]) == (0, "register  works   https://127.0.0.1/press")
    assert "1 waiting" in out
    code, out, _ = say("webhooks", "list", "register", "--state", "waiting")
    assert (code, "reader.joined" in out) == (0, True)
    assert json.loads(say("webhooks", "list", "register", "--json")[1])[0]["data"]["sections"] == ["*"]
    assert say("webhooks", "pause", "register")[0] == 0
    code, _, err = say("status")
    assert (code, "webhook register is paused since" in err) == (0, True)
    assert json.loads(say("webhooks", "list", "--json")[1])[0]["state"] == "paused"
    assert json.loads(say("webhooks", "resume", "register", "--json")[1])["waiting"] == 1
    assert "register" not in say("status")[2]
    code, out, _ = say("webhooks", "replay", "register", "--since", "2025-02-14")
    assert (code, out) == (0, "0 notices will be posted to register again.\n")


def test_what_cannot_be_done_is_said_with_a_cure(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = say("webhooks", "test", "register")
    assert (code, "not on the public internet" in err) == (2, True)
    code, _, err = say("webhooks", "pause", "registre")
    assert (code, "no webhook 'registre'" in err, "register" in err) == (2, True, True)
    assert say("webhooks", "list", "--state", "failed")[0] == 2
    assert say("webhooks", "replay", "register", "--since", "yesterday")[0] == 2
    monkeypatch.delenv("NEWSLETTER_WEBHOOK_SECRET")
    code, _, err = say("webhooks", "test", "register")
    assert (code, "openssl rand" in err) == (2, True)
