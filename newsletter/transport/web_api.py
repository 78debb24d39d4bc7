"""Sending by a provider's web API: when to ask, when to ask again, and when to stop.

What a request looks like and what an answer means, each provider's folder knows.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Receipt, Verdict
from newsletter.ports import Outgoing
from newsletter.transport import REQUESTS
from newsletter.transport.web_answer import Answer, Meaning

PATIENCE: Sequence[float] = (0.5, 1, 2, 4, 8)  # seconds of backoff between attempts
JITTER = 1.0  # most seconds of jitter, so that connections waiting for the same moment do not collide
LULL = 1.0  # seconds without a new message after which an incomplete request is sent
IN_A_ROW = 3  # doubtful answers after which sending stops
_HELD = 10  # buffer for filling requests, in full requests; each message in it keeps its chunk open

S = TypeVar("S")


class WebApi(ABC, Generic[S]):
    """Sending by requests to `host`; `unavailable` makes the error that an answer is. S is a connection.

    Once it has become unavailable it stays so until `check` succeeds: a further `drain` sends nothing.
    """

    repeatable = False  # no provider has idempotency keys: a message whose answer is lost is unknown

    def __init__(self, host: str, unavailable: Callable[[Answer, str], TransportUnavailable]) -> None:
        self._host = host
        self._unavailable = unavailable
        self._works()

    @abstractmethod
    def _open(self) -> AbstractAsyncContextManager[S]:
        """Return a connection for requests."""

    @abstractmethod
    async def _ask(self, session: S, messages: Sequence[Message]) -> Sequence[Answer]:
        """Send one request; return the answer for each message, or the refusal that it would get."""

    def _works(self) -> None:
        """Forget failures: a check has succeeded."""
        self._failure: TransportUnavailable | None = None
        self._doubts = 0

    async def _send(self, session: S, messages: Sequence[Message], outgoing: Outgoing) -> bool:
        """Send one request, and again what has to wait; halves of one that is refused as a whole.

        Between attempts its messages do not count as on the wire. Return False when no further request
        should be started.
        """
        last, goes_on = Answer(meaning=Meaning.LATER), True
        for pause in (None, *PATIENCE):
            if pause is not None:
                _withdraw(messages, outgoing)
                jitter = random.uniform(0, JITTER)  # noqa: S311  not security
                await asyncio.sleep(last.wait(pause) + jitter)
            if self._failure:
                break
            verdicts = await outgoing.begin(messages)
            messages = [one for one, verdict in zip(messages, verdicts, strict=True) if verdict is Verdict.GO]
            goes_on = Verdict.STOP not in verdicts
            if not messages:
                return goes_on
            answers = await self._ask(session, messages)
            if len(messages) > 1 and any(answer.meaning is Meaning.NARROW for answer in answers):
                _withdraw(messages, outgoing)
                middle = len(messages) // 2
                halves = messages[:middle], messages[middle:]
                return all([await self._send(session, half, outgoing) for half in halves]) and goes_on
            self._learn(answers)
            messages = _settle(messages, answers, outgoing)
            if not messages:
                return goes_on
            last = next(answer for answer in answers if answer.meaning is Meaning.LATER)
        for message in messages:
            outgoing.put_back(message)
        self._fail(last)
        return goes_on

    def _doubtful(self, answer: Answer) -> bool:
        """Tell whether after several such answers in a row another message should not be risked."""
        return answer.meaning is Meaning.LOST

    def _learn(self, answers: Sequence[Answer]) -> None:
        """Record a failure when `answers` show that sending should stop."""
        doubt = next(filter(self._doubtful, answers), None)
        self._doubts = self._doubts + 1 if doubt else 0
        end = next((answer for answer in answers if answer.meaning is Meaning.STOP), None)
        if wrong := end or (doubt if self._doubts == IN_A_ROW else None):
            self._fail(wrong)

    def _fail(self, answer: Answer) -> None:
        self._failure = self._failure or self._unavailable(answer, self._host)


def _withdraw(messages: Sequence[Message], outgoing: Outgoing) -> None:
    for message in messages:
        outgoing.withdraw(message)


def _settle(messages: Sequence[Message], answers: Sequence[Answer], outgoing: Outgoing) -> list[Message]:
    """Report what became of `messages`; return those to try again after a wait.

    Messages with one answer share a receipt, by which the sending knows that this is one error.
    """
    again, receipts = [], dict[int, Receipt | None]()
    for message, answer in zip(messages, answers, strict=True):
        if answer.meaning is Meaning.LATER:
            again.append(message)
        elif receipt := receipts.setdefault(id(answer), answer.receipt):
            outgoing.finish(message, receipt)
        else:
            outgoing.put_back(message)
    return again


class OneByOne(WebApi[S]):
    """Sending of one message a request, over connections that stay open."""

    @abstractmethod
    async def _ask_one(self, session: S, message: Message) -> Answer:
        """Send `message`; return the answer, or the refusal that it would get."""

    async def _ask(self, session: S, messages: Sequence[Message]) -> Sequence[Answer]:
        return [await self._ask_one(session, message) for message in messages]

    async def drain(self, outgoing: Outgoing) -> None:
        """Send the messages of `outgoing`, one after another. Raises TransportUnavailable."""
        async with self._open() as session:
            while not self._failure and (message := await outgoing.next()):
                if not await self._send(session, [message], outgoing):
                    return
        if self._failure:
            raise self._failure


class Many(WebApi[S]):
    """Sending of up to `batch` messages of the same `key` in each of some concurrent requests."""

    connections = 1  # it runs concurrent requests itself, so that they share one buffer

    def __init__(
        self,
        host: str,
        unavailable: Callable[[Answer, str], TransportUnavailable],
        batch: int,
        key: Callable[[Message], str] = lambda _: "",
    ) -> None:
        super().__init__(host, unavailable)
        self._batch = batch
        self._key = key

    async def drain(self, outgoing: Outgoing) -> None:
        """Send all messages of `outgoing` in concurrent requests. Raises TransportUnavailable."""
        batches = Batches(outgoing, self._batch, self._key)
        async with self._open() as session:
            ended = await asyncio.gather(
                *(self._send_batches(session, batches, outgoing) for _ in range(REQUESTS)),
                return_exceptions=True,
            )
        batches.close()
        for error in (*ended, self._failure):
            if error:
                raise error

    async def _send_batches(self, session: S, batches: "Batches", outgoing: Outgoing) -> None:
        while (batch := await batches.next()) and not self._failure:
            if not await self._send(session, batch, outgoing):
                return


class Batches:
    """Buffer of messages by key, until they fill a request or no more come for a while.

    The wait is limited, because the next message may wait for its domain's turn, and that for a message in
    this buffer.
    """

    def __init__(self, outgoing: Outgoing, size: int, key: Callable[[Message], str]) -> None:
        self._outgoing = outgoing
        self._size = size
        self._key = key
        self._held: dict[str, list[Message]] = defaultdict(list)
        self._turn = asyncio.Lock()
        self._coming: asyncio.Future[Message | None] | None = None

    async def next(self) -> list[Message]:
        """Return the messages of the next request, all of one key; empty when there are no more."""
        async with self._turn:
            while sum(map(len, self._held.values())) < self._size * _HELD:
                message = await self._come()
                if message is None:
                    break
                held = self._held[key := self._key(message)]
                held.append(message)
                if len(held) == self._size:
                    return self._held.pop(key)
            fullest = max(self._held, key=lambda key: len(self._held[key]), default="")
            return self._held.pop(fullest, [])

    async def _come(self) -> Message | None:
        """Return the next message; None at the end, or when none comes for a while and some are buffered."""
        self._coming = self._coming or asyncio.ensure_future(self._outgoing.next())
        await asyncio.wait({self._coming}, timeout=LULL if self._held else None)
        if not self._coming.done():
            return None
        come, self._coming = self._coming, None
        return come.result()

    def close(self) -> None:
        """Stop waiting for messages; one that has not come yet stays pending."""
        if self._coming:
            self._coming.cancel()
