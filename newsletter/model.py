"""The values everything is made of: frozen, without I/O or clock; times are UTC."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from newsletter.errors import Place

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]+")
_TOKEN = re.compile(r"(?:[A-Za-z0-9_-]|=\s+(?=[A-Za-z0-9_-])){31,}")
"""What may be a reader's signed link (newsletter/links.py), also cut by a soft line break (RFC 2045 §6.7)."""

EVERY_SECTION = "*"
"""The choice of a reader who takes all sections, also those added later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A rubric that people subscribe to; `always` sends it to everyone."""

    slug: str
    title: str
    about: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True)
class Has:
    """True of a reader whose `field` is one of `values`; the field `section` is their choice."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Not:
    """True where `condition` is not."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where every one of `conditions` is; true when there are none."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where at least one of `conditions` is."""

    conditions: tuple["Condition", ...]


Condition = Has | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of news: Markdown text, its sections in order, the file it came from."""

    id: str
    title: str
    text: str = ""
    link: str | None = None
    date: dt.date | None = None
    sections: tuple[str, ...]
    only_for: Condition | None = None
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days an issue covers, both included."""

    start: dt.date
    end: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A section with the items shown under it."""

    section: Section
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingCall:
    """The call that ends the digest."""

    text: str
    hashtag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """The week's digest, named by the closing date of its period; every item in one block."""

    period: Period
    subject: str
    preheader: str = ""
    intro: str = ""
    call: ClosingCall | None = None
    blocks: tuple[Block, ...]
    at: Place

    @property
    def name(self) -> str:
        """The closing date, `2025-02-14`."""
        return self.period.end.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What one group of readers gets of an issue; `key` is a hash of what is visible."""

    key: str
    blocks: tuple[Block, ...]

    @property
    def sections(self) -> tuple[str, ...]:
        """The slugs shown, in order."""
        return tuple(block.section.slug for block in self.blocks)

    @property
    def items(self) -> tuple[Item, ...]:
        """The items shown, in order."""
        return tuple(item for block in self.blocks for item in block.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """An edition as it will leave, with slots where a reader's own values go; sha256 over all three."""

    edition: str
    subject: str
    html: str
    text: str
    sha256: str


class SubscriberStatus(StrEnum):
    """Whether an address may be written to at all."""

    ACTIVE = "active"
    SUPPRESSED = "suppressed"


class Standing(StrEnum):
    """What another list says of whether somebody may be written to, the weightiest last."""

    ACTIVE = "active"
    WAITING = "waiting"
    """Has not confirmed there."""
    BOUNCED = "bounced"
    LEFT = "left"
    COMPLAINED = "complained"


class SubscriptionState(StrEnum):
    """What a reader said of one section."""

    ACTIVE = "active"
    PAUSED = "paused"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """An address with its name, attributes and active section choices (`*` for all)."""

    id: int
    email: str
    name: str = ""
    language: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    sections: frozenset[str] = frozenset({EVERY_SECTION})


def masked(address: str) -> str:
    """Return a mail address as logs may show it: `olena@example.org` as `o***@example.org`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if at else "***"


class IssueState(StrEnum):
    """Where a frozen issue stands."""

    FREEZING = "freezing"
    """Its approval is being stored, or was interrupted while it was."""
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What became of a delivery. Without a row it is pending; only what was deferred is ever repeated.

    An accepted message may still bounce, or be complained of.
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Verdict(StrEnum):
    """What the ledger answers a session that is about to write a body."""

    GO = "go"
    SUPPRESSED = "suppressed"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What all messages of an issue share beside their edition."""

    issue: str
    from_name: str
    from_address: str
    reply_to: str
    list_id: str
    base_url: str

    @property
    def domain(self) -> str:
        """The domain of the sender, which Message-ID and return path carry."""
        return self.from_address.rpartition("@")[2]

    def list_unsubscribe(self, token: str) -> str:
        """Return a reader's List-Unsubscribe by their token: a page, and a mail address (RFC 2369)."""
        return f"<{self.base_url}/unsubscribe/{token}>, <mailto:u+{token}@{self.domain}>"


def without_tokens(words: str) -> str:
    """Return `words` with every run of letters that could be a reader's signed link replaced by `…`."""
    return _TOKEN.sub("…", words)


def readable(words: str) -> str:
    """Return a server's words as they may be kept and shown: no NUL (PostgreSQL), no ESC (terminals).

    No signed links either: whoever reads a database or a log could use them.
    """
    words = without_tokens(words)
    if words.isprintable():
        return words
    return _CONTROLS.sub(" ", words.encode("utf-8", "replace").decode()).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A transport's answer for one message: SMTP code or HTTP status, and its words."""

    outcome: Outcome
    code: int = 0
    detail: str = ""

    def __post_init__(self) -> None:
        """Keep the words readable."""
        object.__setattr__(self, "detail", readable(self.detail))


@dataclass(frozen=True, kw_only=True)
class Message:
    """One reader's message, ready to leave: in its parts, and whole when `content` is first asked for.

    A service that puts messages together itself takes the parts, and the whole is never built.
    """

    subscriber: int
    mail_from: str
    rcpt_to: str
    message_id: str
    name: str
    page: Rendered
    shared: Envelope
    values: Mapping[str, str]
    build: Callable[[], Sequence[bytes]]

    @cached_property
    def pieces(self) -> Sequence[bytes]:
        """The whole, to be joined: 7-bit, lines end in CRLF, none begins with a dot: no stuffing for SMTP."""
        return self.build()

    @property
    def content(self) -> bytes:
        """The whole."""
        return b"".join(self.pieces)

    @property
    def size(self) -> int:
        """The bytes of the whole."""
        return sum(map(len, self.pieces))
