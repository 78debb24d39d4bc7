"""`newsletter import` and `compose` in a workspace on disk."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from newsletter.cli import run

ROOT = Path(__file__).parents[2]
DIGEST = ROOT / "tests/data/digest-2025-02-14.txt"
ITEMS = "issues/2025-02-14/items"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with nothing but the sample's settings."""
    shutil.copy(ROOT / "newsletter.yaml", tmp_path)
    shutil.copy(ROOT / "logo.png", tmp_path)
    return tmp_path


def in_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_real_digest_is_imported_and_composed(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(workspace), "import", str(DIGEST)]) == 0
    out = capsys.readouterr().out
    assert (
        "Issue 2025-02-14: 13 items in 7 sections, 13 without a link. 13 files written, 0 unchanged." in out
    )
    assert "newsletter compose 2025-02-14" in out
    assert run(["-C", str(workspace), "compose"]) == 0
    assert "13 items added, 0 left out" in capsys.readouterr().out


def test_the_sample_stays_as_it_is_when_its_digest_is_imported_again(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = workspace / "issues/2025-02-14"
    shutil.copytree(ROOT / "issues/2025-02-14", sample)
    before = {path: path.read_bytes() for path in sample.rglob("*.*")}
    assert run(["-C", str(workspace), "import", str(sample / "digest.txt")]) == 0
    assert run(["-C", str(workspace), "compose"]) == 0
    assert "0 files written" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in sample.rglob("*.*")} == before


def test_running_both_again_changes_nothing(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        run(["-C", str(workspace), "import", str(DIGEST)])
        run(["-C", str(workspace), "compose"])
    out = capsys.readouterr().out
    assert "0 files written, 13 unchanged" in out
    assert "nothing new" in out


def test_an_edited_item_is_named_and_left_alone(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["-C", str(workspace), "import", str(DIGEST)])
    edited = next((workspace / ITEMS).glob("01-*.md"))
    edited.write_text("моє", encoding="utf-8")
    assert run(["-C", str(workspace), "import", str(DIGEST)]) == 0
    assert f"{ITEMS}/{edited.name}: edited since, not changed; --force" in capsys.readouterr().out
    assert run(["-C", str(workspace), "import", str(DIGEST), "--force"]) == 0
    assert edited.read_text(encoding="utf-8") != "моє"


def test_import_tells_machines_what_it_did(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = workspace / "digest.txt"
    digest.write_text("Вступ\n\nНОВА РУБРИКА\n\nНазва\n\nТекст.\n", encoding="utf-8")
    run(["-C", str(workspace), "import", str(digest), "--issue", "2025-02-14", "--json"])
    done = in_json(capsys)
    assert done["issue"] == "2025-02-14"
    assert done["period"] is None
    assert done["written"] == [f"{ITEMS}/01-nazva.md"]
    assert done["new_sections"] == [{"slug": "nova-rubryka", "title": "Нова рубрика"}]
    assert [(problem["severity"], problem["line"]) for problem in done["problems"]] == [
        ("warning", 1),
        ("warning", 3),
    ]


def test_an_item_of_a_new_section_still_appears(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = workspace / "digest.txt"
    digest.write_text("ТОП\n\nА\n\nТекст.\n\nНОВА РУБРИКА\n\nНазва\n\nТекст.\n", encoding="utf-8")
    assert run(["-C", str(workspace), "import", str(digest), "--issue", "2025-02-14"]) == 0
    assert "  - {slug: nova-rubryka, title: Нова рубрика}\n" in capsys.readouterr().out
    assert run(["-C", str(workspace), "compose", "--json"]) == 0
    done = in_json(capsys)
    assert done["added"] == ["01-a", "02-nazva"]
    assert done["left_out"] == done["problems"] == []


def test_compose_names_faults_at_their_line_and_leaves_with_1(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["-C", str(workspace), "import", str(DIGEST)])
    item = next((workspace / ITEMS).glob("01-*.md"))
    item.write_text(
        item.read_text(encoding="utf-8").replace("section: top", "section: tpo"), encoding="utf-8"
    )
    capsys.readouterr()
    assert run(["-C", str(workspace), "compose"]) == 1
    out = capsys.readouterr().out
    assert f"{ITEMS}/{item.name}:3: error: unknown section 'tpo'" in out
    assert "Did you mean 'top'?" in out
    assert "12 items added, 1 left out" in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["import", "missing.txt"], 2, "does not exist"),
        (["import", "."], 2, "is a directory"),
        (["import", "newsletter.yaml", "--issue", "14.02.2025"], 2, "not a closing date"),
        (["import", "newsletter.yaml"], 1, "no section heading"),
        (["import", "empty.txt"], 1, "holds no text"),
        (["import", "binary.txt"], 1, "not readable as text"),
        (["compose"], 1, "no issue yet"),
        (["compose", "2025-02-14"], 1, "no items"),
        (["init", "."], 2, "not empty"),
    ],
)
def test_a_mistake_is_told_in_plain_words(  # noqa: PLR0913, PLR0917  what is typed and what comes of it
    arguments: list[str],
    code: int,
    words: str,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(workspace)
    Path("empty.txt").touch()
    Path("binary.txt").write_bytes(bytes(range(256)))
    assert run(arguments) == code
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_new_workspace_composes_checks_and_renders_straight_away(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-12T09:00:00+00:00")
    root = tmp_path / "new"
    assert run(["init", str(root), "--language", language]) == 0
    assert "newsletter preview" in capsys.readouterr().out
    assert run(["-C", str(root), "compose"]) == 0
    assert "nothing new" in capsys.readouterr().out
    assert run(["-C", str(root), "check"]) == 0
    assert run(["-C", str(root), "render"]) == 0
    assert list((root / "var/render/2025-02-14").glob("*.html"))
