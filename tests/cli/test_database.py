"""`newsletter database`: moving the press to another database by the command line."""

import gc
import json
import shutil
from pathlib import Path

import pytest

from newsletter.cli import run

ROOT = Path(__file__).parents[2]


def test_the_press_moves_to_another_database_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "newsletter.yaml", tmp_path)
    shutil.copy(ROOT / "logo.png", tmp_path)
    (tmp_path / "list.csv").write_text("email\na@example.org\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'other.db'}"
    assert run(["database", "upgrade"]) == 0
    assert run(["subscribers", "import", "list.csv", "--consent", "made up"]) == 0
    capsys.readouterr()
    assert run(["database", "copy", url, "--dry-run", "--json"]) == 0
    account = json.loads(capsys.readouterr().out)
    assert account["rows"]["subscriber"] == 1
    assert account["target_rows"] == 0
    assert not (tmp_path / "other.db").exists()
    gc.collect()  # the commands above ran in this process, whose connections would be in the way
    assert run(["database", "copy", url, "--yes"]) == 0, capsys.readouterr().err
    assert f"Now set NEWSLETTER_DATABASE to it: {url}" in capsys.readouterr().out
    for command in (["subscribers", "list"], ["subscribers", "import", "list.csv", "--consent", "x"]):
        assert run(command) == 2
        assert f"was moved to {url}" in capsys.readouterr().err
    gc.collect()
    assert run(["database", "copy", url, "--yes"]) == 2
    assert run(["schedule", "--adopt"]) == 0
    assert run(["subscribers", "list"]) == 0
    assert "a@example.org" in capsys.readouterr().out
    gc.collect()
    assert run(["database", "copy", url, "--yes"]) == 2
    assert "the target is not empty" in capsys.readouterr().err
