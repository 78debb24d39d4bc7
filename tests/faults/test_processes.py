"""Several workers by one command: they share an issue, and one that dies is replaced."""

import os
import re
import signal
from pathlib import Path

from tests.faults.scene import CONNECTIONS, DEADLINE, D, Scene, wait

PROCESSES = 2


def holders(scene: Scene, pids: list[int]) -> list[int]:
    """Return which of these processes have a chunk."""
    return [pid for pid in pids if scene.holds(pid)]


def children(pid: int) -> list[int]:
    """Return the processes that `pid` has started, besides the one that watches over resources."""
    started = [
        one for task in Path(f"/proc/{pid}/task").iterdir() for one in _read(task / "children").split()
    ]
    return [int(one) for one in started if b"spawn_main" in _read(Path(f"/proc/{one.decode()}/cmdline"))]


def _read(path: Path) -> bytes:
    """Return what /proc says; nothing of what has just ended."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_one_of_several_processes_that_dies_is_replaced_and_a_signal_ends_all(postgres_scene: Scene) -> None:
    scene = postgres_scene
    with scene.sink(pace=0.004), scene.sender("worker", "--processes", str(PROCESSES)) as parent:
        wait(lambda: len(children(parent.pid)) == PROCESSES)
        assert scene.run("send", D, "--yes", "--detach") == 0
        wait(lambda: len(holders(scene, children(parent.pid))) == PROCESSES)
        killed = children(parent.pid)[0]
        os.kill(killed, signal.SIGKILL)
        wait(lambda: scene.account().state == "sent")
        wait(lambda: len(set(children(parent.pid)) - {killed}) == PROCESSES)
        parent.terminate()
        assert parent.wait(DEADLINE) == 0
    scene.account().judge(unknown=CONNECTIONS)
    assert re.search(r"the sending process ended \(-9\); restarting it", scene.said())
