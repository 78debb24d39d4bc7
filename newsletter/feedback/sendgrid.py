"""SendGrid's event webhook: whether a request is SendGrid's own, and what its events say.

The signature is over the timestamp and the bytes of the body as they came, so JSON that was read and written
again does not verify (docs.sendgrid.com, Event Webhook Security Features).
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sendgrid.helpers.eventwebhook import EventWebhook

from newsletter.config.secrets import secret
from newsletter.errors import ConfigError
from newsletter.feedback import Provider
from newsletter.feedback.rules import failure
from newsletter.feedback.webhook import NO_MAILBOX, POLICY, Said, event, fresh, line, moment, read, text
from newsletter.store.events import Event, Kind

_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"  # epoch seconds
_OLDEST = timedelta(hours=25)  # SendGrid tries for 24 hours to hand an event over
_KINDS: dict[str, Kind | None] = {
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DELAYED,
    "spamreport": Kind.COMPLAINT,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "group_unsubscribe": Kind.UNSUBSCRIBE,
    **dict.fromkeys(("processed", "open", "click")),
}
_DROPPED = {
    "bounced address": (Kind.HARD, NO_MAILBOX),
    "invalid": (Kind.HARD, NO_MAILBOX),
    "spam reporting address": (Kind.HARD, ""),
    "unsubscribed address": (Kind.UNSUBSCRIBE, ""),
}
"""Why SendGrid does not even try; else it has to do with the account or the letter."""


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
        signature, signed_at = headers.get(_SIGNATURE, ""), headers.get(_TIMESTAMP, "")
        try:
            if not signed_at.isdecimal() or not fresh(moment(signed_at, self._now), self._now, _OLDEST):
                return False
            return bool(self._webhook.verify_signature(body.decode(), signature, signed_at, self._key))
        except ValueError:  # no base64, no UTF-8, no year
            return False

    def parse(self, body: bytes) -> list[Event]:
        """Return the events about our deliveries. Raises ValueError when `body` is not a JSON list."""
        found = read(body)
        if not isinstance(found, list):
            raise ValueError("not a list of events")  # noqa: TRY004  one kind of error for one kind of fault
        return [made for one in found if isinstance(one, dict) and (made := self._event(one))]

    def _event(self, one: Mapping[str, Any]) -> Event | None:
        return event("sendgrid", one.get("sg_event_id"), *_told(one), one.get("timestamp"), self._now)


def _told(one: Mapping[str, Any]) -> tuple[str | None, Said | None]:
    return text(one, "delivery_id"), _said(one)


def _said(one: Mapping[str, Any]) -> Said | None:
    kind = one.get("event")
    words = line(one.get("reason") or one.get("response"))
    status = re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", str(one.get("status")))
    code = status[0] if status else ""
    if kind == "bounce" and one.get("type") == "blocked":
        return Kind.SOFT, code, words
    if kind == "bounce":
        return failure(code, words), code, words
    if kind == "dropped":
        return *_DROPPED.get(words.lower(), (Kind.SOFT, POLICY)), f"SendGrid: {words}"
    return (_KINDS[kind], code, words) if isinstance(kind, str) and kind in _KINDS else None


PROVIDER = Provider(key=lambda: secret("SENDGRID_WEBHOOK_KEY"), events=SendGridEvents, told=_told)
