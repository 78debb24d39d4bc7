"""Sign notices as Standard Webhooks 1.0.0 asks (the symmetric scheme, v1)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from newsletter.config.secrets import secret
from newsletter.errors import ConfigError, Message

_PREFIX = "whsec_"
_SIZES = range(24, 65)
"""Bytes of a secret, as the specification recommends."""
_CURE = 'Make one: echo "whsec_$(openssl rand -base64 32)"'


def secrets_of(variable: str) -> Sequence[bytes]:
    """Return the signing secrets in a variable: one, or while it is being replaced two or more, by spaces.

    Raises ConfigError when there is none, or one is not as it should be.
    """
    found = (secret(variable) or "").split()
    if not found:
        raise ConfigError(
            Message("%(variable)s is not set, which signs what webhooks are told", variable=variable), _CURE
        )
    return [_read(variable, one) for one in found]


def _read(variable: str, written: str) -> bytes:
    try:
        key = base64.b64decode(written.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not written.startswith(_PREFIX) or len(key) not in _SIZES:
        raise ConfigError(
            Message(
                "%(variable)s is not %(prefix)s followed by 24 to 64 bytes in base64",
                variable=variable,
                prefix=_PREFIX,
            ),
            _CURE,
        )
    return key


def signed(keys: Sequence[bytes], message: str, moment: int, body: bytes) -> Mapping[str, str]:
    """Return the headers that prove who posts `body`: its id, when it is posted, a signature of each key."""
    content = b"%s.%d.%s" % (message.encode(), moment, body)
    marks = (base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
