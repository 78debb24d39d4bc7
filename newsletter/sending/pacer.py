"""Keep a worker within the rate limits that all workers share, and hold domains that ask for it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from newsletter.model import Outcome, Receipt
from newsletter.sending.pace import GOOGLE_PAUSE
from newsletter.store import rate_limits
from newsletter.transport.smtp_replies import Cause, cause, greylisted

_SPAN = 0.2  # seconds of turns taken at once, so that the database is queried five times a second
_LOOK = 1.0  # seconds between reads of the domains that other workers hold
_DOMAIN, _HOLD = "domain:", "hold:"
_EVERYWHERE = f"{_HOLD}*"

Take = Callable[[Mapping[str, float], float], dict[str, float]]


@dataclass(slots=True)
class _Turns:
    """Turns to send that this worker took from one rate limit: `left` of them, from the moment `start` on."""

    start: float = 0.0
    left: int = 0


class Pacer:
    """Paces one worker: `rates` are messages a second by scope; `take` takes turns from the shared limits.

    `clock` returns seconds.
    """

    def __init__(self, rates: Mapping[str, float], take: Take, clock: Callable[[], float]) -> None:
        self._rates = rates
        self._take = take
        self._clock = clock
        self._turns = {scope: _Turns() for scope in rates}
        self._holds: dict[str, float] = {}
        self._fresh: dict[str, float] = {}
        self._careful: set[str] = set()
        self._busy: Counter[str] = Counter()
        self._finished = asyncio.Event()
        self._looked = 0.0

    def held(self, domain: str) -> float:
        """Return until when `domain` is held; 0 when it is not."""
        if not self._holds:
            return 0.0
        until = max(self._holds.get(_HOLD + domain, 0.0), self._holds.get(_EVERYWHERE, 0.0))
        return until if until > self._clock() else 0.0

    def rest(self, seconds: float) -> None:
        """Hold all sending, by every worker, for so many seconds."""
        until = self._clock() + seconds
        self._fresh[_EVERYWHERE] = self._holds[_EVERYWHERE] = until

    def free(self, domain: str) -> bool:
        """Return whether a message to `domain` may be sent without waiting; if so it counts as in flight."""
        if self._rates or domain in self._careful:
            return False
        self._busy[domain] += 1
        return True

    async def turn(self, domain: str) -> None:
        """Wait until a message to `domain` may be sent; it then counts as in flight."""
        while domain in self._careful and self._busy[domain]:
            self._finished.clear()
            await self._finished.wait()
        self._busy[domain] += 1
        own = [scope for scope in self._rates if scope == _DOMAIN + domain or _DOMAIN not in scope]
        self._fill(own)
        start = max((self._spend(scope) for scope in own), default=0.0)
        if (wait := start - self._clock()) > 0:
            await asyncio.sleep(wait)

    def _fill(self, scopes: list[str]) -> None:
        spans = {}
        for scope in scopes:
            if not self._turns[scope].left:
                self._turns[scope].left = max(1, int(self._rates[scope] * _SPAN))
                spans[scope] = self._turns[scope].left / self._rates[scope]
        if spans:
            for scope, start in self._take(spans, self._clock()).items():
                self._turns[scope].start = start

    def _spend(self, scope: str) -> float:
        turns = self._turns[scope]
        turns.left -= 1
        turns.start += 1 / self._rates[scope]
        return turns.start - 1 / self._rates[scope]

    def release(self, domain: str) -> None:
        """Stop counting a message to `domain` that was in flight and was not sent."""
        self._busy[domain] -= 1
        self._finished.set()

    def hear(self, domain: str, receipt: Receipt) -> None:
        """Adapt to the outcome of a message to `domain`."""
        self.release(domain)
        if receipt.outcome is Outcome.ACCEPTED:
            self._careful.discard(domain)
        elif _too_fast(receipt):
            self._careful.add(domain)
            until = self._clock() + GOOGLE_PAUSE
            self._fresh[_HOLD + domain] = self._holds[_HOLD + domain] = until

    def share(self, connection: Connection) -> None:
        """Write the domains that this worker holds and read those of others, as part of a commit."""
        now = self._clock()
        while self._fresh:
            rate_limits.hold(connection, *self._fresh.popitem())
        if now - self._looked >= _LOOK:
            self._looked = now
            self._holds |= rate_limits.held(connection, _HOLD, now)


def _too_fast(receipt: Receipt) -> bool:
    """Return whether a domain asks for a slower pace, which greylisting does not."""
    said = receipt.code, receipt.detail
    return cause(*said) is Cause.RATE and not greylisted(*said)
