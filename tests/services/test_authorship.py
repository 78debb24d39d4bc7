"""Who edited an issue last, and who may therefore approve it."""

import subprocess
from datetime import date

import pytest

from newsletter.config import read_settings
from newsletter.errors import StateError
from newsletter.services import Workspace
from newsletter.services.approval import approve
from newsletter.services.authorship import last_editor, may_approve
from newsletter.services.editing.history import Author, commit
from tests.sending import house

CLOSING = date(2025, 2, 14)
ISSUE = f"issues/{CLOSING}/issue.yaml"


@pytest.fixture
def two(empty: Workspace) -> Workspace:
    """Open the sample as a git repository where two people approve."""
    file = empty.root / "newsletter.yaml"
    people = "\napproval: two\neditors:\n- {name: Олена К., address: olena@example.org, role: approver}\n"
    text = "".join(
        line for line in file.read_text("utf-8").splitlines(keepends=True) if not line.startswith("editors")
    )
    file.write_text(text + people, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(empty.root)], check=True)
    found = Workspace(empty.root, read_settings(empty.root))
    found.database = empty.database
    house.people(found.database, 1)
    return found


def edited(workspace: Workspace, by: Author) -> None:
    file = workspace.root / ISSUE
    file.write_text(file.read_text("utf-8") + "\n# один рядок\n", encoding="utf-8")
    names = [str(path.relative_to(workspace.root)) for path in file.parent.rglob("*") if path.is_file()]
    assert commit(workspace.root, names, by, "edited") == ""


def test_nobody_approves_what_they_edited_last(two: Workspace) -> None:
    assert last_editor(two, CLOSING) is None
    edited(two, Author("Ігор Т.", "ihor@example.org"))
    edited(two, Author("Олена К.", "olena@example.org"))
    last = last_editor(two, CLOSING)
    assert last is not None
    assert last.shown == "Олена К."
    for same in ("Олена К.", "олена к.", "Olena@example.org"):
        assert not may_approve(two, CLOSING, same)
        with pytest.raises(StateError, match="so somebody else has to approve it"):
            approve(two, CLOSING, same)
    assert may_approve(two, CLOSING, "Ігор Т.")
    assert approve(two, CLOSING, "Ігор Т.").anew


def test_one_person_is_enough_unless_two_are_wished(empty: Workspace) -> None:
    assert empty.settings.approval == "one"
    assert may_approve(empty, CLOSING, "Олена К.")
