"""AWS Signature Version 4 of a request without a query ("Create a signed AWS API request", read 2026-11)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """An access key, its secret, and the token that temporary ones have."""

    access: str
    secret: str = field(repr=False)
    session: str = field(default="", repr=False)


def signed(  # noqa: PLR0913  all that a signature covers
    keys: Keys,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """Return `headers` with those that sign a request; every one is covered by the signature.

    The path of `url` has only characters that need no escaping, and no query follows it.
    """
    moment = f"{now:%Y%m%dT%H%M%SZ}"
    parts = urlsplit(url)
    given = {"host": parts.netloc, "x-amz-date": moment, **{key.lower(): headers[key] for key in headers}}
    if keys.session:
        given["x-amz-security-token"] = keys.session
    names = ";".join(sorted(given))
    lines = "".join(f"{name}:{' '.join(given[name].split())}\n" for name in sorted(given))
    request = f"{method}\n{parts.path or '/'}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, text).hex()
    granted = f"{_ALGORITHM} Credential={keys.access}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**given, "authorization": granted}


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
