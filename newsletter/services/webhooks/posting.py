"""Post notices to webhooks: each webhook by itself, in order; tried again with backoff for three days.

What was posted is recorded after the answer, so a crash between the two posts it again, under the same id.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from newsletter.config.parts import Webhook
from newsletter.fetched import FetchError
from newsletter.fetching import Fetcher
from newsletter.sending.clock import ClockWatch
from newsletter.services.webhooks.signing import secrets_of, signed
from newsletter.store import notices
from newsletter.store.db import reading, timestamp, writing
from newsletter.store.notices import Notice, Standing

if TYPE_CHECKING:
    from newsletter.services import Workspace

AGENT = "newsletter-webhooks"
PATIENCE = timedelta(days=3)
"""For how long a notice is tried; a webhook that takes none for so long is paused."""

_AT_ONCE = 200  # notices of one webhook that are posted before it is recorded,
_FOR = 2.0  # or for so many seconds
_LONGEST_WAIT = 4 * 3600.0
_GONE = 410  # "the endpoint is disabled: send nothing more", says Standard Webhooks

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A webhook of newsletter.yaml, with the keys by which it is signed."""

    webhook: Webhook
    keys: Sequence[bytes]


@dataclass(slots=True)
class _Posted:
    """What became of some notices: those that were taken, and the one that was not."""

    taken: list[Notice]
    refused: Notice | None = None
    why: str = ""
    gone: bool = False


def receivers(workspace: "Workspace") -> Sequence[Receiver]:
    """Return the webhooks of newsletter.yaml. Raises ConfigError when a secret is missing."""
    return [Receiver(one, secrets_of(one.secret)) for one in workspace.settings.webhooks]


def fetcher() -> Fetcher:
    """Return what posts: to the public internet alone, over connections that are used again."""
    return Fetcher(AGENT, kept=10)


def turn(workspace: "Workspace", _watch: ClockWatch) -> Callable[[], int]:
    """Return the turn of the periodic job, which posts what is due."""
    known = receivers(workspace)
    return lambda: post_due(workspace, known) if known else 0


def post_due(workspace: "Workspace", known: Sequence[Receiver], make: Callable[[], Fetcher] = fetcher) -> int:
    """Post what is due to each webhook, side by side; return how many notices were taken."""
    now = workspace.now().timestamp()
    with reading(workspace.database) as connection:
        standings = notices.standings(connection, [one.webhook.name for one in known])
        due = {
            one.webhook.name: notices.due(
                connection,
                one.webhook.name,
                now,
                1 if standing.failures else _AT_ONCE,  # it is tried before it gets many
                failing=bool(standing.failures),
            )
            for one in known
            if not (standing := standings[one.webhook.name]).paused_at and standing.free_at <= now
        }
    busy = [one for one in known if due.get(one.webhook.name)]
    return asyncio.run(_post_all(workspace, busy, due, make)) if busy else 0


async def _post_all(
    workspace: "Workspace",
    busy: Sequence[Receiver],
    due: Mapping[str, Sequence[Notice]],
    make: Callable[[], Fetcher],
) -> int:
    async with make() as by:

        async def one(receiver: Receiver) -> int:
            posted = await _post(receiver, due[receiver.webhook.name], workspace.now, by)
            _record(workspace, receiver.webhook.name, posted)
            return len(posted.taken)

        return sum(await asyncio.gather(*map(one, busy)))


async def _post(
    receiver: Receiver, some: Sequence[Notice], clock: Callable[[], datetime], by: Fetcher
) -> _Posted:
    """Post notices one after another, until one is not taken or time is up."""
    posted, until = _Posted([]), time.monotonic() + _FOR
    for one in some:
        try:
            body = content(one.event, one.at, one.data)
            await post(receiver, one.message, body, clock(), by)
        except FetchError as error:
            posted.refused, posted.why, posted.gone = one, error.why, error.status == _GONE
            break
        posted.taken.append(one)
        if time.monotonic() > until:
            break
    return posted


def content(event: str, at: str, data: Mapping[str, Any]) -> bytes:
    """Return what is posted."""
    return json.dumps({"type": event, "timestamp": at, "data": data}, separators=(",", ":")).encode()


async def post(receiver: Receiver, message: str, body: bytes, now: datetime, by: Fetcher) -> None:
    """Post one message, signed. Raises FetchError when it was not taken."""
    headers = signed(receiver.keys, message, int(now.timestamp()), body)
    await by.post(receiver.webhook.url, body, {"Content-Type": "application/json", **headers})


def _record(workspace: "Workspace", name: str, posted: _Posted) -> None:
    now = workspace.now()
    with writing(workspace.database) as connection:
        before = notices.standings(connection, [name])[name]
        after = before
        if posted.taken:
            notices.delivered(connection, [one.id for one in posted.taken], now)
            after = _well(after)
        if one := posted.refused:
            after = _failed(after, posted, now)
            tried_out = bool(one.since) and now.timestamp() - one.since >= PATIENCE.total_seconds()
            final = tried_out and not after.paused_at
            due_at = None if final else now.timestamp() + backoff(one.attempts + 1)
            notices.refused(connection, one, posted.why, now, due_at)
        if after != before:
            notices.put_standing(connection, after)
    if after.paused_at and not before.paused_at:
        _log.warning("webhook %s is paused: %s", name, after.reason)


def _well(standing: Standing) -> Standing:
    """Return how it stands with a webhook that answers; one that was paused meanwhile stays so."""
    reason = standing.reason if standing.paused_at else ""
    return replace(standing, failures=0, failing_since=0.0, free_at=0.0, reason=reason)


def _failed(standing: Standing, posted: _Posted, now: datetime) -> Standing:
    """Return how it stands with a webhook that failed again: later, or paused as it has for days."""
    moment = now.timestamp()
    since = standing.failing_since or moment
    after = replace(
        standing,
        failures=standing.failures + 1,
        failing_since=since,
        free_at=moment + backoff(standing.failures + 1),
        reason=posted.why,
    )
    if standing.paused_at:
        return replace(after, reason=standing.reason)
    if posted.gone or moment - since >= PATIENCE.total_seconds():
        return replace(after, paused_at=timestamp(now))
    return after


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: 5, 20, 80, and at most four hours."""
    return min(_LONGEST_WAIT, 5.0 * 4.0 ** (min(failures, 10) - 1))
