"""Amazon SES's events, which Amazon SNS posts: whether they are SNS's of our topic, and what they say.

SNS signs a list of fields, and the certificate's address is none of them: so only a certificate of SNS's own
host in our topic's region counts, fetched over https (AWS, "Verifying the signatures of Amazon SNS messages"
and "Contents of event data that Amazon SES publishes to Amazon SNS", read 2026-11).
"""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from newsletter.config.secrets import secret
from newsletter.errors import ConfigError
from newsletter.feedback import Provider
from newsletter.feedback.rules import failure
from newsletter.feedback.webhook import (
    HAS_IT,
    NO_MAILBOX,
    POLICY,
    Said,
    event,
    fresh,
    line,
    part,
    read_object,
)
from newsletter.fetched import FetchError
from newsletter.store.events import Event, Kind
from newsletter.transport.ses.api import delivery

_ARN = re.compile(r"arn:aws:sns:([a-z]{2}(?:-[a-z]+)+-[0-9]):[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
_HASHES = {"1": SHA1, "2": SHA256}  # SHA-1 is what topics sign with unless told otherwise
_NOTE = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_ASKED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_FIELDS = {"Notification": _NOTE, "SubscriptionConfirmation": _ASKED, "UnsubscribeConfirmation": _ASKED}
"""The fields that are signed, in order; a notification without a subject leaves it out."""
_OLDEST = timedelta(hours=2)  # SNS tries for an hour to hand a message over
_MOST = 16  # certificates remembered; SNS changes its own about once a year
certificates: dict[str, bytes] = {}
"""Certificates of SNS by their addresses, kept for the life of the process."""

Fetch = Callable[[str], Awaitable[tuple[str, bytes]]]


async def fetch(url: str) -> tuple[str, bytes]:
    """Return the address that an answer came from at last, and its content. Raises FetchError."""
    from newsletter.fetching import Fetcher  # noqa: PLC0415  0.05 s, for the first request alone

    async with Fetcher("newsletter") as fetcher:
        found = await fetcher.get(url)
    return found.url, found.content or b""


class SesEvents:
    """SES's events from the SNS `topics`, their ARNs parted by spaces or commas.

    Raises ConfigError when one is none. `get` fetches certificates, and confirms a topic's subscription.
    """

    def __init__(self, topics: str, now: datetime, get: Fetch = fetch) -> None:
        found = [_ARN.fullmatch(one) for one in re.split(r"[\s,]+", topics.strip())]
        self._topics = {one[0]: one[1] for one in found if one}
        if len(self._topics) < len(found):
            raise ConfigError(
                "SES_TOPIC_ARN is not the ARN of an SNS topic",
                "Copy the ARN from the topic's page in SNS, like"
                " arn:aws:sns:eu-central-1:123456789012:digest.",
            )
        self._now = now
        self._get = get

    def verify(self, _headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether SNS signed `body` for one of the topics, not too long ago."""
        try:
            told = read_object(body)
            region = self._topics[told["TopicArn"]]
            names = [name for name in _FIELDS[told["Type"]] if name != "Subject" or told.get("Subject")]
            text = "".join(f"{name}\n{_text(told[name])}\n" for name in names).encode()
            signature = base64.b64decode(_text(told["Signature"]), validate=True)
            chosen = _HASHES[_text(told["SignatureVersion"])]
            if not fresh(datetime.fromisoformat(told["Timestamp"]), self._now, _OLDEST):
                return False
            key = self._key(_text(told["SigningCertURL"]), region)
            key.verify(signature, text, PKCS1v15(), chosen())
        except (ValueError, LookupError, TypeError, InvalidSignature, FetchError):
            return False
        return True

    def parse(self, body: bytes) -> list[Event]:
        """Return the event about a delivery of ours, if it is one; confirm the subscription that it asks for.

        Raises ValueError when `body` is not a message of SNS, or the subscription cannot be confirmed now.
        """
        told = read_object(body)
        if told.get("Type") == "SubscriptionConfirmation":
            self._confirm(told)
        if told.get("Type") != "Notification":
            return []
        one = _published(told)
        mail, own = part(one, "mail"), _own(one)
        identity = own.get("feedbackId") or f"{_kind(one)}-{mail.get('messageId')}"
        at = own.get("timestamp") or mail.get("timestamp")
        made = event("ses", identity, *_told(one), at, self._now)
        return [made] if made else []

    def _confirm(self, told: Mapping[str, Any]) -> None:
        region, url = self._topics.get(str(told.get("TopicArn"))), str(told.get("SubscribeURL"))
        if region is None or not _of_sns(url, region):
            raise ValueError("not a subscription of ours")
        try:
            asyncio.run(self._fetched(url, region))
        except FetchError as error:
            raise ValueError(f"the subscription cannot be confirmed: {error}") from None

    def _key(self, url: str, region: str) -> RSAPublicKey:
        """Return the key of the certificate at `url`. Raises ValueError, or FetchError."""
        if not _of_sns(url, region) or not _CERTIFICATE.fullmatch(urlsplit(url).path):
            raise ValueError("not a certificate of SNS")
        content = certificates.get(url)
        certificate = load_pem_x509_certificate(content or asyncio.run(self._fetched(url, region)))
        key = certificate.public_key()
        if not certificate.not_valid_before_utc <= self._now <= certificate.not_valid_after_utc:
            raise ValueError("the certificate is not valid now")
        if not isinstance(key, RSAPublicKey):
            raise TypeError("not a key of SNS")
        return key

    async def _fetched(self, url: str, region: str) -> bytes:
        last, content = await self._get(url)
        if not _of_sns(last, region):
            raise FetchError("it leads away from SNS")
        if urlsplit(url).path.endswith(".pem"):
            load_pem_x509_certificate(content)
            while len(certificates) >= _MOST:
                certificates.pop(next(iter(certificates)), None)
            certificates[url] = content
        return content


def _of_sns(url: str, region: str) -> bool:
    """Tell whether an address is of SNS itself in `region`, over https."""
    return url.startswith(f"https://sns.{region}.amazonaws.com/") and url.isascii() and url.isprintable()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _published(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return SES's event in a message of SNS; an empty one for its first words to a topic, which are none."""
    try:
        return read_object(str(told.get("Message", "")))
    except ValueError:
        return {}


def _kind(one: Mapping[str, Any]) -> str:
    return str(one.get("eventType") or one.get("notificationType") or "")


def _own(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an event says beyond what all say of their mail."""
    kind = _kind(one)
    return part(one, kind[:1].lower() + kind[1:])


def _told(one: Mapping[str, Any]) -> tuple[str | None, Said | None]:
    if one.get("Type") == "Notification":  # as SNS hands it over
        one = _published(one)
    kind = _kind(one)
    said = HAS_IT if kind in {"Send", "Open", "Click"} else _said(kind, _own(one))
    return delivery(part(part(one, "mail"), "tags")), said


def _said(kind: str, own: Mapping[str, Any]) -> Said | None:
    match kind:
        case "Bounce":
            return _bounce(own)
        case "Complaint" if own.get("complaintFeedbackType") != "not-spam":
            return Kind.COMPLAINT, "", str(own.get("complaintFeedbackType") or "")
        case "Delivery":
            return Kind.DELIVERED, "", line(own.get("smtpResponse"))
        case "DeliveryDelay":
            code, words = _recipient(own, "delayedRecipients")
            return Kind.DELAYED, code, words or line(own.get("delayType"))
        case "Reject":
            return Kind.SOFT, POLICY, f"Amazon SES: {line(own.get('reason'))}"
    return None


def _bounce(own: Mapping[str, Any]) -> Said:
    """Return what a bounce says. SES tries again by itself, so a transient one has come to its end too."""
    code, words = _recipient(own, "bouncedRecipients")
    sort, detail = str(own.get("bounceType")), str(own.get("bounceSubType"))
    if sort != "Permanent":
        return Kind.SOFT, code, words or f"{sort}: {detail}"
    match detail:
        case "UnsubscribedRecipient":
            return Kind.UNSUBSCRIBE, code, words or detail
        case "NoEmail" | "Suppressed" | "OnAccountSuppressionList":
            return Kind.HARD, code or NO_MAILBOX, words or f"Amazon SES: {detail}"
    if code or words:
        return failure(code, f"{words} {code}"), code, words
    return Kind.HARD, "", f"Amazon SES: {sort}: {detail}"


def _recipient(own: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Return the status and words of the mail server, as far as it said any."""
    people = own.get(name)
    one = people[0] if isinstance(people, list) and people and isinstance(people[0], dict) else {}
    status = re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", str(one.get("status")))
    return status[0] if status else "", re.sub(r"^smtp;\s*", "", line(one.get("diagnosticCode")))


PROVIDER = Provider(key=lambda: secret("SES_TOPIC_ARN"), events=SesEvents, told=_told)
