"""The worker of one workspace: delivery, and its periodic tasks."""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.names import read_name
from newsletter.sending.weekly import Week, tick
from newsletter.sending.worker import PeriodicTask, Worker
from newsletter.services import erasure
from newsletter.services.feedback import process_events
from newsletter.services.letters import send_letters
from newsletter.services.scheduler import clock_watch, insist, week
from newsletter.store import confirmation_limits, import_people, letters, people, requests
from newsletter.store.batches import Batches
from newsletter.store.db import reading, writing
from newsletter.store.schema import import_chunk, letter, request

if TYPE_CHECKING:
    from newsletter.services import Workspace


def worker(workspace: "Workspace") -> Worker:
    """Return a worker for this workspace. Raises StoreError when nothing may be sent from this database."""
    insist(workspace)
    return Worker(
        workspace.database,
        lambda frozen: workspace.run(frozen, workspace.transport(frozen.transport, read_name(frozen.name))),
        workspace.now,
        periodic_tasks(workspace),
        lambda: insist(workspace),
    )


def periodic_tasks(workspace: "Workspace") -> Sequence[PeriodicTask]:
    """Return the periodic tasks, each with its period in seconds."""
    watch = clock_watch(workspace)

    def believing(do: Callable[[], None]) -> Callable[[], None]:
        return lambda: None if watch.doubt() else do()

    weekly = []
    if workspace.settings.schedule.weekly:
        found = week(workspace, watch)
        weekly = [PeriodicTask("the weekly hour", lambda: _settle_hours(found), 1)]
    return [
        *weekly,
        PeriodicTask("sending letters", lambda: send_letters(workspace), 1),
        PeriodicTask("processing providers' events", lambda: process_events(workspace), 2),
        PeriodicTask("ending pauses", believing(lambda: wake(workspace)), 60),
        PeriodicTask("finishing erasures", lambda: erasure.finish(workspace), 60),
        PeriodicTask("deleting what is too old", believing(lambda: prune(workspace)), 3600),
    ]


def _settle_hours(week: Week) -> None:
    """Settle the weekly hours that are due, and log their outcomes."""
    log = logging.getLogger(__name__)
    for hour in tick(week):
        level = logging.WARNING if hour.held else logging.INFO
        log.log(level, "issue %s at its weekly hour: %s", hour.issue, hour.outcome)


def wake(workspace: "Workspace") -> None:
    """End the readers' pauses that last until today or an earlier day, in the workspace's timezone."""
    now = workspace.now()
    today = now.astimezone(ZoneInfo(workspace.settings.timezone)).date()
    with reading(workspace.database) as connection:
        ended = people.ended_pauses(connection, today)
    Batches(workspace.database).each(
        ended, lambda connection, some: people.end_pauses(connection, today, now, among=some)
    )


def prune(workspace: "Workspace") -> None:
    """Delete requests, letters, import progress and confirmation limits that are too old to be of use."""
    now, batches = workspace.now(), Batches(workspace.database)
    for table, old in (
        (request, requests.too_old(now)),
        (letter, letters.too_old(now)),
        (import_chunk, import_people.too_old(now)),
    ):
        batches.delete(table, old)
    with writing(workspace.database) as connection:
        confirmation_limits.prune(connection, now)
