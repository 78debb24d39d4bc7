"""Send letters and test messages: they are not in the ledger, and may be repeated, as they change nothing."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from newsletter.errors import TransportUnavailable
from newsletter.i18n import translations
from newsletter.links import Signer
from newsletter.model import Envelope, Message, Outcome, Receipt, Rendered, Verdict
from newsletter.sending.personal import Writer
from newsletter.sending.ways import Ways
from newsletter.slots import UNSUBSCRIBE
from newsletter.store.ledger import Due
from newsletter.transport.dkim import DomainSigner
from newsletter.transport.mime import note

_NOBODY = 0  # no subscriber has this number, so the links in a test message change nothing


class Batch:
    """An `Outgoing` of a few messages; `receipts` has the answers by message number."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._waiting = deque(messages)
        self.receipts: dict[int, Receipt] = {}

    async def next(self) -> Message | None:
        """Return the next message."""
        return self.ready()

    def take(self) -> list[Message]:
        """Return all that waits, which does not wait any more."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def ready(self) -> Message | None:
        """Return the next message."""
        return self._waiting.popleft() if self._waiting else None

    @property
    def commit_seconds(self) -> float:
        """Nothing is recorded, so nothing is waited for."""
        return 0.0

    async def begin(self, messages: Sequence[Message]) -> Sequence[Verdict]:
        """Allow every message to be sent."""
        return [Verdict.GO] * len(messages)

    def finish(self, message: Message, receipt: Receipt) -> None:
        """Record the receipt of a message."""
        self.receipts[message.subscriber] = receipt

    def withdraw(self, message: Message) -> None:
        """Record nothing: the message may be tried again anyway."""

    def put_back(self, message: Message) -> None:
        """Record nothing: the error that ends the sending says why."""

    def receipt(self, number: int) -> Receipt:
        """Return the receipt of message `number`."""
        return self.receipts.get(number, Receipt(outcome=Outcome.UNKNOWN, detail="nothing was reported"))


async def send(ways: Ways, batch: Batch, works: str = "") -> None:
    """Send a batch, each message by the first of its ways that works; `works` names one just checked.

    Raises TransportUnavailable when some could be sent by none.
    """
    failed: TransportUnavailable | None = None
    left = batch.take()
    for place in range(len(ways.all)):
        by_way: defaultdict[str, list[Message]] = defaultdict(list)
        for message in left:
            if (order := ways.of(message.rcpt_to))[place:]:
                by_way[order[place]].append(message)
        for name, messages in by_way.items():
            part = Batch(messages)
            try:
                if name != works:
                    await ways.all[name].transport.check()
                await ways.all[name].transport.drain(part)
            except TransportUnavailable as error:
                failed = error
            batch.receipts |= part.receipts
        left = [message for message in left if message.subscriber not in batch.receipts]
    if left and failed:
        raise failed


def compose(  # noqa: PLR0913  what a message is made of
    page: Rendered,
    shared: Envelope,
    dkim: DomainSigner | None = None,
    *,
    number: int,
    to: str,
    message_id: str,
    now: datetime,
    values: Mapping[str, str],
) -> Message:
    """Return the letter `page` as a message to the address `to`; `values` fills its slots."""

    def build() -> list[bytes]:
        content = note(page, shared, to=to, message_id=message_id, date=now, values=values)
        return [dkim.sign(content) if dkim else content]

    return Message(
        subscriber=number,
        mail_from=shared.from_address,
        rcpt_to=to,
        message_id=message_id,
        name="",
        edition=page.edition,
        load=lambda: page,
        shared=shared,
        values={UNSUBSCRIBE: "", **values},
        build=build,
    )


async def send_test_message(  # noqa: PLR0913, PLR0917  what a message is made of
    ways: Ways,
    page: Rendered,
    shared: Envelope,
    signer: Signer,
    dkim: DomainSigner | None,
    address: str,
    language: str,
    now: datetime,
) -> Receipt:
    """Send `page` to `address`, its subject marked as a test in `language`. Raises TransportUnavailable."""
    mark = translations(language).gettext("test")
    marked = replace(page, subject=f"[{mark}] {page.subject}")
    due = Due(_NOBODY, address, "", page.edition, 1)
    outgoing = Batch([Writer(marked, shared, signer, dkim).write(due, now)])
    await send(ways, outgoing)
    return outgoing.receipt(_NOBODY)
