"""The nights on which Kyiv's clocks change, by a clock that runs (libfaketime), in processes of their own.

The weekly hour is half past three on Sunday: skipped in spring, and twice there in autumn.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.store.db import open_database
from tests.faults.scene import DEADLINE, FAKETIME, Scene, wait, workspace
from tests.sending import house

pytestmark = pytest.mark.skipif(not FAKETIME, reason="libfaketime is not installed (Debian: faketime)")
READERS = 3


@dataclass(frozen=True)
class Night:
    """The issue of a night, and moments of it in UTC."""

    issue: str
    day_before: str
    before: str
    after: str
    much_later: str


SPRING = Night(  # 02:59:59 EET is followed by 04:00 EEST
    issue="2025-04-04",
    day_before="@2025-03-29 12:00:00",
    before="@2025-03-30 00:59:40",
    after="@2025-03-30 01:00:01",
    much_later="@2025-03-30 03:30:01",
)
AUTUMN = Night(  # 03:59:59 EEST is followed by 03:00 EET
    issue="2025-10-31",
    day_before="@2025-10-25 12:00:00",
    before="@2025-10-26 00:29:40",
    after="@2025-10-26 00:30:01",
    much_later="@2025-10-26 01:30:01",
)


@pytest.fixture(params=[SPRING, AUTUMN], ids=["spring", "autumn"])
def night(request: pytest.FixtureRequest) -> Night:
    """Take each night in turn."""
    night: Night = request.param
    return night


@pytest.fixture
def scene(tmp_path: Path, night: Night) -> Scene:
    """Approve the issue of that week, and set the weekly hour the day before."""
    schedule = {"weekly": "sunday 03:30", "grace": "6h"}
    workspace(tmp_path, 9, transport="outbox", schedule=schedule, timezone="Europe/Kyiv")
    (tmp_path / "issues/2025-02-14").rename(tmp_path / "issues" / night.issue)
    scene = Scene(tmp_path, f"sqlite:///{tmp_path}/var/newsletter.db", 9)
    engine = open_database(scene.database)
    house.people(engine, READERS)
    engine.dispose()
    assert scene.run("approve", night.issue, "--by", "Олена", clock=night.day_before) == 0, scene.said()
    assert scene.run("send", "--due", clock=night.day_before) == 0, scene.said()
    return scene


def letters(scene: Scene) -> list[tuple[str, int]]:
    """Return the letters in the outbox, and when each was written."""
    return sorted((path.name, path.stat().st_mtime_ns) for path in scene.root.glob("var/outbox/[!.]*.eml"))


def test_send_due_sends_once_and_not_before_the_hour(scene: Scene, night: Night) -> None:
    assert scene.run("send", "--due", clock=night.before) == 0, scene.said()
    assert letters(scene) == []
    assert scene.run("send", "--due", clock=night.after) == 0, scene.said()
    sent = letters(scene)
    assert len(sent) == READERS
    assert scene.run("send", "--due", clock=night.much_later) == 0, scene.said()
    assert letters(scene) == sent


def test_a_worker_that_runs_through_the_night_sends_once(scene: Scene, night: Night) -> None:
    with scene.sender("worker", clock=f"{night.before} x10") as worker:
        wait(lambda: len(letters(scene)) == READERS)
        sent = letters(scene)
        worker.terminate()
        assert worker.wait(DEADLINE) == 0, scene.said()
    assert scene.run("send", "--due", clock=night.much_later) == 0, scene.said()
    assert letters(scene) == sent
