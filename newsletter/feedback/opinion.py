"""A second opinion, by flufl.bounce, on whether a mail without a delivery status is a bounce at all.

Whether it is hard or soft is not asked: of 380 soft bounces it calls 284 permanent.
"""

import logging
from email.message import Message
from enum import Enum, auto

from flufl.bounce import all_failures

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # its log holds addresses


class Opinion(Enum):
    """What it takes a mail for."""

    FAILED = auto()
    DELAYED = auto()
    NEITHER = auto()


def opinion(message: Message) -> Opinion:
    """Return what flufl.bounce says of `message`; it raises on some mail, which then is neither."""
    try:
        delayed, failed = all_failures(message)
    except Exception:  # noqa: BLE001  seen: IndexError without From, UnicodeError, LookupError
        return Opinion.NEITHER
    if failed:
        return Opinion.FAILED
    return Opinion.DELAYED if delayed else Opinion.NEITHER
