"""A second opinion, from flufl.bounce, on whether a mail without a delivery status is a bounce.

Its hard or soft verdict is not used: it calls 284 of 380 soft bounces permanent.
"""

import logging
from email.message import Message
from enum import Enum, auto

from flufl.bounce import all_failures

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # its log contains addresses


class Opinion(Enum):
    """What flufl.bounce takes a mail for."""

    FAILED = auto()
    DELAYED = auto()
    NEITHER = auto()


def opinion(message: Message) -> Opinion:
    """Return the verdict of flufl.bounce on `message`; NEITHER where flufl.bounce raises."""
    try:
        delayed, failed = all_failures(message)
    except Exception:  # noqa: BLE001  seen: IndexError without From, UnicodeError, LookupError
        return Opinion.NEITHER
    if failed:
        return Opinion.FAILED
    return Opinion.DELAYED if delayed else Opinion.NEITHER
