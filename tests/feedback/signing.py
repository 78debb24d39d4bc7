"""Requests that SendGrid would have signed, for tests of the event webhook."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = b64encode(
    _KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
"""The verification key as SendGrid's settings show it."""


def body(*events: Mapping[str, Any]) -> bytes:
    """Return events as SendGrid writes them, each on a line of its own."""
    return ("[" + ",\r\n".join(json.dumps(event) for event in events) + "]\r\n").encode()


def headers(content: bytes, at: datetime) -> dict[str, str]:
    """Return the headers that sign `content` at a moment."""
    moment = str(int(at.timestamp()))
    signature = _KEY.sign(moment.encode() + content, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": moment,
    }


def event(kind: str, reader: int = 1, **more: Any) -> dict[str, Any]:
    """Return one event about a delivery of the issue of 14 February."""
    return {
        "email": f"reader{reader}@city.example.org",
        "timestamp": 1739548800,
        "event": kind,
        "sg_event_id": f"{kind}-{reader}",
        "delivery_id": f"2025-02-14:{reader}",
        **more,
    }
