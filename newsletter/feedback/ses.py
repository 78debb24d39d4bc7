"""Amazon SES's events, which Amazon SNS posts: whether they are SNS's of our topic, and what they say.

SNS signs a list of fields, and the certificate's address is none of them: so only a certificate of SNS's own
host in our topic's region counts, fetched over https (AWS, "Verifying the signatures of Amazon SNS messages"
and "Contents of event data that Amazon SES publishes to Amazon SNS", read 2026-11).
"""

import asyncio
import base64
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
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
from newsletter.fetched import FetchError
from newsletter.names import read_name
from newsletter.store.db import timestamp
from newsletter.store.events import Event, Kind
from newsletter.transport.ses.api import ISSUE, READER
from newsletter.transport.smtp_replies import storable

_ARN = re.compile(r"arn:aws:sns:([a-z]{2}(?:-[a-z]+)+-[0-9]):[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
_HASHES = {"1": SHA1, "2": SHA256}  # SHA-1 is what topics sign with unless told otherwise
_NOTE = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_ASKED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_FIELDS = {"Notification": _NOTE, "SubscriptionConfirmation": _ASKED, "UnsubscribeConfirmation": _ASKED}
"""The fields that are signed, in order; a notification without a subject leaves it out."""
# SNS tries for an hour to hand a message over; clocks may differ by minutes.
_OLDEST, _EARLIEST = timedelta(hours=2), timedelta(minutes=5)
_MOST = 16  # certificates remembered; SNS changes its own about once a year
_POLICY = "5.7.1"  # RFC 3463: delivery not authorized, message refused
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
            told = _read(body)
            region = self._topics[told["TopicArn"]]
            names = [name for name in _FIELDS[told["Type"]] if name != "Subject" or told.get("Subject")]
            text = "".join(f"{name}\n{_text(told[name])}\n" for name in names).encode()
            signature = base64.b64decode(_text(told["Signature"]), validate=True)
            chosen = _HASHES[_text(told["SignatureVersion"])]
            age = self._now - datetime.fromisoformat(told["Timestamp"])
            if not -_EARLIEST <= age <= _OLDEST:
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
        told = _read(body)
        if told.get("Type") == "SubscriptionConfirmation":
            self._confirm(told)
        if told.get("Type") != "Notification":
            return []
        try:
            said = _read(str(told.get("Message", "")))
        except ValueError:  # SES's own first words to a topic are no JSON
            return []
        event = _event(said, self._now)
        return [event] if event else []

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


def _read(content: bytes | str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(found, dict):
        raise ValueError("not a message of SNS")  # noqa: TRY004  one kind of error for one kind of fault
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _event(said: Mapping[str, Any], now: datetime) -> Event | None:
    """Return one event, or None where it is not about a delivery of ours, or of a kind we do not use."""
    kind = str(said.get("eventType") or said.get("notificationType") or "")
    mail, own = _part(said, "mail"), _part(said, kind[:1].lower() + kind[1:])
    tags = _part(mail, "tags")
    try:
        issue, number = read_name(_only(tags, ISSUE)).isoformat(), int(_only(tags, READER))
        at = datetime.fromisoformat(str(own.get("timestamp") or mail.get("timestamp") or now.isoformat()))
        moment = timestamp(min(at.astimezone(UTC), now))
    except (ValueError, OverflowError):
        return None
    identity = str(own.get("feedbackId") or f"{kind}-{mail.get('messageId')}")
    told = _told(kind, own)
    if told is None or not 0 < number < 1 << 40 or not re.fullmatch(r"[!-~]{1,200}", identity):
        return None
    what, code, words = told
    return Event(
        id=f"ses:{identity}",
        source="ses",
        kind=what,
        subscriber=number,
        issue=issue,
        code=code,
        detail=storable(words),
        at=moment,
    )


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _only(tags: Mapping[str, Any], name: str) -> str:
    """Return the value of a tag, which SES gives as a list of one."""
    values = tags.get(name)
    return str(values[0]) if isinstance(values, list) and values else ""


def _told(kind: str, own: Mapping[str, Any]) -> tuple[Kind, str, str] | None:
    """Return what an event says: its kind, status and words."""
    match kind:
        case "Bounce":
            return _bounce(own)
        case "Complaint" if own.get("complaintFeedbackType") != "not-spam":
            return Kind.COMPLAINT, "", str(own.get("complaintFeedbackType") or "")
        case "Delivery":
            return Kind.DELIVERED, "", _line(own.get("smtpResponse"))
        case "DeliveryDelay":
            code, words = _recipient(own, "delayedRecipients")
            return Kind.DELAYED, code, words or _line(own.get("delayType"))
        case "Reject":
            return Kind.SOFT, _POLICY, f"Amazon SES: {_line(own.get('reason'))}"
    return None


def _bounce(own: Mapping[str, Any]) -> tuple[Kind, str, str]:
    """Return what a bounce says. SES tries again by itself, so a transient one has come to its end too."""
    code, words = _recipient(own, "bouncedRecipients")
    sort, detail = str(own.get("bounceType")), str(own.get("bounceSubType"))
    if sort != "Permanent":
        return Kind.SOFT, code, words or f"{sort}: {detail}"
    match detail:
        case "UnsubscribedRecipient":
            return Kind.UNSUBSCRIBE, code, words or detail
        case "NoEmail" | "Suppressed" | "OnAccountSuppressionList":
            return Kind.HARD, code or "5.1.1", words or f"Amazon SES: {detail}"
    if code or words:
        return failure(code, f"{words} {code}"), code, words
    return Kind.HARD, "", f"Amazon SES: {sort}: {detail}"


def _recipient(own: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Return the status and words of the mail server, as far as it said any."""
    people = own.get(name)
    one = people[0] if isinstance(people, list) and people and isinstance(people[0], dict) else {}
    status = re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", str(one.get("status")))
    return status[0] if status else "", re.sub(r"^smtp;\s*", "", _line(one.get("diagnosticCode")))


def _line(words: object) -> str:
    return " ".join(str(words or "").split())


def _topics() -> str | None:
    return secret("SES_TOPIC_ARN")


PROVIDER = Provider(key=_topics, events=SesEvents)
