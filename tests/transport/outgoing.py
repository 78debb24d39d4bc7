"""Messages for the SMTP transport, without a ledger."""

import asyncio
from collections.abc import Sequence

from newsletter.model import Message, Outcome, Receipt, Rendered, Verdict
from newsletter.transport.smtp.client import Smtp
from tests.relay import Relay
from tests.sending import house


class Queue:
    """An `Outgoing` over a list: remembers what was begun and what became of it."""

    def __init__(self, *recipients: str, verdicts: dict[str, Verdict] | None = None, size: int = 0) -> None:
        self._left = [message(address, number, size) for number, address in enumerate(recipients, 1)]
        self._verdicts = verdicts or {}
        self.commit_seconds = 0.0
        self.together = 0
        self.begun: list[str] = []
        self.receipts: dict[str, Receipt] = {}

    async def next(self) -> Message | None:
        return self._left.pop(0) if self._left else None

    def ready(self) -> Message | None:
        return self._left.pop(0) if self._left else None

    async def begin(self, messages: Sequence[Message]) -> Sequence[Verdict]:
        verdicts = {one.rcpt_to: self._verdicts.get(one.rcpt_to, Verdict.GO) for one in messages}
        self.begun += (reader for reader, verdict in verdicts.items() if verdict is Verdict.GO)
        self.together = max(self.together, len(messages))
        return list(verdicts.values())

    def finish(self, message: Message, receipt: Receipt) -> None:
        assert message.rcpt_to not in self.receipts
        self.receipts[message.rcpt_to] = receipt

    def withdraw(self, message: Message) -> None:
        self.begun.remove(message.rcpt_to)

    def put_back(self, message: Message) -> None:
        self._left.append(message)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return {address: receipt.outcome for address, receipt in self.receipts.items()}


def message(address: str, number: int = 1, size: int = 0) -> Message:
    return Message(
        subscriber=number,
        mail_from="b+x@news.example.org",
        rcpt_to=address,
        message_id=f"<{number}@news.example.org>",
        name="",
        edition="e",
        load=lambda: Rendered(edition="e", subject="", html="", text="", sha256=""),
        shared=house.SHARED,
        values={},
        build=lambda: [f"Subject: {number}\r\n\r\n".encode(), f"Hello{'!' * size}\r\n".encode()],
    )


def smtp(relay: Relay, **settings: object) -> Smtp:
    values: dict[str, object] = {"host": "127.0.0.1", "port": relay.port, "security": "none", "timeout": 2}
    return Smtp(**values | settings)  # type: ignore[arg-type]  # each value is of its field's type


def send(relay: Relay, queue: Queue, **settings: object) -> Queue:
    asyncio.run(smtp(relay, **settings).drain(queue))
    return queue
