"""The worker of one workspace: delivery, and its periodic tasks."""

import logging
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.sending.weekly import Week, tick
from newsletter.sending.worker import PeriodicTask, Worker
from newsletter.services import erasure
from newsletter.services.feedback import process_events
from newsletter.services.letters import send_letters
from newsletter.services.scheduler import clock_watch, insist, week
from newsletter.store import confirmation_limits, import_progress, letters, pauses, requests
from newsletter.store.batches import Batches
from newsletter.store.db import reading, writing
from newsletter.store.schema import import_chunk, letter, request

if TYPE_CHECKING:
    from newsletter.services import Workspace


def worker(context: "Workspace") -> Worker:
    """Return a worker for this workspace. Raises StoreError when nothing may be sent from this database."""
    insist(context)
    return Worker(
        context.database,
        lambda frozen: context.run(
            frozen, context.transport(frozen.transport, date.fromisoformat(frozen.name))
        ),
        context.now,
        chores(context),
        lambda: insist(context),
    )


def chores(context: "Workspace") -> Sequence[PeriodicTask]:
    """Return the periodic tasks, each with its period in seconds."""
    watch = clock_watch(context)

    def believing(do: Callable[[], None]) -> Callable[[], None]:
        return lambda: None if watch.doubt() else do()

    weekly = []
    if context.settings.schedule.weekly:
        found = week(context, watch)
        weekly = [PeriodicTask("the weekly hour", lambda: _settle_hours(found), 1)]
    return [
        *weekly,
        PeriodicTask("sending letters", lambda: send_letters(context), 1),
        PeriodicTask("processing providers' events", lambda: process_events(context), 2),
        PeriodicTask("ending pauses", believing(lambda: wake(context)), 60),
        PeriodicTask("finishing erasures", lambda: erasure.finish(context), 60),
        PeriodicTask("deleting what is too old", believing(lambda: prune(context)), 3600),
    ]


def _settle_hours(week: Week) -> None:
    """Settle the weekly hours that are due, and log their outcomes."""
    log = logging.getLogger(__name__)
    for hour in tick(week):
        level = logging.WARNING if hour.held else logging.INFO
        log.log(level, "issue %s at its weekly hour: %s", hour.issue, hour.outcome)


def wake(context: "Workspace") -> None:
    """End the readers' pauses that last until today or an earlier day, in the workspace's timezone."""
    now = context.now()
    today = now.astimezone(ZoneInfo(context.settings.timezone)).date()
    with reading(context.database) as connection:
        ended = pauses.ended(connection, today)
    Batches(context.database).each(
        ended, lambda connection, some: pauses.end(connection, today, now, among=some)
    )


def prune(context: "Workspace") -> None:
    """Delete requests, letters, import progress and confirmation limits that are too old to be of use."""
    now, batches = context.now(), Batches(context.database)
    for table, old in (
        (request, requests.too_old(now)),
        (letter, letters.too_old(now)),
        (import_chunk, import_progress.too_old(now)),
    ):
        batches.delete(table, old)
    with writing(context.database) as connection:
        confirmation_limits.prune(connection, now)
