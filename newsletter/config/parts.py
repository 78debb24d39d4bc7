"""Models for the parts of newsletter.yaml; unknown keys are errors."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from newsletter.brand import Palette, palette
from newsletter.config.types import (
    Address,
    BrandColour,
    Colour,
    Domain,
    Duration,
    Host,
    Line,
    LogoFile,
    Moment,
    RetentionAge,
    Role,
    Slug,
    Url,
    WebhookEvent,
)
from newsletter.durations import Age
from newsletter.errors import Message
from newsletter.greeting import NAME
from newsletter.model import Section
from newsletter.yamlfile import matching


class Part(BaseModel):
    """Base of all parts: immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Week(Part):
    """The first day of the period an issue covers."""

    starts: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"


class Sender(Part):
    """Who the mail is from, and where answers go."""

    name: Line
    address: Address
    reply_to: Address | None = None

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.address.rpartition("@")[2]


class Editor(Part):
    """A person at the desk, who also gets notes; a mail address alone is an editor without a name."""

    name: Line = ""
    address: Address
    role: Role = Role.EDITOR

    @model_validator(mode="before")
    @classmethod
    def _address_alone(cls, given: Any) -> Any:
        return {"address": given} if isinstance(given, str) else given

    @property
    def shown(self) -> str:
        """The name, or the address of someone without one."""
        return self.name or self.address


class Oidc(Part):
    """The organisation's OpenID Connect provider; the client's secret is in NEWSLETTER_OIDC_SECRET."""

    issuer: Url
    client: Line

    @field_validator("issuer")
    @classmethod
    def _encrypted(cls, issuer: str) -> str:
        """Refuse http but on this machine: whoever reads the connection could sign in as anybody."""
        if not re.match(r"https:|http://(localhost|127\.0\.0\.1|\[::1\])(:|/|$)", issuer):
            raise ValueError("must begin with https")
        return issuer


class Greeting(Part):
    """How readers are greeted: by name, and where the name is unknown."""

    named: Line = Field(max_length=120)
    unnamed: Line = Field(max_length=120)

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if self.named.count(NAME) != 1 or NAME in self.unnamed:
            raise ValueError(
                Message(
                    "`named` has %(name)s once, `unnamed` does not: {named: 'Hello, %(name)s!', …}", name=NAME
                )
            )
        return self


class ClosingCall(Part):
    """The call that ends every issue unless issue.yaml has its own."""

    text: Line
    hashtag: Annotated[str, matching(r"(#\w+)?", 'must be # and one word, in quotes, like "#Together"')] = ""


class Brand(Part):
    """Logo and colours, from which every colour of mail and pages is computed."""

    logo: LogoFile | None = None
    alt: Line | None = None
    colour: BrandColour = ""
    second: BrandColour = ""

    @property
    def palette(self) -> Palette:
        """The colours of both schemes."""
        return palette(self.colour, self.second)


class SectionEntry(Part):
    """One section."""

    slug: Slug
    title: Line
    about: str = ""
    always: bool = False
    colour: Colour = ""

    @property
    def section(self) -> Section:
        """The section as a value of the model."""
        return Section(
            slug=self.slug, title=self.title, about=self.about, always=self.always, colour=self.colour
        )


class FieldKind(StrEnum):
    """What a field holds; region and community are Ukraine's, by the state's register."""

    TEXT = "text"
    CHOICE = "choice"
    REGION = "region"
    COMMUNITY = "community"
    POST = "post"


class FieldEntry(Part):
    """An attribute of subscribers that segments and lists may use.

    What is not `public` is the association's own note: readers see it among their data, and nowhere else.
    """

    label: Line
    kind: FieldKind | None = None
    choices: tuple[Line, ...] = ()
    public: bool = True

    @model_validator(mode="after")
    def _chosen(self) -> Self:
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise ValueError("`kind: choice` and `choices: […]` go together")
        return self


class Dkim(Part):
    """Our own signature, for one's own relay; its key is in NEWSLETTER_DKIM_KEY."""

    selector: Slug
    domain: Domain


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, int) else given


Cap = Annotated[int, Field(ge=1)]


class Pace(Part):
    """Messages a second at most, over all workers: of a run, of each way, to a domain. 0 sets no limit.

    `per_day` are the most messages a day of a way: always, or on its first day, its second, and so on.
    """

    run: float = Field(default=0, ge=0, allow_inf_nan=False)
    relay: float = Field(default=0, ge=0, allow_inf_nan=False)
    domains: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    per_day: dict[Slug, Annotated[tuple[Cap, ...], BeforeValidator(_listed), Field(min_length=1)]] = {}


class Imap(Part):
    """A mailbox on a server; its password is in NEWSLETTER_IMAP_PASSWORD."""

    host: Host
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "tls"
    user: Line
    folder: Line = "INBOX"
    processed: Line = "Processed"

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, given: Any) -> Any:
        """Look at port 143 where TLS is not spoken from the first word (RFC 8314 §3.2)."""
        if isinstance(given, dict) and given.get("security") in ("none", "starttls"):
            return {"port": 143, **given}
        return given


class Bounces(Part):
    """Where mail for the return path lies."""

    imap: Imap | None = None


class Schedule(Part):
    """The weekly hour, in the workspace's time zone."""

    weekly: Moment | None = None
    grace: Duration = timedelta(hours=6)


class CollectEntry(Part):
    """A place where news is found: a feed, a page, a folder of the workspace, or a mailbox."""

    feed: Url | None = None
    page: Url | None = None
    folder: Line | None = None
    imap: Imap | None = None
    section: Slug | None = None
    match: tuple[Line, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("match"), str):
            return {**given, "match": [given["match"]]}
        return given

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.feed, self.page, self.folder, self.imap)) != 1:
            raise ValueError("name one of feed, page, folder and imap: {feed: https://…, section: …}")
        return self

    @property
    def name(self) -> str:
        """What it is called in the inbox and in reports."""
        return self.feed or self.page or self.folder or (f"imap {self.imap.host}" if self.imap else "")


class Webhook(Part):
    """Another program that is told of what happens; `secret` names the variable with its signing secret."""

    name: Slug
    url: Annotated[Url, matching("https://.*", "must begin with https://: notices tell of readers")]
    events: tuple[WebhookEvent, ...] = Field(default=tuple(WebhookEvent), min_length=1)
    secret: Annotated[
        str,
        matching(
            "NEWSLETTER_WEBHOOK_SECRET(_[A-Z0-9_]{1,40})?",
            "must be the name of a variable that begins with NEWSLETTER_WEBHOOK_SECRET",
        ),
    ] = "NEWSLETTER_WEBHOOK_SECRET"  # noqa: S105  the name of a variable


def _often(every: timedelta) -> timedelta:
    if not timedelta(minutes=15) <= every <= timedelta(days=7):
        raise ValueError("name 15m to 7d: sources are other people's servers")
    return every


CollectInterval = Annotated[Duration, AfterValidator(_often)]

_SOME_DAY = datetime(2024, 1, 31, tzinfo=UTC)  # after a month of 31 days, to compare ages by


class Retention(Part):
    """How long records of readers are kept that are no longer needed."""

    deliveries: RetentionAge = Age(months=13)
    requests: RetentionAge = Age(days=7)
    journal: RetentionAge = Age(months=36)

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        """Refuse to forget what the program still needs."""
        for name, least in (
            ("deliveries", Age(months=2)),
            ("requests", Age(days=7)),
            ("journal", Age(months=12)),
        ):
            if getattr(self, name).before(_SOME_DAY) > least.before(_SOME_DAY):
                raise ValueError(
                    Message(
                        "%(name)s: the program needs them for %(least)s: name at least that",
                        name=name,
                        least=least,
                    )
                )
        return self


class Serve(Part):
    """Where the public pages listen, and how many reverse proxies of ours stand before them.

    Health and metrics listen for themselves, unless their port is 0; without one, at the pages' port + 1000.
    """

    host: Host = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    proxies: int = Field(default=0, ge=0, le=10)
    health_host: str = "127.0.0.1"
    health_port: int | None = Field(default=None, ge=0, le=65535)
