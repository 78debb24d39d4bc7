"""The command `themes` lists the looks there are, and says what one overrides."""

import json
import shutil
from pathlib import Path

import pytest

from newsletter.cli import run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> str:
    """Return a workspace with a theme of its own beside those shipped."""
    for name in ("newsletter.yaml", "logo.png"):
        shutil.copy(ROOT / name, tmp_path)
    own = tmp_path / "templates/ours/blocks"
    own.mkdir(parents=True)
    (own / "call.txt").write_text("{{ said }}\n", encoding="utf-8")
    (own.parent / "theme.yaml").write_text("about: Our own\n", encoding="utf-8")
    (tmp_path / "templates/mail").mkdir()
    return str(tmp_path)


def test_every_theme_is_listed_with_what_it_says_of_itself_and_the_one_in_use(
    workspace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", workspace, "themes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0 if line[0] == " " else 1] for line in lines] == [
        "civic",
        "digest",
        "ours",
        "plain",
    ]
    assert [line[0] for line in lines] == [" ", "*", " ", " "]
    assert lines[2].split(maxsplit=1)[1] == "Our own (of this workspace)"


def test_a_theme_is_shown_with_the_files_it_overrides(
    workspace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", workspace, "themes", "ours", "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert shown == {
        "name": "ours",
        "about": "Our own",
        "shipped": False,
        "files": ["blocks/call.txt", "theme.yaml"],
        "in_use": False,
        "findings": [],
    }
    assert run(["-C", workspace, "themes", "ours"]) == 0
    assert "    blocks/call.txt\n" in capsys.readouterr().out


def test_what_is_wrong_with_the_mjml_of_a_theme_is_told_at_its_line(
    workspace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    block = Path(workspace, "templates/ours/blocks/call.mjml")
    block.write_text('\n<mj-text paddding="1px">a</mj-text>\n', encoding="utf-8")
    assert run(["-C", workspace, "themes", "ours"]) == 0
    said = capsys.readouterr().out
    assert "templates/ours/blocks/call.mjml:2: warning: <mj-text> has no attribute paddding" in said
    block.write_text("<mj-section></mj-section>\n", encoding="utf-8")
    assert run(["-C", workspace, "themes", "ours", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["findings"][0]["path"] == "templates/ours/blocks/call.mjml"
    assert run(["-C", workspace, "themes"]) == 0


def test_a_theme_nobody_has_is_told_with_those_there_are(
    workspace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", workspace, "themes", "nowhere"]) == 2
    assert "Themes here: civic, digest, ours, plain." in capsys.readouterr().err
