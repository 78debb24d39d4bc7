"""SendGrid's event webhook: whether a request is SendGrid's own, and what its events say.

The signature is over the timestamp and the bytes of the body as they came, so JSON that was read and written
again does not verify (docs.sendgrid.com, Event Webhook Security Features).
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sendgrid.helpers.eventwebhook import EventWebhook

from newsletter.config.secrets import secret
from newsletter.errors import ConfigError
from newsletter.feedback import Provider
from newsletter.feedback.rules import failure
from newsletter.names import read_name
from newsletter.store.db import timestamp
from newsletter.store.events import Event, Kind
from newsletter.transport.smtp_replies import storable

_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"  # epoch seconds
# SendGrid tries for 24 hours to hand an event over; clocks may differ by minutes.
_OLDEST, _EARLIEST = timedelta(hours=25), timedelta(minutes=5)
_KINDS = {
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DELAYED,
    "spamreport": Kind.COMPLAINT,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "group_unsubscribe": Kind.UNSUBSCRIBE,
}
_DROPPED = {
    "bounced address": (Kind.HARD, "5.1.1"),
    "invalid": (Kind.HARD, "5.1.1"),
    "spam reporting address": (Kind.HARD, ""),
    "unsubscribed address": (Kind.UNSUBSCRIBE, ""),
}
"""Why SendGrid does not even try; else it has to do with the account or the letter."""
_POLICY = "5.7.1"  # RFC 3463: delivery not authorized, message refused


class SendGridEvents:
    """SendGrid's webhook, verified by the public `key` that its settings show, with or without PEM's frame.

    Raises ConfigError when that is not a public key.
    """

    def __init__(self, key: str, now: datetime) -> None:
        self._now = now
        self._webhook = EventWebhook()
        try:
            self._key = self._webhook.convert_public_key_to_ecdsa(re.sub(r"-----[A-Z ]+-----|\s", "", key))
        except ValueError:
            self._key = None
        if not isinstance(self._key, EllipticCurvePublicKey):
            raise ConfigError(
                "SENDGRID_WEBHOOK_KEY is not a public key",
                "Copy the verification key from SendGrid's settings, under Event Webhook, in one line.",
            )

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether SendGrid signed `body`, not too long ago."""
        signature, moment = headers.get(_SIGNATURE, ""), headers.get(_TIMESTAMP, "")
        try:
            age = self._now - datetime.fromtimestamp(int(moment), UTC)
            fresh = -_EARLIEST <= age <= _OLDEST
            return fresh and bool(self._webhook.verify_signature(body.decode(), signature, moment, self._key))
        except (ValueError, OverflowError, OSError):  # no number, no base64, no UTF-8, no year
            return False

    def parse(self, body: bytes) -> list[Event]:
        """Return the events about our deliveries. Raises ValueError when `body` is not a JSON list."""
        try:
            found = json.loads(body)
        except RecursionError:
            raise ValueError("too deep") from None
        if not isinstance(found, list):
            raise ValueError("not a list of events")  # noqa: TRY004  one kind of error for one kind of fault
        return [event for one in found if isinstance(one, Mapping) and (event := _event(one, self._now))]


def _event(one: Mapping[str, Any], now: datetime) -> Event | None:
    """Return one event, or None where it is not about a delivery of ours, or of a kind we do not use."""
    name, _, number = str(one.get("delivery_id", "")).partition(":")
    identity, moment = one.get("sg_event_id"), one.get("timestamp")
    try:
        issue, subscriber = read_name(name).isoformat(), int(number)
        at = datetime.fromtimestamp(int(moment or now.timestamp()), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    told = _told(one)
    if told is None or not 0 < subscriber < 1 << 40 or not re.fullmatch(r"[!-~]{1,200}", str(identity or "")):
        return None
    kind, code, words = told
    return Event(
        id=f"sendgrid:{identity}",
        source="sendgrid",
        kind=kind,
        subscriber=subscriber,
        issue=issue,
        code=code,
        detail=storable(words),
        at=timestamp(min(at, now)),
    )


def _told(one: Mapping[str, Any]) -> tuple[Kind, str, str] | None:
    """Return what an event says: its kind, status and words."""
    kind = one.get("event")
    words = " ".join(str(one.get("reason") or one.get("response") or "").split())
    status = re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", str(one.get("status")))
    code = status[0] if status else ""
    if kind == "bounce" and one.get("type") == "blocked":
        return Kind.SOFT, code, words
    if kind == "bounce":
        return failure(code, words), code, words
    if kind == "dropped":
        return *_DROPPED.get(words.lower(), (Kind.SOFT, _POLICY)), f"SendGrid: {words}"
    return (_KINDS[kind], code, words) if isinstance(kind, str) and kind in _KINDS else None


def _secret() -> str | None:
    return secret("SENDGRID_WEBHOOK_KEY")


PROVIDER = Provider(key=_secret, events=SendGridEvents)
