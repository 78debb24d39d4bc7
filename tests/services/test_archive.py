"""A folder of the archive's files: only what changed is written, and only the program's own is touched."""

import json
from pathlib import Path

import pytest

from newsletter.errors import ConfigError, NewsletterError
from newsletter.services.archive import Synced, write, written_before

FILES = {"index.html": b"home", "issues/index.html": b"list", "issues/2025-02-14/index.html": b"issue"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return where to write to."""
    return tmp_path / "public"


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_only_what_changed_is_written_and_what_is_no_more_goes(out: Path) -> None:
    assert write(out, FILES) == Synced(3, 0)
    assert write(out, FILES) == Synced(0, 0)
    (out / "CNAME").write_text("news.example.org", "utf-8")
    assert write(out, {"index.html": b"new", "issues/index.html": b"list"}) == Synced(1, 1)
    assert not (out / "issues/2025-02-14").exists()
    assert contents(out).keys() == {"index.html", "issues/index.html", "CNAME", "archive.json"}
    assert written_before(out) == {"index.html", "issues/index.html"}


def test_a_folder_of_something_else_is_not_touched(out: Path) -> None:
    out.mkdir()
    for manifest in (None, "[]", "{", '{"files": 1}'):
        (out / "index.html").write_text("mine", "utf-8")
        if manifest is not None:
            (out / "archive.json").write_text(manifest, "utf-8")
        before = contents(out)
        with pytest.raises(ConfigError, match="is not empty"):
            write(out, FILES)
        assert contents(out) == before


def test_a_file_in_the_way_is_named_and_kept(out: Path) -> None:
    write(out, {"index.html": b"home"})
    mine = out / "issues/index.html"
    mine.parent.mkdir()
    mine.write_text("mine", "utf-8")
    with pytest.raises(ConfigError, match=str(mine)):
        write(out, FILES)
    assert mine.read_text("utf-8") == "mine"


def test_a_manifest_removes_nothing_outside_its_folder(out: Path, tmp_path: Path) -> None:
    write(out, FILES)
    outside = tmp_path / "precious.txt"
    outside.write_text("mine", "utf-8")
    listed = json.loads((out / "archive.json").read_text("utf-8"))
    listed["files"] += ["../precious.txt", str(outside)]
    (out / "archive.json").write_text(json.dumps(listed), "utf-8")
    assert write(out, FILES) == Synced(0, 0)
    assert outside.exists()
    assert "precious" not in (out / "archive.json").read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(NewsletterError, match="cannot be written"):
        write(tmp_path / "file/below", FILES)
