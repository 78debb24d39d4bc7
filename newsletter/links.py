"""Signed links: which reader, for which purpose, of which issue; nothing of it is stored.

A token is 7 bytes of numbers and a 16-byte keyed BLAKE2b tag bound to the purpose (RFC 7693), in
URL-safe base64 without padding: 31 characters.
"""

import hmac
import os
import secrets
import struct
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from pathlib import Path

from newsletter import private, slots
from newsletter.errors import ConfigError, LinkInvalid
from newsletter.model import masked

_EPOCH = date(2020, 1, 1)
_NUMBERS = struct.Struct(">QH")  # subscriber (of which five bytes travel), days since the epoch
_HEAD, _TAG = 7, 16
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Purpose(StrEnum):
    """What a token is good for, and nothing else; docs/privacy.md has a table of what each opens."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    VIEW = "view"
    BOUNCE = "bounce"
    MESSAGE = "message"
    REPORT = "report"
    CONFIRM = "confirm"
    FORM = "form"
    DATA = "data"
    ERASURE = "erasure"
    MOVE = "move"
    SUCCESSION = "succession"
    SHOWN = "shown"


_OF_SLOTS = (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE, Purpose.VIEW)


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes and reads tokens under one secret of at least 16 bytes."""

    key: bytes

    def token(self, purpose: Purpose, subscriber: int, closing: date) -> str:
        """Return the token of `subscriber` for `purpose` in the issue that closes on `closing`."""
        return self.tokens((purpose,), subscriber, closing)[0]

    def tokens(self, purposes: Sequence[Purpose], subscriber: int, closing: date) -> list[str]:
        """Return the token of `subscriber` for each of `purposes`: a letter has six."""
        head = _NUMBERS.pack(subscriber, (closing - _EPOCH).days)[3:]
        return self._signed(purposes, head)

    def read(self, purpose: Purpose, token: str) -> tuple[int, date]:
        """Return (subscriber, closing date) of a token. Raises LinkInvalid."""
        try:
            head = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))[:_HEAD]
        except (Base64Error, ValueError):
            token, head = "", b""
        (right,) = self._signed((purpose,), head)
        if not hmac.compare_digest(token, right):  # as it was written, to the letter
            raise LinkInvalid(
                "this link is not valid, or no longer", "Open the newest letter and use its link."
            )
        subscriber, days = _NUMBERS.unpack(b"\0\0\0" + head)
        return subscriber, _EPOCH + timedelta(days=days)

    def slots(self, subscriber: int, email: str, closing: date) -> dict[str, str]:
        """Return a reader's values for the slots of an edition."""
        preferences, unsubscribe, view = self.tokens(_OF_SLOTS, subscriber, closing)
        return {
            slots.EMAIL: email,
            slots.PREFERENCES: preferences,
            slots.UNSUBSCRIBE: unsubscribe,
            slots.VIEW: view,
        }

    def slots_of_copy(self, subscriber: int, email: str, closing: date) -> dict[str, str]:
        """Return the values for a copy of the letter on the web: no token but its own, no whole address."""
        return {
            slots.EMAIL: masked(email),
            slots.PREFERENCES: slots.COPY,
            slots.UNSUBSCRIBE: slots.COPY,
            slots.VIEW: self.token(Purpose.VIEW, subscriber, closing),
        }

    def digest(self, text: str) -> bytes:
        """Return a keyed 16-byte hash of `text`, for what must be recognised but not kept."""
        return blake2b(text.encode(), key=self.key, person=b"digest", digest_size=_TAG).digest()

    def _signed(self, purposes: Sequence[Purpose], head: bytes) -> list[str]:
        found = []
        for purpose in purposes:
            tag = _keyed(self.key, purpose).copy()
            tag.update(head)
            whole = b2a_base64(head + tag.digest(), newline=False)
            found.append(whole.translate(_URL_SAFE, b"=").decode())
        return found


@cache
def _keyed(key: bytes, purpose: Purpose) -> blake2b:
    """Return a hash that has taken in its key: half of what a token costs, and a letter has six."""
    return blake2b(key=key, person=purpose.encode(), digest_size=_TAG)


def signer(value: str | None, keep: Path) -> Signer:
    """Return a Signer from the secret `value`, or from the file `keep`, made when it is absent.

    Raises ConfigError.
    """
    if value is None:
        try:
            if not keep.exists():
                _make(keep)
            private.tighten(keep)
            value = keep.read_text(encoding="ascii").strip()
        except OSError as error:
            raise ConfigError(
                f"the secret in {keep} cannot be read or made: {error.strerror}",
                "Let whoever runs this read it, and write to its folder.",
            ) from None
        except UnicodeDecodeError:
            raise ConfigError(f"{keep} is not as it was made", "Restore it from your backup.") from None
    if len(value) < 16:  # noqa: PLR2004  128 bits at the very least
        raise ConfigError(
            "NEWSLETTER_SECRET is too short", "Use at least 16 characters, better 43 random ones."
        )
    return Signer(blake2b(value.encode(), digest_size=32).digest())


def _make(keep: Path) -> None:
    """Write a fresh secret to `keep`, whole, and never over one that another program made."""
    private.folder(keep.parent)
    fresh = keep.with_name(f"{keep.name}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(secrets.token_urlsafe(32) + "\n")
    with suppress(FileExistsError):
        os.link(fresh, keep)
    fresh.unlink()
