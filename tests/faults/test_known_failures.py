"""Five ways in which a well-known press (listmonk, by the numbers of its issues) has failed its readers."""

import shutil
import signal
import time
from pathlib import Path

from tests.faults.scene import DEADLINE, D, Scene, later


def test_nobody_is_skipped_when_the_program_ends_after_it_read_a_batch(scene: Scene) -> None:
    """#3022: the checkpoint advanced at the reading."""
    with scene.sink() as sink:
        with scene.sender() as killed:
            sink.kill(killed.pid, "MAIL", 1)
            assert killed.wait(DEADLINE) == -signal.SIGKILL
        assert scene.on_the_wire(killed.pid) == 0
        scene.send(now=later()).judge(unknown=0)


def test_a_restart_goes_on_where_it_was_and_not_from_the_beginning(scene: Scene) -> None:
    """#2313: three to five copies."""
    with scene.sink():
        for count in (200, 500, 800):
            with scene.sender() as sender:
                scene.accepted(count)
                sender.terminate()
                assert sender.wait(DEADLINE) == 130, scene.said()
        scene.send().judge(unknown=0)


def test_a_copy_of_the_machine_beside_the_original_repeats_nothing(
    postgres_scene: Scene, tmp_path: Path
) -> None:
    """#1801: a snapshot was started while the original sent."""
    copy = Scene(tmp_path / "copy", postgres_scene.database, postgres_scene.port)
    with postgres_scene.sink(), postgres_scene.sender() as original:
        postgres_scene.accepted(100)
        shutil.copytree(postgres_scene.root, copy.root)
        with copy.sender() as beside:
            assert beside.wait(DEADLINE) in (0, 3), copy.said()
        assert original.wait(DEADLINE) in (0, 3), postgres_scene.said()
    postgres_scene.account().judge(unknown=0)


def test_pause_and_resume_repeat_nothing(scene: Scene) -> None:
    """#2070."""
    with scene.sink():
        for count in (200, 600):
            with scene.sender() as sender:
                scene.accepted(count)
                assert scene.run("pause", D) == 0
                assert sender.wait(DEADLINE) in (0, 3), scene.said()
            arrived = len(scene.log())
            assert scene.run("send", D, "--yes") == 1, "it is paused"
            assert len(scene.log()) == arrived
            assert scene.run("resume", D) == 0
        scene.send().judge(unknown=0)


def test_settings_changed_in_the_middle_do_not_end_the_issue(scene: Scene) -> None:
    """#2278: saving the settings finished what was being sent."""
    settings = scene.root / "newsletter.yaml"
    with scene.sink():
        with scene.sender() as sender:
            scene.accepted(200)
            changed = settings.read_text().replace('"connections": 5', '"connections": 2')
            settings.write_text(changed.replace("slug: social", "slug: renamed"))
            time.sleep(0.2)
            sender.terminate()
            assert sender.wait(DEADLINE) == 130, scene.said()
        assert scene.account().state == "sending"
        scene.send().judge(unknown=0)
