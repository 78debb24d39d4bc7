"""Webhooks: other programs that are told of what happens, at the addresses in newsletter.yaml.

Here is what an operator does with them; `posting` is the job that posts.

Not here: where notices are written, and their SQL (newsletter/store/notices.py).
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING

from newsletter.config.parts import Webhook
from newsletter.errors import ConfigError, Message, TransportUnavailable
from newsletter.fetched import FetchError
from newsletter.fetching import Fetcher
from newsletter.services.webhooks.posting import Receiver, content, fetcher, post
from newsletter.services.webhooks.signing import secrets_of
from newsletter.store import notices
from newsletter.store.db import reading, timestamp, writing
from newsletter.store.notices import Notice, Standing, State
from newsletter.store.schema import notice
from newsletter.yamlfile import nearest

if TYPE_CHECKING:
    from newsletter.services import Workspace

__all__ = [
    "Notice",
    "State",
    "Status",
    "overview",
    "pause",
    "replay",
    "resume",
    "send_test",
    "told",
    "trouble",
]

TEST = "webhook.test"
"""The event that nothing but a test posts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A webhook and how it stands: `state` is works, fails or paused; moments are UTC text or empty."""

    name: str
    url: str
    events: tuple[str, ...]
    state: str
    waiting: int
    delivered: int
    failed: int
    failures: int
    failing_since: str
    next_try: str
    paused_at: str
    paused_by: str
    reason: str


def overview(workspace: "Workspace") -> list[Status]:
    """Return the webhooks of newsletter.yaml, and what they were told in the last 30 days."""
    names = [one.name for one in workspace.settings.webhooks]
    if not names:
        return []
    with reading(workspace.readable) as connection:
        standings = notices.standings(connection, names)
        counts = notices.counts(connection)
    return [_status(one, standings[one.name], counts) for one in workspace.settings.webhooks]


def _status(one: Webhook, standing: Standing, counts: dict[tuple[str, str], int]) -> Status:
    fails = "fails" if standing.failures else "works"
    return Status(
        name=one.name,
        url=one.url,
        events=one.events,
        state="paused" if standing.paused_at else fails,
        **{state.value: counts.get((one.name, state), 0) for state in State},
        failures=standing.failures,
        failing_since=_moment(standing.failing_since),
        next_try="" if standing.paused_at else _moment(standing.free_at),
        paused_at=standing.paused_at,
        paused_by=standing.paused_by,
        reason=standing.reason,
    )


def _moment(seconds: float) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC)) if seconds else ""


def trouble(workspace: "Workspace") -> list[Status]:
    """Return the webhooks that are paused or fail, for whoever looks after the press."""
    return [one for one in overview(workspace) if one.state != "works"]


def told(workspace: "Workspace", name: str, state: State | None = None, limit: int = 30) -> list[Notice]:
    """Return the newest notices of a webhook. Raises ConfigError when there is no such webhook."""
    webhook(workspace, name)
    with reading(workspace.readable) as connection:
        return notices.listed(connection, name, state, limit)


def webhook(workspace: "Workspace", name: str) -> Webhook:
    """Return the webhook of this name. Raises ConfigError when newsletter.yaml has none."""
    known = {one.name: one for one in workspace.settings.webhooks}
    if name not in known:
        raise ConfigError(Message("newsletter.yaml has no webhook %(name)r", name=name), nearest(name, known))
    return known[name]


def pause(workspace: "Workspace", name: str, by: str) -> None:
    """Post nothing more to a webhook until it is resumed; what happens meanwhile waits for it."""
    webhook(workspace, name)
    now = timestamp(workspace.now())
    with writing(workspace.database) as connection:
        notices.put_standing(
            connection, Standing(name=name, paused_at=now, paused_by=by, reason="paused by hand")
        )


def resume(workspace: "Workspace", name: str) -> int:
    """Post to a webhook again, at once; return how many notices wait for it."""
    webhook(workspace, name)
    with writing(workspace.database) as connection:
        notices.put_standing(connection, Standing(name=name))
        return notices.replay(connection, name, [notice.c.state == State.WAITING])


def replay(
    workspace: "Workspace", name: str, *, messages: Sequence[str] = (), since: datetime | None = None
) -> int:
    """Post notices again, under their old ids: these `messages`, all `since` a moment, or those that failed.

    Return how many. Raises ConfigError when there is no such webhook.
    """
    webhook(workspace, name)
    which = [notice.c.state != State.WAITING]
    if messages:
        which.append(notice.c.message.in_(messages))
    if since:
        which.append(notice.c.at >= timestamp(since))
    if not messages and not since:
        which.append(notice.c.state == State.FAILED)
    with writing(workspace.database) as connection:
        return notices.replay(connection, name, which)


def send_test(workspace: "Workspace", name: str, make: Callable[[], Fetcher] = fetcher) -> None:
    """Post a signed test to a webhook, whether it is paused or not.

    Raises ConfigError without webhook or secret, TransportUnavailable with the reason when it was not taken.
    """
    found = webhook(workspace, name)
    receiver, now = Receiver(found, secrets_of(found.secret)), workspace.now()

    async def once() -> None:
        async with make() as by:
            body = content(TEST, timestamp(now), {"webhook": name})
            await post(receiver, f"msg_{token_hex(16)}", body, now, by)

    try:
        asyncio.run(once())
    except FetchError as error:
        raise TransportUnavailable(
            Message("%(name)s did not take the test: %(error)s", name=name, error=error.why),
            Message(
                "Look at what %(url)s logs; it has to check the signature, and answer 200 to 299.",
                url=found.url,
            ),
        ) from None
