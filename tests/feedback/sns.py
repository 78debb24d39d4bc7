"""Requests that Amazon SNS would have signed, for tests of Amazon SES's events."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from newsletter.fetched import FetchError

TOPIC = "arn:aws:sns:eu-central-1:123456789012:digest"
HOST = "https://sns.eu-central-1.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-0123abcd.pem"
CONFIRM = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
NOW = datetime(2025, 2, 14, 18, 0, tzinfo=UTC)
_KEY = rsa.generate_private_key(65537, 2048)
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
PEM = (
    x509.CertificateBuilder()
    .subject_name(_NAME)
    .issuer_name(_NAME)
    .public_key(_KEY.public_key())
    .serial_number(7)
    .not_valid_before(NOW - timedelta(days=30))
    .not_valid_after(NOW + timedelta(days=300))
    .sign(_KEY, hashes.SHA256())
    .public_bytes(serialization.Encoding.PEM)
)


class Web:
    """What can be fetched, and what was."""

    def __init__(self, leads_to: str = "") -> None:
        self.fetched: list[str] = []
        self._leads_to = leads_to

    async def __call__(self, url: str) -> tuple[str, bytes]:
        self.fetched.append(url)
        if url not in {CERTIFICATE, CONFIRM}:
            raise FetchError("not found", 404)
        return self._leads_to or url, PEM


def body(message: Mapping[str, Any] | str, version: str = "2", **changed: Any) -> bytes:
    """Return a request of SNS; what is `changed` is signed, too, but for `after`, which comes after."""
    after = changed.pop("after", {})
    told = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2025-02-14T17:59:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
        **changed,
    }
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    if told["Type"] != "Notification":
        told.pop("Subject")
    text = "".join(f"{name}\n{told[name]}\n" for name in names if told.get(name) is not None)
    chosen = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303  as topics do by default
    told["Signature"] = b64encode(_KEY.sign(text.encode(), padding.PKCS1v15(), chosen)).decode()
    return json.dumps({**told, **after}).encode()


def asked(**changed: Any) -> bytes:
    """Return a request to confirm a subscription."""
    given = {"Type": "SubscriptionConfirmation", "Token": "2336412f37", "SubscribeURL": CONFIRM, **changed}
    return body("You have chosen to subscribe to the topic.", **given)


def event(kind: str, reader: int = 1, tags: Mapping[str, Any] | None = None, **own: Any) -> dict[str, Any]:
    """Return one event about a delivery of the issue of 14 February, as SES publishes it."""
    ours = {"digest-issue": ["2025-02-14"], "digest-reader": [str(reader)]} if tags is None else tags
    return {
        "eventType": kind,
        "mail": {"timestamp": "2025-02-14T15:00:00.000Z", "messageId": f"0107-{reader}", "tags": ours},
        kind[:1].lower() + kind[1:]: {"timestamp": "2025-02-14T16:00:00.000Z", **own},
    }
