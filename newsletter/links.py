"""Signed links: tokens that name reader, issue and purpose; nothing is stored.

A token is 7 bytes of numbers and a 16-byte keyed BLAKE2b tag (a MAC, RFC 7693) bound to the purpose, in
URL-safe base64 without padding: 31 characters.
"""

import hmac
import secrets
import struct
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from pathlib import Path

from newsletter import files, private, slots
from newsletter.errors import ConfigError, LinkInvalid, Message
from newsletter.names import CorrectionName, IssueName, closing_of
from newsletter.redaction import masked

_EPOCH = date(2020, 1, 1)
_NUMBERS = struct.Struct(">BIH")  # number of a letter with a correction, subscriber, days since _EPOCH
_HEAD, _TAG = _NUMBERS.size, 16
_LENGTH = 31  # characters of a token: 23 bytes in base64, less the one of a filler byte
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Purpose(StrEnum):
    """The only thing a token may be used for; docs/privacy.md has a table of what each opens."""

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
    SIGN_IN = "sign-in"


OF_A_MESSAGE = (
    Purpose.BOUNCE,
    Purpose.MESSAGE,
    Purpose.REPORT,
    Purpose.PREFERENCES,
    Purpose.UNSUBSCRIBE,
    Purpose.VIEW,
)
"""The purposes of the tokens that each message holds."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes and verifies tokens with one secret of at least 16 bytes."""

    key: bytes

    def token(self, purpose: Purpose, subscriber: int, issue: IssueName) -> str:
        """Return the token of `subscriber` for `purpose` in `issue`, or of a request and its day."""
        return self.tokens((purpose,), subscriber, issue)[0]

    def tokens(self, purposes: Sequence[Purpose], subscriber: int, issue: IssueName) -> tuple[str, ...]:
        """Return the token of `subscriber` for each of `purposes`."""
        return self.tokens_of_each(purposes, (subscriber,), issue)[0]

    def tokens_of_each(
        self, purposes: Sequence[Purpose], subscribers: Sequence[int], issue: IssueName
    ) -> list[tuple[str, ...]]:
        """Return what `tokens` does for each of `subscribers`: for many at once it takes half the time."""
        number = issue.number if isinstance(issue, CorrectionName) else 0
        days = (closing_of(issue) - _EPOCH).days
        heads = [_NUMBERS.pack(number, subscriber, days) for subscriber in subscribers]
        return list(zip(*(self._signed(purpose, heads) for purpose in purposes), strict=True))

    def read(self, purpose: Purpose, token: str) -> tuple[int, IssueName]:
        """Verify a token and return its (subscriber, issue). Raises LinkInvalid."""
        try:
            head = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))[:_HEAD]
        except (Base64Error, ValueError):
            token, head = "", b""
        (right,) = self._signed(purpose, [head])
        if not hmac.compare_digest(token, right):  # compares all characters: base64 has several spellings
            raise LinkInvalid(
                "this link is not valid, or no longer", "Open the newest message and use its link."
            )
        number, subscriber, days = _NUMBERS.unpack(head)
        closing = _EPOCH + timedelta(days=days)
        return subscriber, CorrectionName(closing, number) if number else closing

    def slots_of_copy(self, subscriber: int, email: str, issue: IssueName) -> dict[str, str]:
        """Return the slot values for a message's copy on the web: its own token only, the address masked."""
        return {
            slots.EMAIL: masked(email),
            slots.PREFERENCES: slots.COPY,
            slots.UNSUBSCRIBE: slots.COPY,
            slots.VIEW: self.token(Purpose.VIEW, subscriber, issue),
        }

    def digest(self, text: str) -> bytes:
        """Return a keyed 16-byte hash of `text`, to recognise it again without storing it."""
        return blake2b(text.encode(), key=self.key, person=b"digest", digest_size=_TAG).digest()

    def _signed(self, purpose: Purpose, heads: Sequence[bytes]) -> list[str]:
        """Return the token of each head. One call encodes all: a filler byte ends each at a whole group."""
        keyed = _keyed(self.key, purpose)
        raw: list[bytes] = []
        for head in heads:
            tag = keyed.copy()
            tag.update(head)
            raw += (head, tag.digest(), b"\0")
        whole = b2a_base64(b"".join(raw), newline=False).translate(_URL_SAFE).decode("ascii")
        return [whole[start : start + _LENGTH] for start in range(0, len(whole), _LENGTH + 1)]


@cache
def _keyed(key: bytes, purpose: Purpose) -> blake2b:
    """Return a cached hash state that has absorbed its key: half the cost of a token; a message has six."""
    return blake2b(key=key, person=purpose.encode(), digest_size=_TAG)


def signer(value: str | None, keep: Path) -> Signer:
    """Return a Signer from the secret `value`, or from the file `keep`, which is created if missing.

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
                Message(
                    "the secret in %(keep)s cannot be read or created: %(strerror)s",
                    keep=keep,
                    strerror=error.strerror,
                ),
                "Let the user who runs this read it, and write to its folder.",
            ) from None
        except UnicodeDecodeError:
            raise ConfigError(
                Message("%(keep)s is damaged", keep=keep), "Restore it from your backup."
            ) from None
    if len(value) < 16:  # noqa: PLR2004  at least 128 bits
        raise ConfigError(
            "NEWSLETTER_SECRET is too short", "Use at least 16 characters, better 43 random ones."
        )
    return Signer(blake2b(value.encode(), digest_size=32).digest())


def _make(keep: Path) -> None:
    """Write a new secret to `keep`, atomically, and never over one that another process created."""
    private.folder(keep.parent)
    files.create(keep, f"{secrets.token_urlsafe(32)}\n".encode(), mode=files.OWNER)
