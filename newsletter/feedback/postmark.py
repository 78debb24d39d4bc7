"""Postmark's webhooks: whether a request carries the secret of their address, and what it says.

Postmark signs nothing. It sends what stands as `name:password@` in the webhook's address as basic
authentication, one event a request, and repeats it for half a day unless the answer is 403 (its pages on
webhooks, read 2026-11).
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from newsletter.config.secrets import secret
from newsletter.errors import ConfigError
from newsletter.feedback import Provider
from newsletter.feedback.rules import failure
from newsletter.names import read_name
from newsletter.store.db import timestamp
from newsletter.store.events import Event, Kind
from newsletter.transport.smtp_replies import storable

_SECRET = re.compile(r"[A-Za-z0-9._~-]+:[A-Za-z0-9._~-]{16,}")
_MOMENTS = ("DeliveredAt", "BouncedAt", "ChangedAt")
_POLICY = "5.7.1"  # RFC 3463: delivery not authorized, message refused
_NO_MAILBOX = "5.1.1"
_BOUNCES = {
    "Transient": (Kind.DELAYED, ""),
    "DnsError": (Kind.DELAYED, ""),
    "SoftBounce": (Kind.SOFT, ""),
    "BadEmailAddress": (Kind.HARD, _NO_MAILBOX),
    "SpamComplaint": (Kind.COMPLAINT, ""),
    "Unsubscribe": (Kind.UNSUBSCRIBE, ""),
    "SpamNotification": (Kind.SOFT, _POLICY),
    "VirusNotification": (Kind.SOFT, _POLICY),
    "Blocked": (Kind.SOFT, _POLICY),
    "DMARCPolicy": (Kind.SOFT, _POLICY),
}
"""Its types of bounces; others are no bounces of a mailbox, like automatic answers."""
_SUPPRESSIONS = {
    "HardBounce": (Kind.HARD, _NO_MAILBOX),
    "SpamComplaint": (Kind.COMPLAINT, ""),
    "ManualSuppression": (Kind.UNSUBSCRIBE, ""),
}


class PostmarkEvents:
    """Postmark's webhooks, known by `key`: the `name:password` of their address.

    Raises ConfigError when that does not protect them.
    """

    def __init__(self, key: str, now: datetime) -> None:
        self._now = now
        if not _SECRET.fullmatch(key):
            raise ConfigError(
                "POSTMARK_WEBHOOK_SECRET is not a name, a colon, and a password of 16 characters or more",
                "Use Latin letters and digits, like `postmark:` and what `openssl rand -hex 16` prints.",
            )
        self._expected = b"Basic " + b64encode(key.encode())

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:  # noqa: ARG002  nothing signs it
        """Return whether the request carries the name and the password."""
        given = headers.get("Authorization", "")
        return compare_digest(given.encode("utf-8", "replace"), self._expected)

    def parse(self, body: bytes) -> list[Event]:
        """Return the event if it is about our delivery. Raises ValueError when `body` is no JSON object."""
        try:
            found = json.loads(body)
        except RecursionError:
            raise ValueError("too deep") from None
        if not isinstance(found, dict):
            raise ValueError("not an event")  # noqa: TRY004  one kind of error for one kind of fault
        event = _event(found, self._now)
        return [event] if event else []


def _event(one: Mapping[str, Any], now: datetime) -> Event | None:
    """Return the event, or None where it is not about a delivery of ours, or of a kind we do not use."""
    data, record = one.get("Metadata"), one.get("RecordType")
    name, _, number = str(data.get("delivery_id", "") if isinstance(data, dict) else "").partition(":")
    moment = next((one[key] for key in _MOMENTS if one.get(key)), None)
    identity = one.get("ID") or one.get("MessageID")
    try:
        issue, subscriber = read_name(name).isoformat(), int(number)
        at = datetime.fromisoformat(moment).astimezone(UTC) if moment else now
    except (ValueError, TypeError, OverflowError):
        return None
    told = _told(one)
    if told is None or not 0 < subscriber < 1 << 40 or not re.fullmatch(r"[!-~]{1,200}", str(identity or "")):
        return None
    kind, code, words = told
    return Event(
        id=f"postmark:{record}:{identity}",
        source="postmark",
        kind=kind,
        subscriber=subscriber,
        issue=issue,
        code=code,
        detail=storable(words),
        at=timestamp(min(at, now)),
    )


def _told(one: Mapping[str, Any]) -> tuple[Kind, str, str] | None:
    """Return what an event says: its kind, status and words."""
    record, reason = one.get("RecordType"), str(one.get("SuppressionReason"))
    words = " ".join(str(one.get("Details") or one.get("Description") or "").split())
    status = re.search(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])", words)
    code = status[0] if status else ""
    if record == "Delivery":
        return Kind.DELIVERED, code, words
    if record == "SpamComplaint":
        return Kind.COMPLAINT, "", words
    if record == "SubscriptionChange" and one.get("SuppressSending") is True and reason in _SUPPRESSIONS:
        return *_SUPPRESSIONS[reason], f"Postmark: {reason}"
    kind = str(one.get("Type"))
    if record == "Bounce" and kind == "HardBounce":
        # Inactive: Postmark sends nothing more to the address.
        return (Kind.HARD if one.get("Inactive") is True else failure(code, words)), code, words
    if record == "Bounce" and kind in _BOUNCES:
        meaning, otherwise = _BOUNCES[kind]
        return meaning, code or otherwise, words
    return None


def _secret() -> str | None:
    return secret("POSTMARK_WEBHOOK_SECRET")


PROVIDER = Provider(key=_secret, events=PostmarkEvents)
