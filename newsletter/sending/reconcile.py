"""Settle deliveries of unknown outcome by a relay's log."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from newsletter.model import Outcome, Receipt

# Postfix: `cleanup` logs the Message-ID while it reads, `qmgr` a message it has taken (postfix.org, qmgr(8)).
_LINE = re.compile(r"postfix\S*/(?P<part>\w+)\[\d+\]: (?P<queue>[0-9A-Za-z]{6,}): (?P<rest>.*)")
_MESSAGE_ID = re.compile(r"message-id=(<[^>]+>)")
_STATUS = re.compile(r"dsn=(?P<dsn>[\d.]+), status=(?P<status>\w+) \((?P<words>.*)\)")


@dataclass(slots=True)
class _Queued:
    """What the log records of one message under one queue id."""

    message_id: str = ""
    taken: bool = False
    bounced: str = ""


@dataclass(slots=True)
class Evidence:
    """Receipts by Message-ID, and how many times a relay's queue took the message."""

    by_message: dict[str, Receipt] = field(default_factory=dict)
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
