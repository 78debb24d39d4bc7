"""The kinds of jobs: each with its title, and the function that does it, imported when it is needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from newsletter import files, private

if TYPE_CHECKING:
    from newsletter.sending.clock import ClockWatch
    from newsletter.services import Workspace

Report = Callable[[int, int, str], None]


class Interrupted(Exception):  # noqa: N818  it is not an error
    """The job has to stop now: it was cancelled, its worker stops, or another worker has taken it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a job's function is given: the workspace, what was asked for and by whom, and how to report."""

    workspace: "Workspace"
    arguments: Mapping[str, Any]
    by: str
    tell: Report

    def report(self, done: int, total: int = 0, words: str = "") -> None:
        """Tell of progress (`total` 0: not known). Raises Interrupted when the job has to stop."""
        self.tell(done, total, words)


Run = Callable[[Request], Mapping[str, Any] | None]
"""Does a job that was requested, and returns its result; calls `report` at least every few seconds.

After a crash it is run again from its beginning, so it has to be idempotent."""

Make = Callable[["Workspace", "ClockWatch"], Callable[[], int]]
"""Makes the function that a worker calls again and again; that returns how many things it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of job.

    `run` names a `Run`, or where there is a `period` in seconds, a `Make`. A job that fails is tried `tries`
    times in all, a periodic one without end. With `files` it needs those of the workspace folder in which it
    was requested, so that only workers there do it.
    """

    title: str
    run: str
    period: float = 0
    tries: int = 5
    files: bool = False


_HANDLERS = "newsletter.services.jobs.handlers"
KINDS: Mapping[str, Kind] = {
    "import-list": Kind(title="importing a list", run=f"{_HANDLERS}:import_list", files=True),
    "export-list": Kind(title="exporting readers", run=f"{_HANDLERS}:export_list", files=True),
    "pictures": Kind(title="scaling pictures", run=f"{_HANDLERS}:scale_pictures", files=True),
    "archive": Kind(
        title="packing the archive", run="newsletter.web.readers.archive.packing:pack", files=True
    ),
    "collect": Kind(title="collecting news", run="newsletter.services.collect:collect_job", files=True),
    "links": Kind(title="checking links", run="newsletter.services.link_asking:check_job", files=True),
    "doctor": Kind(title="checking whether mail arrives", run="newsletter.services.doctor:examine_job"),
    "collect-timer": Kind(
        title="collecting when it is due",
        run="newsletter.services.periodic:collecting",
        period=60,
        files=True,
    ),
    "weekly-hour": Kind(title="the weekly hour", run="newsletter.services.periodic:weekly_hour", period=1),
    "letters": Kind(title="sending letters", run="newsletter.services.periodic:letters", period=1),
    "welcomes": Kind(title="welcoming new readers", run="newsletter.services.periodic:welcomes", period=2),
    "events": Kind(title="processing providers' events", run="newsletter.services.periodic:events", period=2),
    "webhooks": Kind(title="telling webhooks", run="newsletter.services.webhooks.posting:turn", period=1),
    "pauses": Kind(title="ending pauses", run="newsletter.services.periodic:pauses", period=60),
    "erasures": Kind(title="finishing erasures", run="newsletter.services.periodic:erasures", period=60),
    "pruning": Kind(
        title="deleting what is too old", run="newsletter.services.periodic:pruning", period=3600
    ),
}
PERIODIC = frozenset(name for name, kind in KINDS.items() if kind.period)


def folder_mark(workspace: "Workspace") -> str:
    """Return the mark of a workspace folder; it is made when first asked for."""
    private.own_folder(workspace.var)
    file = workspace.var / "folder"
    files.create(file, f"{token_hex(8)}\n".encode(), mode=files.OWNER)
    return file.read_text(encoding="ascii").strip()
