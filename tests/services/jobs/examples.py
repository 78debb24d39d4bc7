"""Kinds of jobs that only tests have: what they do is seen in files of the workspace's `var`."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from newsletter.errors import ContentError, StoreError
from newsletter.sending.clock import ClockWatch
from newsletter.services import Workspace
from newsletter.services.jobs.kinds import Kind, Request

HERE = "tests.services.jobs.examples"
KINDS = {
    "count": Kind(title="counting", run=f"{HERE}:count"),
    "wait": Kind(title="waiting", run=f"{HERE}:wait"),
    "break": Kind(title="breaking", run=f"{HERE}:break_down", tries=2),
    "refuse": Kind(title="refusing", run=f"{HERE}:refuse"),
    "tick": Kind(title="ticking", run=f"{HERE}:tick", period=0.1),
    "name": Kind(title="naming", run=f"{HERE}:name", period=0.02),
    "stumble": Kind(title="stumbling", run=f"{HERE}:stumble", period=0.01),
}


def mark(workspace: Workspace, name: str, words: str) -> None:
    """Add a line to a file, in one write that no other process can split."""
    with (workspace.var / name).open("ab", buffering=0) as file:
        file.write(f"{words}\n".encode())


def marks(workspace: Workspace, name: str) -> list[str]:
    """Return the lines of such a file."""
    path = workspace.var / name
    return path.read_text().splitlines() if path.exists() else []


def count(request: Request) -> Mapping[str, Any]:
    total = request.arguments["to"]
    for number in range(total):
        request.report(number, total, "counted")
    request.report(total, total, "counted")
    return {"sum": sum(range(total)), "by": request.by}


def wait(request: Request) -> None:
    """Wait for a file, and mark who waits."""
    mark(request.workspace, "waits", str(os.getpid()))
    while not (request.workspace.var / "go").exists():
        request.report(1, 2)
        time.sleep(0.02)


def break_down(request: Request) -> None:
    raise ValueError(request.by)


def refuse(_request: Request) -> None:
    raise ContentError("the column «Note» says «anna@example.org»", "Choose another file.")


def tick(workspace: Workspace, _watch: ClockWatch) -> Callable[[], int]:
    def turn() -> int:
        mark(workspace, "ticks", f"{os.getpid()}-{threading.get_ident()}")
        return 1

    return turn


def stumble(workspace: Workspace, _watch: ClockWatch) -> Callable[[], int]:
    def turn() -> int:
        mark(workspace, "stumbles", "turn")
        if len(marks(workspace, "stumbles")) == 1:
            raise StoreError("the database is gone", "Bring it back.")
        return 1

    return turn


def name(workspace: Workspace, _watch: ClockWatch) -> Callable[[], int]:
    def turn() -> int:
        mark(workspace, "names", workspace.settings.publisher)
        return 0

    return turn
