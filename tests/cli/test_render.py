"""`newsletter render` in a workspace on disk: the files it writes, and its exit codes."""

import json
import shutil
from pathlib import Path

import pytest

from newsletter.cli import run
from newsletter.store.db import open_database, writing
from newsletter.store.schema import subscriber, subscription

REPOSITORY = Path(__file__).parents[2]
ISSUE = """subject: "Робота громад: 8 – 14 лютого 2025 року"
preheader: Форум громад, субсидії для переселенців, нові вебінари
order:
  top: [01-forum]
  social: [02-flats]
"""
ITEMS = {"01-forum": "title: Форум громад\nsection: top", "02-flats": "title: Житло\nsection: social"}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with an issue of two items."""
    shutil.copy(REPOSITORY / "newsletter.yaml", tmp_path)
    shutil.copy(REPOSITORY / "logo.png", tmp_path)
    folder = tmp_path / "issues/2025-02-14"
    (folder / "items").mkdir(parents=True)
    (folder / "issue.yaml").write_text(ISSUE, encoding="utf-8")
    for name, front_matter in ITEMS.items():
        link = f"link: https://auc.org.ua/{name}"
        text = f"---\n{front_matter}\n{link}\n---\n\nГромади зустрілися.\n"
        (folder / f"items/{name}.md").write_text(text, encoding="utf-8")
    return tmp_path


def subscribe(workspace: Path, *choices: str) -> None:
    """Add one reader for each choice of a section."""
    engine = open_database(f"sqlite:///{workspace / 'var/newsletter.db'}")
    now = "2025-02-14T00:00:00Z"
    with writing(engine) as connection:
        for number, choice in enumerate(choices, 1):
            email = f"reader{number}@example.org"
            person = {"id": number, "email": email, "email_key": email, "status": "active", "source": "test"}
            connection.execute(subscriber.insert().values(**person, created_at=now, changed_at=now))
            chosen = {"subscriber": number, "section": choice, "state": "active", "origin": "list"}
            connection.execute(subscription.insert().values(**chosen, changed_at=now))
    engine.dispose()


def manifest(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((folder / "manifest.json").read_text("utf-8"))["editions"]
    return found


def test_without_readers_the_whole_issue_is_written(workspace: Path) -> None:
    assert run(["-C", str(workspace), "render"]) == 0
    folder = workspace / "var/render/2025-02-14"
    (entry,) = manifest(folder)
    assert entry["sections"] == ["top", "social"]
    names = {file.name for file in folder.iterdir()}
    key = entry["key"]
    (logo,) = {name for name in names if name.endswith(".png")}
    assert names == {f"{key}.html", f"{key}.txt", f"{key}.eml", logo, "manifest.json"}
    assert f'src="{logo}"' in (folder / f"{key}.html").read_text("utf-8"), "shown where it is opened"


def test_files_hold_examples_and_no_marks(workspace: Path, tmp_path: Path) -> None:
    assert run(["-C", str(workspace), "render", "--out", str(tmp_path / "proof")]) == 0
    for file in (tmp_path / "proof").iterdir():
        assert b"QZ7" not in file.read_bytes()
    (page,) = (tmp_path / "proof").glob("*.html")
    assert "https://news.example.org/unsubscribe/example" in page.read_text("utf-8")


def test_an_edition_that_cannot_be_rendered_is_said_and_the_others_are_written(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subscribe(workspace, "social", "education")
    item = workspace / "issues/2025-02-14/items/02-flats.md"
    item.write_text(item.read_text("utf-8") + "\nQZ7NAMEQZ\n", encoding="utf-8")
    assert run(["-C", str(workspace), "render"]) == 1
    captured = capsys.readouterr()
    assert "1 of 2 editions" in captured.out
    assert "QZ7NAMEQZ" in captured.err


def test_a_folder_that_cannot_be_written_is_an_error_in_words(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "var").mkdir()
    (workspace / "var/render").write_text("a file", encoding="utf-8")
    assert run(["-C", str(workspace), "render"]) == 1
    assert "cannot be written" in capsys.readouterr().err
