"""Mailgun's webhooks: whether a request is Mailgun's own, and what its event says.

The signature is over a moment and a token alone, not over the event. So an event bears the token as its name:
of a token that has been used, whatever else comes with it, nothing is stored (Mailgun, Securing Webhooks).
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from newsletter.config.secrets import printable, secret
from newsletter.feedback import Provider
from newsletter.feedback.rules import failure
from newsletter.feedback.webhook import (
    NO_MAILBOX,
    POLICY,
    Said,
    event,
    fresh,
    line,
    moment,
    part,
    read_object,
    text,
)
from newsletter.store.events import Event, Kind

_OLDEST = timedelta(hours=9)  # Mailgun tries for 8 hours to hand an event over
_TOKEN = re.compile(r"[!-~]{8,100}")
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_KINDS: dict[str, Kind | None] = {
    "delivered": Kind.DELIVERED,
    "complained": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBE,
    **dict.fromkeys(("accepted", "opened", "clicked")),
}
_NOT_TRIED = {
    "suppress-bounce": (Kind.HARD, NO_MAILBOX),
    "suppress-complaint": (Kind.HARD, ""),
    "suppress-unsubscribe": (Kind.UNSUBSCRIBE, ""),
}
"""Why Mailgun does not even try: what it knows of the address."""


class MailgunEvents:
    """Mailgun's webhooks, verified by the signing `key` that its settings show.

    Raises ConfigError when that cannot be one.
    """

    def __init__(self, key: str, now: datetime) -> None:
        self._key = printable("MAILGUN_WEBHOOK_KEY", key).encode()
        self._now = now

    def verify(self, _headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether Mailgun signed the moment and token in `body`, not too long ago."""
        try:
            signed = part(read_object(body), "signature")
            signed_at, token, given = (str(signed.get(name)) for name in ("timestamp", "token", "signature"))
            decimal = signed_at.isascii() and signed_at.isdecimal()
            if not (decimal and _TOKEN.fullmatch(token) and given.isascii()):
                return False
            if not fresh(moment(signed_at, self._now), self._now, _OLDEST):
                return False
        except ValueError:  # no JSON, no year
            return False
        right = hmac.new(self._key, f"{signed_at}{token}".encode(), "sha256").hexdigest()
        return hmac.compare_digest(right, given)

    def parse(self, body: bytes) -> list[Event]:
        """Return the event, if it is about a delivery of ours. Raises ValueError when `body` is not one."""
        document = read_object(body)
        signed, one = document.get("signature"), document.get("event-data")
        if not isinstance(signed, dict) or not isinstance(one, dict):
            raise ValueError("no signature, or no event")  # noqa: TRY004  one kind of error for one kind of fault
        made = event("mailgun", signed.get("token"), *_told(one), one.get("timestamp"), self._now)
        return [made] if made else []


def _told(one: Mapping[str, Any]) -> tuple[str | None, Said | None]:
    own = part(one, "event-data") or one  # webhooks wrap an event, pages of the Events API do not
    return text(part(own, "user-variables"), "delivery_id"), _said(own)


def _said(one: Mapping[str, Any]) -> Said | None:
    kind, reason, status = one.get("event"), str(one.get("reason")), part(one, "delivery-status")
    words = line(status.get("message") or status.get("description"))
    reply = str(status.get("code"))
    if re.fullmatch("[45][0-9]{2}", reply) and not words.startswith(reply):
        words = f"{reply} {words}".rstrip()
    found = _STATUS.search(str(status.get("enhanced-code"))) or _STATUS.search(words)
    code = found[0] if found else ""
    if kind == "failed" and one.get("severity") == "temporary":
        return Kind.DELAYED, code, words
    if kind == "failed" and reason in _NOT_TRIED:
        return *_NOT_TRIED[reason], f"Mailgun: {reason} {words}".rstrip()
    if kind == "failed":
        return failure(code, words), code, words
    if kind == "rejected":
        return Kind.SOFT, POLICY, f"Mailgun: {part(one, 'reject').get('reason') or 'rejected'}"
    return (_KINDS[kind], code, words) if isinstance(kind, str) and kind in _KINDS else None


PROVIDER = Provider(key=lambda: secret("MAILGUN_WEBHOOK_KEY"), events=MailgunEvents, told=_told)
