"""What one connection of a transport is given: messages, clearance to send them, a place for outcomes."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from newsletter.model import Message, Outcome, Receipt, Verdict
from newsletter.sending.pace import GIVE_UP, domain_of, retry_after, too_late
from newsletter.sending.work import Begin, Dealt
from newsletter.store.ledger import Due

if TYPE_CHECKING:
    from newsletter.sending.claims import Claims
    from newsletter.sending.lane import Lane

_UNSURE = Receipt(outcome=Outcome.UNKNOWN, detail="stopped while this message was being sent")


class Outlet:
    """The `Outgoing` of one connection, which knows what that connection has in hand."""

    def __init__(self, lane: "Lane", claims: "Claims") -> None:
        self._lane = lane
        self._claims = claims
        self._plan = claims.plan
        self._handed: dict[int, Dealt] = {}

    async def next(self) -> Message | None:
        """Return the next message to prepare, when its turn has come; None when there are no more for now."""
        lane = self._lane
        while not self._claims.stopping:
            if not lane.queue:
                if not await lane.more():
                    return None
                continue
            work, due = lane.queue.popleft()
            domain = domain_of(due.email)
            if until := lane.pacer.held(domain):
                work.postpone(until)
                continue
            self._handed[due.subscriber] = work, due
            await lane.pacer.turn(domain)
            return self._plan.writers.write(due, self._plan.clock())
        return None

    def ready(self) -> Message | None:
        """Return the next message to prepare if there is one whose turn is now."""
        lane = self._lane
        if self._claims.stopping or not lane.queue:
            return None
        work, due = lane.queue[0]
        domain = domain_of(due.email)
        if lane.pacer.held(domain) or not lane.pacer.free(domain):
            return None
        lane.queue.popleft()
        self._handed[due.subscriber] = work, due
        return self._plan.writers.write(due, self._plan.clock())

    @property
    def commit_seconds(self) -> float:
        """How long the last commit took."""
        return self._claims.took

    async def begin(self, messages: Sequence[Message]) -> Sequence[Verdict]:
        """Wait for the commit that records that `messages` may be on the wire. Raises StoreError."""
        if self._lane.out:
            return [Verdict.STOP] * len(messages)  # they stay in hand, and go to the next way when this ends
        cleared: asyncio.Future[Sequence[Verdict]] = asyncio.get_running_loop().create_future()
        bodies = [self._handed[message.subscriber] for message in messages]
        self._claims.request(Begin(self._lane.name, bodies, cleared))
        verdicts = await cleared
        for (_, due), verdict in zip(bodies, verdicts, strict=True):
            if verdict is not Verdict.GO:
                self._lane.pacer.release(domain_of(due.email))
                del self._handed[due.subscriber]
        return verdicts

    def finish(self, message: Message, receipt: Receipt) -> None:
        """Record an outcome in the next commit; the pacer and the circuit breaker learn from it at once."""
        work, due = self._handed.pop(message.subscriber)
        self._lane.hear(due, receipt)
        if receipt.outcome is Outcome.DEFERRED and self._too_late(due):
            detail = f"given up after {GIVE_UP // 3600} hours: {receipt.detail}"
            receipt = replace(receipt, outcome=Outcome.REFUSED, detail=detail)
        work.add(due, receipt, self._lane.name)
        work.open -= 1
        if not work.open:
            self._claims.stir()

    def _too_late(self, due: Due) -> bool:
        again = self._plan.clock().timestamp() + retry_after(due.attempt, due.subscriber)
        begun = self._plan.begun_at.timestamp()
        return too_late(again, begun, due.tried_at, due.attempt, due.subscriber)

    def withdraw(self, message: Message) -> None:
        """Record, in a commit at once, that the body of `message` was not sent and is off the wire."""
        work, due = self._handed[message.subscriber]
        work.begun.pop(due.subscriber, None)
        self._claims.wanted.set()

    def put_back(self, message: Message) -> None:
        """Put `message`, whose body was not sent, back among the pending deliveries."""
        work, due = self._handed.pop(message.subscriber)
        self._lane.pacer.release(domain_of(due.email))
        work.begun.pop(due.subscriber, None)
        self._lane.take_back([(work, due)])

    def end(self) -> None:
        """Put back what the connection, which has ended, has neither reported nor begun to send.

        Of a message that it had begun to send nobody knows what became.
        """
        left = []
        for work, due in self._handed.values():
            self._lane.pacer.release(domain_of(due.email))
            if due.subscriber in work.begun and not self._plan.ways.repeatable:
                work.add(due, _UNSURE, self._lane.name)
                work.open -= 1
            else:
                work.begun.pop(due.subscriber, None)
                left.append((work, due))
        self._handed.clear()
        self._lane.take_back(left)
