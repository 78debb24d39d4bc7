"""The data types of the whole program: immutable values without I/O or clock; times are UTC."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from newsletter.errors import Place
from newsletter.greeting import SLOT, greet
from newsletter.redaction import readable

EVERY_SECTION = "*"
"""The choice of a reader who wants all sections, including those added later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the digest, which people subscribe to; `always` sends it to everyone."""

    slug: str
    title: str
    about: str = ""
    always: bool = False
    colour: str = ""
    """Like `#0b4f9c`, or empty for the theme's own."""


@dataclass(frozen=True, slots=True)
class Has:
    """True of a reader whose `field` has one of `values`; the field `section` is their chosen sections."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Not:
    """True where `condition` is false."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where all of `conditions` are true, or there are none."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where at least one of `conditions` is true."""

    conditions: tuple["Condition", ...]


Condition = Has | Not | AllOf | AnyOf


class ItemKind(StrEnum):
    """What an item is, which decides how it is shown."""

    NEWS = "news"
    BRIEF = "brief"
    """One line: a title, and a few words."""
    EVENT = "event"
    PARTNER = "partner"
    """Somebody else's words, shown with a label that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """When and where something takes place; a date without a time is a whole day, and `end` is its last day.

    Times have a zone.
    """

    start: dt.datetime | dt.date
    end: dt.datetime | dt.date | None = None
    place: str = ""


def day_of(moment: dt.datetime | dt.date) -> dt.date:
    """Return the day of an event's start or end, which has a time or is a whole day."""
    return moment.date() if isinstance(moment, dt.datetime) else moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture as it is sent and shown: scaled, re-encoded, without metadata; its size is in pixels.

    `name` is the first half of the content's SHA-256, with an ending: one name for everybody.
    """

    name: str
    media_type: str
    width: int
    height: int
    content: bytes = field(repr=False)
    sha256: str

    @property
    def cid(self) -> str:
        """The Content-ID under which a message's HTML shows it (RFC 2392)."""
        return content_id(self.name)


def content_id(name: str) -> str:
    """Return the Content-ID of the picture `name`."""
    return f"{name.partition('.')[0]}@pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The picture of an item; `file` is its name in the folder `pictures` of the issue.

    `image` is made of the file, None before that; `crop` is a shape and a point in %, like `wide-40-30`.
    """

    file: str
    alt: str
    caption: str = ""
    credit: str = ""
    crop: str = ""
    at: Place = field(default=Place(""), compare=False)
    image: Image | None = None


def anchor_of(item_id: str) -> str:
    """Return the name of an item in addresses: its id, with hyphens for blanks."""
    return "-".join(item_id.split())


@dataclass(frozen=True, slots=True)
class Silenced:
    """A finding that an editor does not want to hear of one item, by its code (once by its text), and why."""

    finding: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of news: Markdown text, its sections in order, and its place in a file.

    `lead` puts it first; `trim` shows its first paragraph only in mail; `event` is of items of that kind.
    """

    id: str
    title: str
    text: str = ""
    link: str | None = None
    date: dt.date | None = None
    sections: tuple[str, ...]
    only_for: Condition | None = None
    kind: ItemKind = ItemKind.NEWS
    lead: bool = False
    trim: bool = False
    event: Event | None = None
    picture: Picture | None = None
    silenced: tuple[Silenced, ...] = ()
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days an issue covers, both ends included."""

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
    """The call to readers at the end of the digest."""

    text: str
    hashtag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """The week's digest, named by the closing date of its period; every item is in exactly one block."""

    period: Period
    subject: str
    preheader: str = ""
    intro: str = ""
    call: ClosingCall | None = None
    language: str = "uk"
    blocks: tuple[Block, ...]
    at: Place

    @property
    def name(self) -> str:
        """The closing date, `2025-02-14`."""
        return self.period.end.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The selection of an issue that one group of readers gets; `key` is a hash of the visible content."""

    key: str
    blocks: tuple[Block, ...] = field(hash=False)
    mask: int = field(default=0, compare=False)  # a bit for each place of an item that it shows

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
    """An edition as it will be sent, with slots for a reader's own values, and the pictures that it shows.

    `sha256` is of subject, html, text and pictures.
    """

    edition: str
    subject: str
    html: str
    text: str
    pictures: tuple[Image, ...] = ()
    sha256: str

    @property
    def attached(self) -> tuple[Image, ...]:
        """The pictures that a message carries itself; the others are on our site."""
        return tuple(image for image in self.pictures if f"cid:{image.cid}" in self.html)


class SubscriberStatus(StrEnum):
    """Whether mail may be sent to an address at all."""

    ACTIVE = "active"
    SUPPRESSED = "suppressed"


class Standing(StrEnum):
    """Whether somebody may be sent mail by another list's account, the most severe last."""

    ACTIVE = "active"
    WAITING = "waiting"
    """Has not confirmed there."""
    BOUNCED = "bounced"
    LEFT = "left"
    COMPLAINED = "complained"


class SubscriptionState(StrEnum):
    """A reader's choice about one section."""

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


class IssueState(StrEnum):
    """The state of a frozen issue."""

    FREEZING = "freezing"
    """Its approval is being stored, or was interrupted meanwhile."""
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """The outcome of a delivery. Without a row it is pending; only a deferred one is retried automatically.

    An accepted message may still bounce, or cause a complaint.
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Verdict(StrEnum):
    """The ledger's answer to a connection that is about to send a body."""

    GO = "go"
    SUPPRESSED = "suppressed"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The values that all messages of an issue share, apart from their edition."""

    issue: str
    from_name: str
    from_address: str
    reply_to: str
    list_id: str
    base_url: str
    greeting: str = ""  # with `{name}` in it; empty where nobody is greeted
    unnamed: str = ""  # the greeting of readers without a name

    @property
    def domain(self) -> str:
        """The sender's domain, used in Message-ID and return path."""
        return self.from_address.rpartition("@")[2]

    def greeting_of(self, name: str) -> dict[str, str]:
        """Return the greeting of a reader by its slot; nothing where nobody is greeted."""
        return {SLOT: greet(self.greeting, self.unnamed, name)} if self.greeting else {}

    def list_unsubscribe(self, token: str) -> str:
        """Return the List-Unsubscribe header for a reader's token: a page, and a mail address (RFC 2369)."""
        return f"<{self.base_url}/unsubscribe/{token}>, <mailto:u+{token}@{self.domain}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A transport's answer for one message: outcome, SMTP code or HTTP status, and the reply's text."""

    outcome: Outcome
    code: int = 0
    detail: str = ""

    def __post_init__(self) -> None:
        """Make the reply's text safe to store and show."""
        object.__setattr__(self, "detail", readable(self.detail))


@dataclass(frozen=True, kw_only=True)
class Message:
    """One reader's message, ready to send: its bytes or, for a provider's API, `page`, whichever is used."""

    subscriber: int
    mail_from: str
    rcpt_to: str
    message_id: str
    name: str
    edition: str
    load: Callable[[], Rendered]
    shared: Envelope
    values: Mapping[str, str]
    build: Callable[[], Sequence[bytes]]

    @cached_property
    def page(self) -> Rendered:
        """The edition as whole texts."""
        return self.load()

    @cached_property
    def pieces(self) -> Sequence[bytes]:
        """The whole message in pieces to join: 7-bit, CRLF, and no line begins with a dot to be stuffed."""
        return self.build()

    @property
    def content(self) -> bytes:
        """The whole message."""
        return b"".join(self.pieces)

    @property
    def size(self) -> int:
        """The size of the whole message in bytes."""
        return sum(map(len, self.pieces))
