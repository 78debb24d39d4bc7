"""The command `doctor`: a line for each check, what providers require, JSON, and exit codes."""

import json
import shutil
from pathlib import Path

import pytest

from newsletter.cli import run
from tests import dns_server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> str:
    """Return a workspace of the sample's settings, whose pages are on a port where nobody listens."""
    shutil.copy(ROOT / "logo.png", tmp_path)
    text = (ROOT / "newsletter.yaml").read_text(encoding="utf-8")
    text = text.replace("https://news.example.org", "http://127.0.0.1:9")
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    return str(tmp_path)


def test_offline_warnings_alone_are_exit_0(workspace: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", workspace, "doctor"]) == 0
    printed = capsys.readouterr().out
    assert "warning  transport" in printed
    assert printed.endswith("0 errors, 4 warnings.\n")


def test_online_errors_are_exit_1_and_the_providers_requirements_follow(
    workspace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with dns_server.running("news.example.org. 60 A 203.0.113.7") as server:
        arguments = ["-C", workspace, "doctor", "--online", "--nameserver", server.address]
        assert run(arguments) == 1
        printed = capsys.readouterr().out
        assert run([*arguments, "--json"]) == 1
    assert "error    spf" in printed
    assert "v=spf1" in printed
    assert "Gmail: from 5,000 a day" in printed
    found = json.loads(capsys.readouterr().out)
    assert {"subject": "relay", "level": "skipped", "text": "mail is written to files", "hint": ""} in found[
        "results"
    ]
    levels = {one["text"]: one["level"] for one in found["requirements"]}
    assert levels["SPF names the sending server"] == "error"
    assert levels["DKIM signs every message"] is None


def test_a_name_server_goes_with_online_only(workspace: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", workspace, "doctor", "--nameserver", "1.1.1.1"]) == 2
    assert "--online" in capsys.readouterr().err
