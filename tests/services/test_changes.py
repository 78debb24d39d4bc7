"""What changed in an issue since its approval, and since the issue before."""

import shutil
from datetime import date

import pytest

from newsletter.compose.difference import Fate
from newsletter.sending import freeze
from newsletter.services import Workspace
from newsletter.services.approval import approve
from newsletter.services.changes import (
    Changes,
    Part,
    What,
    since_approval,
    since_earlier_approval,
    since_last_week,
)
from tests.sending import house

CLOSING = date(2025, 2, 14)
ISSUE = f"issues/{CLOSING}"


@pytest.fixture
def workspace(empty: Workspace) -> Workspace:
    """Approve the sample for two readers."""
    house.people(empty.database, 2)
    assert since_approval(empty, CLOSING) is None
    approve(empty, CLOSING, "Олена")
    return empty


def edit(workspace: Workspace, name: str, old: str, new: str) -> None:
    path = workspace.root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_an_issue_that_did_not_change_has_no_changes(workspace: Workspace) -> None:
    found = since_approval(workspace, CLOSING)
    assert found is not None
    assert not found


def test_changed_words_removed_and_added_items_and_the_words_around_them_are_named(
    workspace: Workspace,
) -> None:
    items = sorted((workspace.root / ISSUE / "items").glob("*.md"))
    changed, removed = items[0], items[1]
    text = changed.read_text(encoding="utf-8")
    changed.write_text(f"{text}\nНове речення.\n", encoding="utf-8")
    edit(workspace, f"{ISSUE}/issue.yaml", f"- {removed.stem}\n", "- nova\n")
    (workspace.root / ISSUE / "items/nova.md").write_text(
        removed.read_text(encoding="utf-8").replace("title: ", "title: Зовсім інше. ", 1), encoding="utf-8"
    )
    edit(workspace, f"{ISSUE}/issue.yaml", "subject: ", "subject: Терміново ")
    edit(workspace, "newsletter.yaml", "read_more: ", "read_more: Читайте ")
    found = since_approval(workspace, CLOSING)
    assert found is not None
    by_id = {one.id: one for one in found.items}
    assert {name: one.what for name, one in by_id.items()} == {
        changed.stem: What.CHANGED,
        "nova": What.ADDED,
        removed.stem: What.REMOVED,
    }
    (part,) = by_id[changed.stem].parts
    assert part.part is Part.TEXT
    assert "Нове речення" in "".join(piece.text for piece in part.pieces if piece.fate is Fate.ADDED)
    assert [one.part for one in found.issue] == [Part.SUBJECT]
    assert found.files == ("newsletter.yaml",)
    assert not found.reordered


def test_another_order_alone_is_a_change(workspace: Workspace) -> None:
    path = workspace.root / ISSUE / "issue.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if line.strip().startswith("- ") and "- " in lines[n + 1])
    lines[place], lines[place + 1] = lines[place + 1], lines[place]
    path.write_text("".join(lines), encoding="utf-8")
    found = since_approval(workspace, CLOSING)
    assert found == Changes(since=CLOSING.isoformat(), reordered=True)


def test_items_that_last_week_had_too_are_named_by_link_or_title_with_what_differs(
    workspace: Workspace,
) -> None:
    assert since_last_week(workspace, CLOSING) is None
    week_later = date(2025, 2, 21)
    shutil.copytree(workspace.root / ISSUE, workspace.root / f"issues/{week_later}")
    items = sorted((workspace.root / f"issues/{week_later}/items").glob("*.md"))
    for item in items[2:]:
        item.unlink()
    text = items[0].read_text(encoding="utf-8")
    items[0].write_text(f"{text}\nОновлено.\n", encoding="utf-8")
    found = since_last_week(workspace, week_later)
    assert found is not None
    assert found.since == CLOSING.isoformat()
    assert found.fresh == 0
    parts = {one.id: [part.part for part in one.parts] for one in found.items}
    assert parts == {items[0].stem: [Part.TEXT], items[1].stem: []}
    assert {one.what for one in found.items} == {What.REPEATED}


@pytest.mark.parametrize("at_once", [30_000, 0], ids=["in one transaction", "in steps"])
def test_after_approving_again_it_is_still_known_what_changed_since_the_approval_before(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(freeze, "AT_ONCE", at_once)
    assert since_earlier_approval(workspace, CLOSING) is None
    edit(workspace, f"{ISSUE}/issue.yaml", "subject: ", "subject: Терміново ")
    item = min((workspace.root / ISSUE / "items").glob("*.md"))
    item.write_text(f"{item.read_text(encoding='utf-8')}\nНове речення.\n", encoding="utf-8")
    seen = since_approval(workspace, CLOSING)
    approve(workspace, CLOSING, "Петро")
    found = since_earlier_approval(workspace, CLOSING)
    assert found is not None
    assert (found.by, found.changes) == ("Олена", seen)
    assert not since_approval(workspace, CLOSING)
    approve(workspace, CLOSING, "Ірина", again=True)
    found = since_earlier_approval(workspace, CLOSING)
    assert found is not None
    assert (found.by, bool(found.changes)) == ("Петро", False)
