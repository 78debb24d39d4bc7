"""Editing an issue's files: whatever two editors do, nothing is lost, and git knows who did it."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from newsletter.errors import ContentError, Severity, StateError
from newsletter.services import Workspace
from newsletter.services.approval import standing
from newsletter.services.editing.fields import ItemFields
from newsletter.services.editing.files import Conflict, Desk, Saved
from newsletter.services.editing.history import Author
from newsletter.services.editing.items import (
    CLOSED,
    move,
    new_item,
    read_item,
    save_item,
    save_text,
    set_lead,
)
from newsletter.services.editing.outline import read_outline
from newsletter.services.editing.pictures import take_picture
from newsletter.services.editing.presence import LASTING, Presence
from newsletter.services.editing.readers import ReaderCounts
from newsletter.services.editing.removal import delete, restore
from newsletter.services.editing.words import WordsConflict, read_words, save_words
from tests.databases import new_database
from tests.drawn import encoded, noise
from tests.press import approve, publish
from tests.sample import ROOT
from tests.services.rounds import CLOSING, FIRST, SECOND, edit_in_rounds, of

OLENA, MARKO = Author("Олена <К>", "olena@auc.example"), Author("Marko", "marko@auc.example")


@pytest.fixture
def desk(press: Workspace) -> Desk:
    """Open the sample issue for an editor."""
    shutil.copytree(ROOT / "issues", press.root / "issues")
    new_database(press.var / "newsletter.db")
    return Desk(press, OLENA)


def ids(desk: Desk, slug: str) -> list[str]:
    outline = read_outline(desk.workspace, CLOSING)
    return next([item.id for item in one.items] for one in outline.sections if one.section.slug == slug)


def test_the_outline_has_every_section_in_the_order_of_the_mail_with_its_findings(desk: Desk) -> None:
    outline = read_outline(desk.workspace, CLOSING)
    assert [one.section.slug for one in outline.sections] == [
        one.slug for one in desk.workspace.settings.model_sections
    ]
    assert outline.items == 13
    first = outline.sections[2].items[0]
    assert first.title == "Субсидія на оренду житла для ВПО"
    assert first.words.startswith("Новий інструмент підтримки для ВПО")
    assert [problem.text for problem in first.problems] == ["no link"]
    assert outline.count(Severity.ERROR) == 0


def test_a_broken_item_stays_in_its_place_and_is_mended_as_text(desk: Desk) -> None:
    found = read_item(desk.workspace, CLOSING, FIRST)
    assert found
    broken = save_text(
        desk, CLOSING, FIRST, found.version.sha, found.version.text.replace("title: ", "title: [")
    )
    assert isinstance(broken, Saved)
    item = read_outline(desk.workspace, CLOSING).sections[2].items[0]
    assert (item.id, item.title, item.item) == (FIRST, FIRST, None)
    assert str(item.problems[0].at) == f"issues/2025-02-14/items/{FIRST}.md:3"
    seen = read_item(desk.workspace, CLOSING, FIRST)
    assert seen
    assert seen.fields is None
    assert isinstance(save_text(desk, CLOSING, FIRST, seen.version.sha, found.version.text), Saved)
    assert read_item(desk.workspace, CLOSING, FIRST) == found


def test_a_field_is_saved_without_touching_what_no_field_holds(desk: Desk) -> None:
    path = desk.workspace.root / f"issues/2025-02-14/items/{FIRST}.md"
    text = path.read_text("utf-8").replace("link:\n", "link:   # ask Marko\n").replace("\n", "\r\n")
    path.write_bytes(text.encode())
    sha, fields = of(desk, FIRST)
    save_item(desk, CLOSING, FIRST, sha, replace(fields, link="https://auc.org.ua/x", kind="partner"))
    expected = text.replace("link:   # ask", "link: https://auc.org.ua/x # ask").replace(
        "\r\n---\r\n\r\n", "\r\nkind: partner\r\n---\r\n\r\n"
    )
    assert path.read_bytes().decode().replace("  #", " #") == expected


def test_what_another_saved_meanwhile_is_kept_and_both_versions_are_returned(desk: Desk) -> None:
    sha, fields = of(desk, FIRST)
    other = Desk(desk.workspace, MARKO)
    assert isinstance(save_item(other, CLOSING, FIRST, sha, replace(fields, title="Його")), Saved)
    lost = save_item(desk, CLOSING, FIRST, sha, replace(fields, text="Мій текст."))
    assert isinstance(lost, Conflict)
    assert "Мій текст." in lost.mine
    assert "title: Його" in lost.theirs.text
    assert lost.base
    assert "title: Субсидія" in lost.base
    assert of(desk, FIRST)[1].title == "Його"
    again = save_item(desk, CLOSING, FIRST, lost.theirs.sha, replace(fields, title="Його", text="Мій текст."))
    assert isinstance(again, Saved)


def test_in_200_rounds_two_editors_lose_nothing_in_threads_and_processes(desk: Desk) -> None:
    other = subprocess.Popen(
        [sys.executable, "-m", "tests.services.rounds", str(desk.workspace.root), "b", "40"]
    )
    threads = [Thread(target=edit_in_rounds, args=(desk, mark, 80)) for mark in "ac"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.wait() == 0
    lines = of(desk, FIRST)[1].text.split("\n")[1:]
    rounds = {"a": 80, "b": 40, "c": 80}
    assert sorted(lines) == sorted(f"{mark}{number}" for mark in rounds for number in range(rounds[mark]))
    outline = read_outline(desk.workspace, CLOSING)
    assert (outline.items, outline.count(Severity.ERROR)) == (13, 0)


def test_an_item_moves_within_and_between_sections_and_gets_the_new_one(desk: Desk) -> None:
    move(desk, CLOSING, SECOND, "social", 0)
    assert ids(desk, "social") == [SECOND, FIRST]
    move(desk, CLOSING, SECOND, "education", 0)
    assert ids(desk, "education")[0] == SECOND
    assert of(desk, SECOND)[1].sections == ("education",)
    move(desk, CLOSING, SECOND, "international")
    assert ids(desk, "international")[-1] == SECOND
    assert read_outline(desk.workspace, CLOSING).count(Severity.ERROR) == 0


def test_a_new_item_gets_a_free_name_and_a_deleted_one_comes_back_to_its_place(desk: Desk) -> None:
    fields = ItemFields(title="Нова новина", sections=("social",))
    assert [new_item(desk, CLOSING, fields) for _ in range(2)] == ["nova-novyna", "nova-novyna-2"]
    before = ids(desk, "social")
    text = (desk.workspace.root / f"issues/2025-02-14/items/{FIRST}.md").read_bytes()
    kept = delete(desk, CLOSING, FIRST)
    assert ids(desk, "social") == before[1:]
    assert restore(desk, kept) == (CLOSING, FIRST)
    assert ids(desk, "social") == before
    assert (desk.workspace.root / f"issues/2025-02-14/items/{FIRST}.md").read_bytes() == text


def test_one_item_leads(desk: Desk) -> None:
    set_lead(desk, CLOSING, FIRST, lead=True)
    set_lead(desk, CLOSING, SECOND, lead=True)
    assert [of(desk, name)[1].lead for name in (FIRST, SECOND)] == [False, True]
    set_lead(desk, CLOSING, SECOND, lead=False)
    assert not of(desk, SECOND)[1].lead


def test_words_of_the_issue_are_saved_one_by_one(desk: Desk) -> None:
    before = read_words(desk.workspace, CLOSING)
    save_words(Desk(desk.workspace, MARKO), CLOSING, before, before | {"subject": "Його тема"})
    assert isinstance(save_words(desk, CLOSING, before, before | {"intro": "Вітаємо!\n\nПочинаймо."}), Saved)
    lost = save_words(desk, CLOSING, before, before | {"subject": "Моя тема"})
    assert lost == WordsConflict({"subject": "Його тема"})
    save_words(desk, CLOSING, before, before | {"call": "", "hashtag": ""})
    now = read_words(desk.workspace, CLOSING)
    assert now == before | {
        "subject": "Його тема",
        "intro": "Вітаємо!\n\nПочинаймо.",
        "call": "",
        "hashtag": "",
    }
    save_words(desk, CLOSING, now, before)
    assert read_words(desk.workspace, CLOSING) == before
    assert "\nclosing:" not in (desk.workspace.root / "issues/2025-02-14/issue.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", ["", ".", "..", "../issue", "a/b", "a\\b", "a\nb", ".hidden"])
def test_no_name_leads_out_of_the_folder(desk: Desk, name: str) -> None:
    for ask in (
        lambda: read_item(desk.workspace, CLOSING, name),
        lambda: save_text(desk, CLOSING, name, "", "x"),
        lambda: move(desk, CLOSING, name, "social"),
        lambda: delete(desk, CLOSING, name),
        lambda: restore(desk, name),
    ):
        with pytest.raises(ContentError):
            ask()


def test_a_link_to_a_file_elsewhere_is_not_followed(desk: Desk) -> None:
    (desk.workspace.root / "issues/2025-02-14/items/link.md").symlink_to(
        desk.workspace.root / "newsletter.yaml"
    )
    with pytest.raises(ContentError, match="a link to a file elsewhere"):
        read_item(desk.workspace, CLOSING, "link")


def test_a_picture_is_looked_at_before_it_is_kept(desk: Desk) -> None:
    content = encoded(noise(400, 300), "JPEG")
    assert take_picture(desk, CLOSING, content, "../Наше фото.JPG") == "nashe-foto.jpg"
    assert take_picture(desk, CLOSING, content, "nashe-foto") == "nashe-foto.jpg"
    for bad, said in ((b"<svg></svg>", "SVG"), (content[:500], "damaged"), (b"x" * 26_000_000, "MB")):
        with pytest.raises(ContentError, match=said):
            take_picture(desk, CLOSING, bad, "x")
    assert [file.name for file in (desk.workspace.root / "issues/2025-02-14/pictures").iterdir()] == [
        "nashe-foto.jpg"
    ]
    assert not list((desk.workspace.var / "uploads").iterdir())


def test_an_approved_issue_can_be_edited_and_one_being_sent_cannot(desk: Desk) -> None:
    workspace = desk.workspace
    issue = read_outline(workspace, CLOSING).issue
    approve(workspace.database, issue)
    sha, fields = of(desk, FIRST)
    save_item(desk, CLOSING, FIRST, sha, replace(fields, title="Ще можна"))
    assert standing(workspace, CLOSING).state == "void"
    publish(workspace.database, issue)
    assert standing(workspace, CLOSING).state in CLOSED
    before = read_words(workspace, CLOSING)
    for change in (
        lambda: save_item(desk, CLOSING, FIRST, sha, fields),
        lambda: move(desk, CLOSING, FIRST, "top"),
        lambda: delete(desk, CLOSING, FIRST),
        lambda: save_words(desk, CLOSING, before, before | {"subject": "x"}),
        lambda: set_lead(desk, CLOSING, FIRST, lead=True),
    ):
        with pytest.raises(StateError, match="no longer reach anybody"):
            change()


def git(root: Path, *words: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        ["git", *words], cwd=root, env=clean, capture_output=True, text=True, check=True
    ).stdout


def test_a_save_is_a_commit_of_its_files_alone_under_the_editor_s_name(desk: Desk) -> None:
    root = desk.workspace.root
    git(root, "init", "-q")
    (root / ".gitignore").write_text("var/\n", "utf-8")
    git(root, "add", "issues", ".gitignore")
    git(root, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "start")
    (root / ".git/hooks/pre-commit").write_text("#!/bin/sh\nsleep 60\nexit 1\n", "utf-8")
    (root / ".git/hooks/pre-commit").chmod(0o755)
    (root / "newsletter.yaml").touch()
    sha, fields = of(desk, FIRST)
    done = save_item(desk, CLOSING, FIRST, sha, replace(fields, title="Нова назва"))
    assert isinstance(done, Saved)
    assert done.unrecorded == ""
    delete(desk, CLOSING, new_item(desk, CLOSING, ItemFields(title="x", sections=("top",))))
    shown = git(root, "log", "-1", "--format=%an <%ae>%n%s", "--name-only", "HEAD~2")
    assert shown.split("\n")[:2] == ["Олена К <olena@auc.example>", f"2025-02-14: {FIRST} edited"]
    assert shown.strip().split("\n")[3:] == [f"issues/2025-02-14/items/{FIRST}.md"]
    assert git(root, "status", "--porcelain", "--", "issues", "inbox") == ""
    (root / ".git/index.lock").touch()
    sha, fields = of(desk, FIRST)
    locked = save_item(desk, CLOSING, FIRST, sha, replace(fields, title="Ще новіша"))
    assert isinstance(locked, Saved)
    assert "index.lock" in locked.unrecorded
    assert of(desk, FIRST)[1].title == "Ще новіша"


def test_who_is_editing_is_known_for_a_minute() -> None:
    now = [0.0]
    presence = Presence(lambda: now[0])
    assert presence.say("a.md", "Олена") == []
    assert presence.say("a.md", "Марко") == ["Олена"]
    assert presence.say("b.md", "Ірина") == []
    now[0] = LASTING
    assert presence.say("a.md", "Марко") == []
    presence.leave("a.md", "Марко")
    assert presence.all() == {}


def test_readers_are_counted_by_section_and_edition(desk: Desk) -> None:
    counts = ReaderCounts()
    assert set(counts.sections(desk.workspace).values()) == {0}
    outline = read_outline(desk.workspace, CLOSING)
    assert counts.tally(desk.workspace, outline.issue, desk.workspace.now()) == []
