"""Stamps over files, and waiting for them to change."""

from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from newsletter.stamp import stamp
from newsletter.web.preview.reload import Watch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a file in it."""
    (tmp_path / "items").mkdir()
    (tmp_path / "items/one.md").write_text("one", encoding="utf-8")
    return tmp_path


def test_a_stamp_stays_until_a_file_is_written_added_or_gone(folder: Path) -> None:
    stamps = [stamp([folder]), stamp([folder])]
    assert stamps[0] == stamps[1]
    (folder / "items/one.md").write_text("another", encoding="utf-8")
    stamps.append(stamp([folder]))
    (folder / "items/two.md").write_text("two", encoding="utf-8")
    stamps.append(stamp([folder]))
    (folder / "items/one.md").unlink()
    stamps.append(stamp([folder]))
    assert len(set(stamps)) == 4


def test_a_path_may_come_later(folder: Path) -> None:
    before = stamp([folder / "issues"])
    (folder / "issues").mkdir()
    assert stamp([folder / "issues"]) != before


def test_a_change_below_a_watched_folder_wakes_who_waits(folder: Path) -> None:
    before = stamp([folder])
    with Watch([folder]) as watch:
        answers: list[bool] = []
        waiting = Thread(target=lambda: answers.append(watch.wait(lambda: stamp([folder]) != before, 30)))
        waiting.start()
        (folder / "items/one.md").write_text("changed", encoding="utf-8")
        waiting.join()
    assert answers == [True]


def test_a_change_where_nothing_is_watched_is_seen_too(folder: Path) -> None:
    before = stamp([folder])
    with Watch([folder / "absent"]) as watch:
        changed = Thread(target=(folder / "new").touch)
        changed.start()
        assert watch.wait(lambda: stamp([folder]) != before, 30)
        changed.join()


def test_patience_ends_without_a_change(folder: Path) -> None:
    with Watch([folder]) as watch:
        assert not watch.wait(lambda: False, 0.01)


def test_closing_lets_go_who_waits_and_ends_its_thread(folder: Path) -> None:
    began = monotonic()
    answers: list[bool] = []
    with Watch([folder]) as watch:
        waiting = Thread(target=lambda: answers.append(watch.wait(lambda: False, 600)))
        waiting.start()
    waiting.join()
    assert answers == [False]
    assert monotonic() - began < 300
