"""Editions in files as a service: one of each, with its hashes, and nothing of an earlier rendering."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from newsletter.errors import NewsletterError
from newsletter.services import Workspace
from newsletter.services.render import write
from tests.sending import house

CLOSING = house.issue().period.end
ISSUE = "subject: Дайджест\npreheader: Форум\norder:\n  top: [01-forum]\n  social: [02-flats]\n"
ITEMS = {"01-forum": "title: Форум громад\nsection: top", "02-flats": "title: Житло\nsection: social"}


@pytest.fixture
def small(press: Workspace) -> Workspace:
    """Write an issue of two items."""
    folder = press.root / f"issues/{CLOSING}"
    (folder / "items").mkdir(parents=True)
    (folder / "issue.yaml").write_text(ISSUE, encoding="utf-8")
    for name, front_matter in ITEMS.items():
        text = f"---\n{front_matter}\nlink: https://auc.org.ua/{name}\n---\n\nГромади зустрілися.\n"
        (folder / f"items/{name}.md").write_text(text, encoding="utf-8")
    return press


def test_each_edition_readers_need_is_written_once_with_its_readers_and_hashes(small: Workspace) -> None:
    house.people(small.database, 3)
    house.people(small.database, 1, sections=("education",), first=4)
    written = write(small, CLOSING)
    assert written.folder == small.var / f"render/{CLOSING}"
    assert [(edition.sections, readers) for edition, readers, _ in written.editions] == [
        (("top", "social"), 3),
        (("top",), 1),
    ]
    manifest = json.loads((written.folder / "manifest.json").read_text("utf-8"))
    for entry in manifest["editions"]:
        endings = sorted(name.rpartition(".")[2] for name in entry["files"])
        assert endings == ["eml", "html", "png", "txt"]  # the picture is the logo
        for name, about in entry["files"].items():
            content = (written.folder / name).read_bytes()
            assert about == {"bytes": len(content), "sha256": sha256(content).hexdigest()}
            assert b"QZ7" not in content


def test_again_the_bytes_are_the_same_and_what_is_no_more_is_removed(
    small: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "proof"
    write(small, CLOSING, out)
    first = {file.name: file.read_bytes() for file in out.iterdir()}
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    (out / f"{'0' * 16}.html").write_text("old", encoding="utf-8")
    write(small, CLOSING, out)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == {**first, "notes.txt": b"mine"}


def test_an_edition_that_cannot_be_rendered_is_a_problem_and_the_others_are_written(
    small: Workspace,
) -> None:
    house.people(small.database, 1, sections=("social",))
    house.people(small.database, 1, sections=("education",), first=2)
    item = small.root / f"issues/{CLOSING}/items/02-flats.md"
    item.write_text(item.read_text("utf-8") + "\nQZ7NAMEQZ\n", encoding="utf-8")
    written = write(small, CLOSING)
    assert (len(written.editions), len(written.proof.tally), written.proof.errors) == (1, 2, 1)


def test_a_folder_that_cannot_be_written_is_an_error_in_words(small: Workspace) -> None:
    small.var.mkdir(exist_ok=True)
    (small.var / "render").write_text("a file", encoding="utf-8")
    with pytest.raises(NewsletterError, match="cannot be written"):
        write(small, CLOSING)
