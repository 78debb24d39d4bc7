"""`newsletter check` in a workspace on disk: what it prints, for people and machines, and its exit codes."""

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
ITEMS = {
    "01-forum": "title: Форум громад\nsection: top\nlink: https://auc.org.ua/forum",
    "02-flats": "title: Житло\nsection: social\nlink: https://auc.org.ua/flats",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with a good issue of two items."""
    shutil.copy(REPOSITORY / "newsletter.yaml", tmp_path)
    shutil.copy(REPOSITORY / "logo.png", tmp_path)
    folder = tmp_path / "issues/2025-02-14"
    (folder / "items").mkdir(parents=True)
    (folder / "issue.yaml").write_text(ISSUE, encoding="utf-8")
    for name, front_matter in ITEMS.items():
        write_item(tmp_path, name, front_matter)
    return tmp_path


def write_item(workspace: Path, name: str, front_matter: str, text: str = "Громади зустрілися.") -> None:
    """Write one item file of the issue."""
    file = workspace / f"issues/2025-02-14/items/{name}.md"
    file.write_text(f"---\n{front_matter}\n---\n\n{text}\n", encoding="utf-8")


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


def test_a_good_issue_passes(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(workspace), "check"]) == 0
    assert capsys.readouterr().out.startswith(
        "2025-02-14: 0 errors, 0 warnings in 1 edition for 0 readers, up to"
    )


def test_a_warning_is_shown_at_its_line_with_a_hint_and_passes(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_item(workspace, "01-forum", "title: Форум громад\nsection: top\nlink:")
    assert run(["-C", str(workspace), "check", "2025-02-14"]) == 0
    finding, hint, summary = capsys.readouterr().out.splitlines()
    assert finding == "issues/2025-02-14/items/01-forum.md:4: warning: no link [link-missing]"
    assert hint.startswith("  Add `link: https://…`")
    assert summary.startswith("2025-02-14: 0 errors, 1 warning in 1 edition")


def test_a_hint_that_several_findings_share_is_printed_once(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, front_matter in ITEMS.items():
        write_item(workspace, name, front_matter.split("\nlink")[0])
    run(["-C", str(workspace), "check"])
    out = capsys.readouterr().out
    assert out.count("no link") == 2
    assert out.count("leads nowhere") == 1


def test_an_error_fails(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_item(workspace, "02-flats", ITEMS["02-flats"], "Перший рядок.\n[Постанова](https://example.com/1)")
    assert run(["-C", str(workspace), "check"]) == 1
    assert (
        "items/02-flats.md:8: error: the link 'https://example.com/1' is a placeholder"
        in capsys.readouterr().out
    )


def test_problems_of_reading_the_issue_are_among_the_findings(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_item(workspace, "02-flats", "title: Житло\nsection: sozial")
    assert run(["-C", str(workspace), "check"]) == 1
    assert "items/02-flats.md:3: error: " in capsys.readouterr().out


def test_every_edition_that_readers_need_is_looked_at(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subscribe(workspace, "*", "social", "education", "staff")
    run(["-C", str(workspace), "check"])
    assert " in 2 editions for 4 readers, up to " in capsys.readouterr().out


def test_machines_get_every_finding_as_json(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_item(workspace, "01-forum", "title: Форум TODO\nsection: top\nlink:")
    assert run(["-C", str(workspace), "check", "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["issue"], data["editions"], data["errors"], data["warnings"]) == ("2025-02-14", 1, 1, 1)
    path = "issues/2025-02-14/items/01-forum.md"
    assert [(one["severity"], one["path"], one["line"]) for one in data["findings"]] == [
        ("error", path, 2),
        ("warning", path, 4),
    ]
    assert all(one["text"] and one["hint"] for one in data["findings"])


def test_an_issue_that_is_not_there_is_told_plainly(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(workspace), "check", "2025-02-21"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "2025-02-21" in told.err
    assert "Traceback" not in told.err


def test_what_is_mechanical_is_shown_mended_when_wanted_and_silenced_findings_are_named(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_item(
        workspace, "02-flats", f"{ITEMS['02-flats']}\nsilenced: {{no link: немає}}", 'Проєкт "Дім" - так.'
    )
    write_item(workspace, "01-forum", "title: Форум\nsection: top\nsilenced: {no link: сторінки ще немає}")
    file = workspace / "issues/2025-02-14/items/02-flats.md"
    before = file.read_text(encoding="utf-8")
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    assert run(["-C", str(workspace), "check", "--fix"]) == 0
    out, err = capsys.readouterr()
    assert '-Проєкт "Дім" - так.\n  +Проєкт «Дім» – так.' in err
    assert "01-forum.md:2: silenced: no link [link-missing] (сторінки ще немає)" in out
    assert file.read_text(encoding="utf-8") == before
    assert run(["-C", str(workspace), "check", "--fix", "--yes", "--json"]) == 0
    assert "Проєкт «Дім» – так." in file.read_text(encoding="utf-8")
    data = json.loads(capsys.readouterr().out)
    assert [one["reason"] for one in data["silenced"]] == ["сторінки ще немає"]
    assert not [one for one in data["findings"] if "hyphen" in one["text"]]
