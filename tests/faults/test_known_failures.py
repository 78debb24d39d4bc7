"""Five ways in which a well-known press (listmonk, by the numbers of its issues) has failed its readers."""

import shutil
import signal
from pathlib import Path

from tests.faults.scene import DEADLINE, D, Scene, later


def test_nobody_is_skipped_when_the_program_ends_after_it_read_a_batch(sqlite_scene: Scene) -> None:
    """#3022: the checkpoint advanced at the reading."""
    with sqlite_scene.sink() as sink:
        with sqlite_scene.sender() as killed:
            sink.kill(killed.pid, "MAIL", 1)
            assert killed.wait(DEADLINE) == -signal.SIGKILL
        assert sqlite_scene.on_the_wire(killed.pid) == 0
        sqlite_scene.send(now=later()).judge(unknown=0)


def test_a_restart_goes_on_where_it_was_and_not_from_the_beginning(sqlite_scene: Scene) -> None:
    """#2313: three to five copies."""
    with sqlite_scene.sink():
        for count in (150, 350):
            with sqlite_scene.sender() as sender:
                sqlite_scene.accepted(count)
                sender.terminate()
                assert sender.wait(DEADLINE) == 130, sqlite_scene.said()
        sqlite_scene.send().judge(unknown=0)


def test_a_copy_of_the_machine_beside_the_original_repeats_nothing(
    sqlite_scene: Scene, tmp_path: Path
) -> None:
    """#1801: a snapshot of everything was started while the original sent."""
    root = tmp_path / "copy"
    copy = Scene(root, f"sqlite:///{root}/var/newsletter.db", sqlite_scene.port)
    with sqlite_scene.sink(), sqlite_scene.sender() as original:
        sqlite_scene.accepted(100)
        original.send_signal(signal.SIGSTOP)  # as for a snapshot: in the middle of whatever it does
        shutil.copytree(sqlite_scene.root, root)
        original.send_signal(signal.SIGCONT)
        for start in (("send", D, "--yes"), ("worker",), ("send", "--due")):
            assert copy.run(*start) == 2, copy.said()
        assert "or a copy" in copy.said()
        assert original.wait(DEADLINE) in (0, 3), sqlite_scene.said()
    sqlite_scene.account().judge(unknown=0)


def test_a_copy_that_shares_the_original_s_database_repeats_nothing(
    postgres_scene: Scene, tmp_path: Path
) -> None:
    """A second machine on one PostgreSQL: it has to be adopted once, and then shares the work."""
    copy = Scene(tmp_path / "copy", postgres_scene.database, postgres_scene.port)
    with postgres_scene.sink(), postgres_scene.sender() as original:
        postgres_scene.accepted(100)
        original.send_signal(signal.SIGSTOP)  # or it may be done before the copy looks
        shutil.copytree(postgres_scene.root, copy.root)
        assert copy.run("send", D, "--yes") == 2, "it might be a copy of the database too"
        original.send_signal(signal.SIGCONT)
        assert copy.run("schedule", "--adopt") == 0
        with copy.sender() as beside:
            assert beside.wait(DEADLINE) in (0, 3), copy.said()
        assert original.wait(DEADLINE) in (0, 3), postgres_scene.said()
    postgres_scene.account().judge(unknown=0)


def test_pause_and_resume_repeat_nothing(sqlite_scene: Scene) -> None:
    """#2070."""
    with sqlite_scene.sink(pace=0.005):
        with sqlite_scene.sender() as sender:
            sqlite_scene.accepted(50)
            assert sqlite_scene.run("pause", D) == 0
            assert sender.wait(DEADLINE) == 3, sqlite_scene.said()
        arrived = len(sqlite_scene.log())
        assert sqlite_scene.run("send", D, "--yes") == 1, "it is paused"
        assert len(sqlite_scene.log()) == arrived
        assert sqlite_scene.run("resume", D) == 0
        sqlite_scene.send().judge(unknown=0)


def test_settings_changed_in_the_middle_do_not_end_the_issue(sqlite_scene: Scene) -> None:
    """#2278: saving the settings finished what was being sent."""
    settings = sqlite_scene.root / "newsletter.yaml"
    with sqlite_scene.sink():
        with sqlite_scene.sender() as sender:
            sqlite_scene.accepted(150)
            changed = settings.read_text().replace('"connections": 5', '"connections": 2')
            settings.write_text(changed.replace("slug: social", "slug: renamed"))
            sender.terminate()
            assert sender.wait(DEADLINE) == 130, sqlite_scene.said()
        assert sqlite_scene.account().state == "sending"
        sqlite_scene.send().judge(unknown=0)
