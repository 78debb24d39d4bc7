"""The worker of one workspace, and what its periodic jobs do at each turn."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.sending.clock import ClockWatch
from newsletter.sending.weekly import Week, tick
from newsletter.sending.worker import Worker
from newsletter.services import erasure, sign_in
from newsletter.services import jobs as asked
from newsletter.services.feedback import process_events
from newsletter.services.jobs.kinds import folder_mark
from newsletter.services.jobs.runner import Runner, worker_name
from newsletter.services.letters import send_letters
from newsletter.services.live import LiveWorkspace, settings_and_logo
from newsletter.services.scheduler import insist, week
from newsletter.services.welcome import welcome
from newsletter.store import (
    api_answers,
    commit_marks,
    confirmation_limits,
    import_people,
    jobs,
    notices,
    people,
    requests,
    retention,
    tokens,
)
from newsletter.store import journal as journal_kept
from newsletter.store import letters as letters_kept
from newsletter.store import welcomes as welcomes_kept
from newsletter.store.batches import Batches
from newsletter.store.db import reading, timestamp, writing
from newsletter.store.schema import (
    api_answer,
    api_token,
    event,
    import_chunk,
    job,
    journal,
    letter,
    notice,
    request,
)
from newsletter.store.schema import welcome as waiting

if TYPE_CHECKING:
    from newsletter.services import Workspace

Turn = Callable[[], int]
"""One turn of a periodic job; returns how many things it did."""


def worker(workspace: "Workspace") -> Worker:
    """Return a worker for this workspace. Raises StoreError when nothing may be sent from this database."""
    insist(workspace)
    live = LiveWorkspace(workspace, settings_and_logo)

    return Worker(
        workspace.database,
        lambda frozen: live.current().run(frozen),
        workspace.now,
        Runner(workspace, worker_name()).work,
        lambda: insist(workspace),
        settings=lambda: live.current().settings,
    )


def weekly_hour(workspace: "Workspace", watch: ClockWatch) -> Turn:
    """Settle the weekly hours that are due, where a schedule is set."""
    if not workspace.settings.schedule.weekly:
        return lambda: 0
    found = week(workspace, watch)
    return lambda: _settle_hours(found)


def _settle_hours(week: Week) -> int:
    """Settle the weekly hours that are due, and log their outcomes; return how many."""
    log, settled = logging.getLogger(__name__), tick(week)
    for hour in settled:
        level = logging.WARNING if hour.held else logging.INFO
        log.log(level, "issue %s at its weekly hour: %s", hour.issue, hour.outcome)
    return len(settled)


def welcomes(workspace: "Workspace", watch: ClockWatch) -> Turn:
    """Send newcomers the newest issue, where they are welcomed with it, unless the clock is in doubt."""
    return lambda: 0 if watch.doubt() else welcome(workspace)


def letters(workspace: "Workspace", _watch: ClockWatch) -> Turn:
    """Send the letters that are due."""
    return lambda: send_letters(workspace)


def collecting(workspace: "Workspace", _watch: ClockWatch) -> Turn:
    """Ask for the news to be collected whenever `collect_every` has passed, if it is set."""
    every = workspace.settings.collect_every if workspace.settings.collect else None
    return (lambda: 0) if every is None else (lambda: _collect_if_due(workspace, every))


def _collect_if_due(workspace: "Workspace", every: timedelta) -> int:
    mine = folder_mark(workspace)
    made = [one for one in asked.jobs(workspace, kind="collect") if one.place == mine]
    since = timestamp(workspace.now() - every)
    if any(one.open or one.requested_at > since for one in made):
        return 0
    asked.start(workspace, "collect", {}, "")
    return 1


def events(workspace: "Workspace", _watch: ClockWatch) -> Turn:
    """Process what providers have reported."""
    return lambda: process_events(workspace)


def erasures(workspace: "Workspace", _watch: ClockWatch) -> Turn:
    """Finish the erasures that were interrupted."""
    return lambda: erasure.finish(workspace)


def pauses(workspace: "Workspace", watch: ClockWatch) -> Turn:
    """End readers' pauses on their day, unless the clock is in doubt."""
    return lambda: 0 if watch.doubt() else wake(workspace)


def pruning(workspace: "Workspace", watch: ClockWatch) -> Turn:
    """Delete what is too old, unless the clock is in doubt."""
    return lambda: 0 if watch.doubt() else prune(workspace)


def wake(workspace: "Workspace") -> int:
    """End the pauses that last until today or before, in the workspace's timezone; return how many."""
    now = workspace.now()
    today = now.astimezone(ZoneInfo(workspace.settings.timezone)).date()
    with reading(workspace.database) as connection:
        ended = people.ended_pauses(connection, today)
    Batches(workspace.database).each(
        ended, lambda connection, some: people.end_pauses(connection, today, now, among=some)
    )
    return len(ended)


def prune(workspace: "Workspace") -> int:
    """Delete what is older than `retention` allows, or of no more use; return how many rows."""
    now, batches, kept = workspace.now(), Batches(workspace.database), workspace.settings.retention
    done = retention.forget_deliveries(batches, kept.deliveries.before(now))
    for table, old in (
        (request, requests.too_old(kept.requests.before(now))),
        (letter, letters_kept.too_old(now)),
        (job, jobs.too_old(now)),
        (event, retention.old_events(kept.deliveries.before(now))),
        (journal, journal_kept.too_old(kept.journal.before(now))),
        (import_chunk, import_people.too_old(now)),
        (waiting, welcomes_kept.too_old(now)),
        (api_answer, api_answers.too_old(now)),
        (api_token, tokens.too_old(now)),
        (notice, notices.too_old(now)),
    ):
        done += batches.delete(table, old)
    with writing(workspace.database) as connection:
        confirmation_limits.prune(connection, now)
        done += commit_marks.prune(connection, now.timestamp())
    sign_in.prune(workspace)
    return done
