"""Mailgun's webhooks: whether a request is Mailgun's own, and what its event says.

The signature is over a moment and a token alone, not over the event. So an event bears the token as its name:
of a token that has been used, whatever else comes with it, nothing is stored (Mailgun, Securing Webhooks).
"""

import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from newsletter.config.secrets import secret
from newsletter.errors import ConfigError
from newsletter.feedback import Provider
from newsletter.feedback.rules import failure
from newsletter.names import read_name
from newsletter.store.db import timestamp
from newsletter.store.events import Event, Kind
from newsletter.transport.smtp_replies import storable

# Mailgun tries for 8 hours to hand an event over; clocks may differ by minutes.
_OLDEST, _EARLIEST = timedelta(hours=9), timedelta(minutes=5)
_TOKEN = re.compile(r"[!-~]{8,100}")
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_KINDS = {
    "delivered": Kind.DELIVERED,
    "complained": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBE,
}
_NOT_TRIED = {
    "suppress-bounce": (Kind.HARD, "5.1.1"),
    "suppress-complaint": (Kind.HARD, ""),
    "suppress-unsubscribe": (Kind.UNSUBSCRIBE, ""),
}
"""Why Mailgun does not even try: what it knows of the address."""
_POLICY = "5.7.1"  # RFC 3463: delivery not authorized, message refused


class MailgunEvents:
    """Mailgun's webhooks, verified by the signing `key` that its settings show.

    Raises ConfigError when that cannot be one.
    """

    def __init__(self, key: str, now: datetime) -> None:
        if not re.fullmatch(r"[!-~]+", key):
            raise ConfigError(
                "MAILGUN_WEBHOOK_KEY has characters that no key has, like spaces", "Copy the key again."
            )
        self._key = key.encode()
        self._now = now

    def verify(self, _headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether Mailgun signed the moment and token in `body`, not too long ago."""
        try:
            signed = _read(body).get("signature")
        except ValueError:
            return False
        if not isinstance(signed, Mapping):
            return False
        moment, token = str(signed.get("timestamp")), str(signed.get("token"))
        given = str(signed.get("signature"))
        if not (moment.isascii() and moment.isdecimal() and _TOKEN.fullmatch(token) and given.isascii()):
            return False
        try:
            age = self._now - datetime.fromtimestamp(int(moment), UTC)
        except (ValueError, OverflowError, OSError):  # no year
            return False
        right = hmac.new(self._key, f"{moment}{token}".encode(), "sha256").hexdigest()
        return -_EARLIEST <= age <= _OLDEST and hmac.compare_digest(right, given)

    def parse(self, body: bytes) -> list[Event]:
        """Return the event, if it is about a delivery of ours. Raises ValueError when `body` is not one."""
        document = _read(body)
        signed, told = document.get("signature"), document.get("event-data")
        if not isinstance(signed, Mapping) or not isinstance(told, Mapping):
            raise ValueError("no signature, or no event")  # noqa: TRY004  one kind of error for one kind of fault
        event = _event(str(signed.get("token")), told, self._now)
        return [event] if event else []


def _read(body: bytes) -> Mapping[str, Any]:
    """Return a JSON object. Raises ValueError."""
    try:
        found = json.loads(body)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(found, Mapping):
        raise ValueError("not an event")  # noqa: TRY004  likewise
    return found


def _event(token: str, one: Mapping[str, Any], now: datetime) -> Event | None:
    """Return the event, or None where it is not about a delivery of ours, or of a kind we do not use."""
    name, _, number = str(_part(one, "user-variables").get("delivery_id", "")).partition(":")
    try:
        issue, subscriber = read_name(name).isoformat(), int(number)
        at = datetime.fromtimestamp(int(float(one.get("timestamp") or now.timestamp())), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    told = _told(one)
    if told is None or not 0 < subscriber < 1 << 40 or not _TOKEN.fullmatch(token):
        return None
    kind, code, words = told
    return Event(
        id=f"mailgun:{token}",
        source="mailgun",
        kind=kind,
        subscriber=subscriber,
        issue=issue,
        code=code,
        detail=storable(words),
        at=timestamp(min(at, now)),
    )


def _told(one: Mapping[str, Any]) -> tuple[Kind, str, str] | None:
    """Return what an event says: its kind, status and words."""
    kind, reason, status = one.get("event"), str(one.get("reason")), _part(one, "delivery-status")
    words = " ".join(str(status.get("message") or status.get("description") or "").split())
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
        return Kind.SOFT, _POLICY, f"Mailgun: {_part(one, 'reject').get('reason') or 'rejected'}"
    return (_KINDS[kind], code, words) if isinstance(kind, str) and kind in _KINDS else None


def _part(one: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = one.get(name)
    return found if isinstance(found, Mapping) else {}


def _secret() -> str | None:
    return secret("MAILGUN_WEBHOOK_KEY")


PROVIDER = Provider(key=_secret, events=MailgunEvents)
