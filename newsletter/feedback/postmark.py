"""Postmark's webhooks: whether a request carries the secret of their address, and what it says.

Postmark signs nothing. It sends what stands as `name:password@` in the webhook's address as basic
authentication, one event a request, and repeats it for half a day unless the answer is 403 (its pages on
webhooks, read 2026-11).
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any

from newsletter.config.secrets import secret
from newsletter.errors import ConfigError
from newsletter.feedback import Provider
from newsletter.feedback.rules import failure
from newsletter.feedback.webhook import HAS_IT, NO_MAILBOX, POLICY, Said, event, line, part, read_object, text
from newsletter.store.events import Event, Kind

_SECRET = re.compile(r"[A-Za-z0-9._~-]+:[A-Za-z0-9._~-]{16,}")
_MOMENTS = ("DeliveredAt", "BouncedAt", "ChangedAt")
_BOUNCES = {
    "Transient": (Kind.DELAYED, ""),
    "DnsError": (Kind.DELAYED, ""),
    "SoftBounce": (Kind.SOFT, ""),
    "BadEmailAddress": (Kind.HARD, NO_MAILBOX),
    "SpamComplaint": (Kind.COMPLAINT, ""),
    "Unsubscribe": (Kind.UNSUBSCRIBE, ""),
    "SpamNotification": (Kind.SOFT, POLICY),
    "VirusNotification": (Kind.SOFT, POLICY),
    "Blocked": (Kind.SOFT, POLICY),
    "DMARCPolicy": (Kind.SOFT, POLICY),
}
"""Its types of bounces; others are no bounces of a mailbox, like automatic answers."""
_SUPPRESSIONS = {
    "HardBounce": (Kind.HARD, NO_MAILBOX),
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
        one = read_object(body)
        given, at = one.get("ID") or one.get("MessageID"), next(filter(None, map(one.get, _MOMENTS)), None)
        identity = f"{one.get('RecordType')}:{given}" if given else None
        made = event("postmark", identity, *_told(one), at, self._now)
        return [made] if made else []


def _told(one: Mapping[str, Any]) -> tuple[str | None, Said | None]:
    has_it = str(one.get("RecordType")) in {"Open", "Click"} or str(one.get("Status")) in {
        "Sent",
        "Processed",
    }
    return text(part(one, "Metadata"), "delivery_id"), HAS_IT if has_it else _said(one)


def _said(one: Mapping[str, Any]) -> Said | None:
    record, reason = one.get("RecordType"), str(one.get("SuppressionReason"))
    words = line(one.get("Details") or one.get("Description"))
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


PROVIDER = Provider(key=lambda: secret("POSTMARK_WEBHOOK_SECRET"), events=PostmarkEvents, told=_told)
