"""One way in a run: its queue, its connections, and whether it works (a circuit breaker with a trial).

A way that has failed is out for a while, and what waits for it goes to the next one. Then one message tries
it: accepted, the way is used again. What was begun and had no answer is unknown, and goes nowhere else.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from enum import Enum, auto
from time import monotonic
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from newsletter.errors import Message, NewsletterError, TransportUnavailable
from newsletter.model import Outcome, Receipt
from newsletter.sending.outlet import Outlet
from newsletter.sending.pace import REST, CircuitBreaker, answer_of, domain_of
from newsletter.sending.pacer import Pacer
from newsletter.sending.ways import Way
from newsletter.sending.work import Dealt, Work
from newsletter.store import ways
from newsletter.store.ledger import Due
from newsletter.store.ways import Out

if TYPE_CHECKING:
    from newsletter.sending.claims import Claims

_log = logging.getLogger(__name__)
_PAUSE, _LONGEST = 5 * 60, 3600  # seconds after which a way that has failed is tried; twice as many each time
_ALIVE = 5.0  # seconds; a way that has just accepted something works, whatever one connection says
_RELAY = "relay:"


class _State(Enum):
    WORKS = auto()
    OUT = auto()
    TRIED = auto()  # by one message


class Lane:
    """A way and the messages that wait for it. An issue's only way is never out: its errors end the run."""

    def __init__(self, way: Way, claims: "Claims", breaker: CircuitBreaker, out: Out | None) -> None:
        self.name = way.name
        self.caps = way.caps
        self.queue: deque[Dealt] = deque()
        self.breaker = breaker
        self.running = False
        self._claims = claims
        self._transport = way.transport
        own = _RELAY + way.name
        rates = {
            scope: rate
            for scope, rate in claims.plan.rates.items()
            if scope == own or not scope.startswith(_RELAY)
        }
        self.pacer = Pacer(rates, claims.take_turns, self._now)
        self._state = _State.WORKS
        self.until, self.reason = (
            0.0,
            "",
        )  # since when it may be tried again, in seconds since 1970; why it failed
        self._allowed = 0  # messages that the day allows it and that are not dealt
        self._on_trial = False  # whether a message has been dealt for the trial
        self._accepted_at = 0.0
        self._failures = 0
        if out:
            self._state, self.until, self.reason = _State.OUT, out.until, out.reason
            self._failures = out.failures

    def _now(self) -> float:
        return self._claims.plan.clock().timestamp()

    @property
    def out(self) -> bool:
        """Whether it has failed, and is not to be tried yet."""
        return self._state is _State.OUT

    @property
    def tried(self) -> bool:
        """Whether it is on trial."""
        return self._state is _State.TRIED

    @property
    def again(self) -> float:
        """When it may be used again, in seconds since 1970: after its pause, or tomorrow."""
        today = self._claims.plan.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        return self.until if self.out else (today + timedelta(days=1)).timestamp()

    def takes(self) -> bool:
        """Take on a message, if it may have one now; tell whether it does."""
        if (
            not self.running
            or self.out
            or (self.tried and self._on_trial)
            or (self.caps and not self._allowed)
        ):
            return False
        self._allowed -= bool(self.caps)
        self._on_trial = True
        return True

    def empty(self) -> list[Dealt]:
        """Return what is queued, which is not queued any more."""
        waiting = list(self.queue)
        self.queue.clear()
        self._on_trial = self._on_trial and not waiting
        self._allowed += len(waiting) if self.caps else 0
        return waiting

    def drop(self, work: Work) -> int:
        """Forget the messages of a chunk that is not ours any more; return how many."""
        before = self.empty()
        self.queue.extend(one for one in before if one[0] is not work)
        self._on_trial = bool(self.queue)
        self._allowed -= len(self.queue) if self.caps else 0
        return len(before) - len(self.queue)

    def allow(self, connection: Connection, number: int) -> None:
        """Take what the day still allows, up to so many messages."""
        if (wanted := number - self._allowed) > 0:
            self._allowed += ways.take(connection, self.name, self._day, wanted, self.caps)

    def give_back(self, connection: Connection) -> None:
        """Return what the day allowed and is not needed."""
        if self._allowed:
            ways.give_back(connection, self.name, self._day, self._allowed)
            self._allowed = 0

    @property
    def _day(self) -> str:
        return f"{self._claims.plan.clock():%Y-%m-%d}"

    def take_back(self, dealt: Iterable[Dealt]) -> None:
        """Queue messages again that were not sent, or give them to the next way if this one is out."""
        self.queue.extendleft(dealt)
        if self.out and self.queue:
            self._claims.deal_again(self)
        elif self._claims.alone is None:
            self._claims.stir()

    def hear(self, due: Due, receipt: Receipt) -> None:
        """Learn from the outcome of a message."""
        self.pacer.hear(domain_of(due.email), receipt)
        self.breaker.hear(receipt, due.attempt)
        if self.breaker.rest or self.breaker.reason:
            self._judge()
        if self._claims.alone is None:
            self._judge_trial(receipt)

    def _judge(self) -> None:
        breaker, claims = self.breaker, self._claims
        if breaker.rest:
            if claims.alone:
                text = "issue %s: sending rests for %.0f s: %s"
                _log.warning(text, claims.plan.name, REST, breaker.rest)
                self.pacer.rest(REST)
            else:
                self.go_out(breaker.rest)
            breaker.rest = ""
        if breaker.reason and breaker.in_a_row and not claims.alone:
            self.go_out(breaker.reason)
            if claims.all_out:
                claims.reason = breaker.reason
            breaker.forget()
        elif breaker.reason:
            claims.reason = breaker.reason

    def _judge_trial(self, receipt: Receipt) -> None:
        if receipt.outcome is Outcome.ACCEPTED:
            self._accepted_at = monotonic()
        if self._state is not _State.TRIED:
            return
        if receipt.outcome is Outcome.ACCEPTED:
            _log.info("issue %s: %s works again", self._claims.plan.name, self.name)
            self._state, self._failures = _State.WORKS, 0
            self._claims.news[self.name] = None
            self._claims.deal_again(*self._claims.lanes.values())
        else:
            answer = answer_of(receipt)
            self.go_out(Message("%(outcome)s: %(answer)s", outcome=receipt.outcome, answer=answer))

    def go_out(self, reason: str) -> None:
        """Use the other ways from now on, and try this one again after a pause."""
        if self.out:
            return
        text = "issue %s: %s is left alone for %.0f s, and the rest goes by other ways: %s"
        pause = min(_PAUSE * 2**self._failures, _LONGEST)
        _log.warning(text, self._claims.plan.name, self.name, pause, reason)
        out = Out(self._now() + pause, reason, self._failures + 1)
        self._claims.news[self.name] = out
        self.stay_out(out)

    def stay_out(self, out: Out) -> None:
        """Be out, as this worker or another has found."""
        if out.until <= self._now() or self.out:
            return
        self._state, self.until, self.reason = _State.OUT, out.until, out.reason
        self._failures = out.failures
        self._claims.deal_again(self)

    async def check(self) -> None:
        """Raise TransportUnavailable, with a hint that names the remedy, if nothing can be sent now."""
        await self._transport.check()

    async def more(self) -> bool:
        """Wait until something is queued; return False when nothing will be, or the way has failed."""
        claims = self._claims
        if claims.alone:
            return claims.lease()
        claims.connections -= 1  # one that waits is not waited for
        try:
            while not self.queue:
                if self._state is not _State.WORKS:
                    return False
                if not claims.lease():
                    if claims.over:
                        return False
                    await claims.stirred()
        finally:
            claims.connections += 1
        return True

    async def drain(self) -> list[NewsletterError]:
        """Send by this way until there is nothing more for now; return the errors that ended it before."""
        claims = self._claims
        if claims.alone:
            return await self._connect(self._transport.connections)
        try:
            while await self._turn_comes():
                if failures := await self._try():
                    return failures
        finally:
            self.running = False
            claims.deal_again(self)
        return [self._failure()] if claims.all_out else []

    async def _turn_comes(self) -> bool:
        """Wait for a message, if it is out for the one of its trial; return False when none will come."""
        claims = self._claims
        while not claims.halted and not self.queue:
            if self.out and self.until <= self._now():
                self._state, self._on_trial = _State.TRIED, False
                claims.deal_again(*claims.lanes.values())
            elif not claims.lease():
                if claims.over:
                    return False
                await claims.stirred(max(0.0, self.until - self._now()) if self.out else None)
        return not claims.halted

    async def _try(self) -> list[NewsletterError]:
        """Run the connections until they end, and be out if all failed; return errors of other kinds."""
        number = 1 if self._state is _State.TRIED else self._transport.connections
        try:
            await self._transport.check()
        except TransportUnavailable as error:
            self.go_out(error.message)
            return []
        failures = await self._connect(number)
        others = [error for error in failures if not isinstance(error, TransportUnavailable)]
        if failures and not others and (self.queue or len(failures) == number):
            self.go_out(failures[0].message)
        elif self.tried and not self.queue:  # its reader has left: another message has to tell
            self._on_trial = False
            self._claims.deal_again(self)
        return others

    async def _connect(self, number: int) -> list[NewsletterError]:
        """Run so many connections until there is nothing to take; return the errors of those that failed."""
        ended = await asyncio.gather(*(self._one() for _ in range(number)), return_exceptions=True)
        failures = []
        for error in ended:
            if isinstance(error, NewsletterError):
                failures.append(error)
            elif error is not None:
                raise error
        return failures

    async def _one(self) -> None:
        outlet = Outlet(self, self._claims)
        self._claims.connections += 1
        try:
            await self._transport.drain(outlet)
        except TransportUnavailable as error:
            if not self._claims.alone and monotonic() - self._accepted_at > _ALIVE:
                self.go_out(error.message)
            raise
        finally:
            self._claims.connections -= 1
            outlet.end()

    def _failure(self) -> TransportUnavailable:
        return TransportUnavailable(
            Message("no way works now; %(name)s: %(reason)s", name=self.name, reason=self.reason),
            "Look at each of them: newsletter doctor --online. They are tried again by themselves.",
        )
