"""Settle deliveries of unknown outcome by a relay's log or SendGrid's events."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from newsletter.errors import ContentError, Message
from newsletter.model import Outcome, Receipt

# Postfix: `cleanup` logs the Message-ID while it reads, `qmgr` a message it has taken (postfix.org, qmgr(8)).
_LINE = re.compile(r"postfix\S*/(?P<part>\w+)\[\d+\]: (?P<queue>[0-9A-Za-z]{6,}): (?P<rest>.*)")
_MESSAGE_ID = re.compile(r"message-id=(<[^>]+>)")
_STATUS = re.compile(r"dsn=(?P<dsn>[\d.]+), status=(?P<status>\w+) \((?P<words>.*)\)")
_TAKEN, _LOST = (
    frozenset({"processed", "delivered", "deferred", "open", "click"}),
    frozenset({"bounce", "dropped"}),
)


@dataclass(slots=True)
class _Queued:
    """What the log records of one message under one queue id."""

    message_id: str = ""
    taken: bool = False
    bounced: str = ""


@dataclass(slots=True)
class Evidence:
    """Receipts by Message-ID, or by delivery id where the source reports that.

    `taken` counts, by Message-ID, how many times a relay's queue took the message.
    """

    by_message: dict[str, Receipt] = field(default_factory=dict)
    by_delivery: dict[str, Receipt] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)


def postfix_log(lines: Iterable[str], name: str) -> Evidence:
    """Parse Postfix's log: a message counts as accepted when the queue manager took it.

    One that only `cleanup` saw was never complete, so it is not in the result.
    """
    queued: defaultdict[str, _Queued] = defaultdict(_Queued)
    found = Evidence()
    for line in lines:
        match = _LINE.search(line)
        if not match:
            continue
        message = queued[match["queue"]]
        if known := _MESSAGE_ID.search(match["rest"]):
            message.message_id = known[1]
        if match["part"] == "qmgr" and "queue active" in match["rest"]:
            message.taken = True
        status = _STATUS.search(match["rest"])
        if status and status["status"] in ("bounced", "expired"):
            message.bounced = f"{status['dsn']} {status['words']}"
    for queue, message in queued.items():
        found.taken[message.message_id] += message.taken
        if message.message_id and message.bounced:
            found.by_message[message.message_id] = Receipt(
                outcome=Outcome.REFUSED, code=550, detail=message.bounced
            )
        elif message.message_id and message.taken:
            found.by_message[message.message_id] = Receipt(
                outcome=Outcome.ACCEPTED, code=250, detail=f"{queue} in {name}"
            )
    return found


def sendgrid_events(text: str, name: str) -> Evidence:
    """Parse SendGrid's events: JSON, a list or one event a line. Raises ContentError."""
    try:
        events = (
            json.loads(text)
            if text.lstrip().startswith("[")
            else [json.loads(line) for line in text.splitlines()]
        )
    except ValueError as error:
        raise ContentError(
            Message("%(name)s holds no SendGrid events: %(error)s", name=name, error=error),
            "Give the JSON that the event webhook posted.",
        ) from None
    found = Evidence()
    for event in events:
        if not isinstance(event, Mapping) or not isinstance(event.get("delivery_id"), str):
            continue
        kind = event.get("event")
        if kind in _LOST:
            detail = str(event.get("reason", kind))
            found.by_delivery[event["delivery_id"]] = Receipt(
                outcome=Outcome.REFUSED, code=550, detail=detail
            )
        elif kind in _TAKEN:
            found.by_delivery.setdefault(
                event["delivery_id"], Receipt(outcome=Outcome.ACCEPTED, code=202, detail=f"{kind} in {name}")
            )
    return found
