"""newsletter.yaml as typed settings, and secrets from the environment."""

import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from newsletter.errors import ConfigError, ContentError, Problem, Severity
from newsletter.model import Period, Section
from newsletter.yamlfile import load, validate

FILE = "newsletter.yaml"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", value):
        raise ValueError("must be a full web address, like https://example.org")
    return value.rstrip("/")


def _address(value: str) -> str:
    """Return the address with its domain in ASCII (RFC 5891), as it stands in headers and envelopes."""
    try:
        found = validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"not a mail address: {error}") from None
    if found.ascii_email is None:
        raise ValueError("has letters before the @ that few mail servers take; use Latin ones")
    return found.ascii_email


def _domain(value: str) -> str:
    if not re.fullmatch(r"([a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}", value):
        raise ValueError("must be a domain name in small Latin letters, like news.example.org")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError):
        raise ValueError(f"no such time zone: {value} (write it like Europe/Kyiv)") from None
    return value


def _duration(value: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,4}[smhd]", value):
        raise ValueError("must be a number below 100000 with s, m, h or d, like 6h")
    return value


def _moment(value: str) -> str:
    day, _, time = value.partition(" ")
    if day not in DAYS or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", time):
        raise ValueError("must be a day and an hour, like `friday 16:00`")
    return value


Url = Annotated[str, AfterValidator(_url)]
Address = Annotated[str, AfterValidator(_address)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Domain = Annotated[str, AfterValidator(_domain)]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Week(_Model):
    """The first day of the period an issue covers."""

    starts: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"


class Sender(_Model):
    """Who the mail is from, and where answers go."""

    name: Line
    address: Address
    reply_to: Address | None = None

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.address.rpartition("@")[2]


class ClosingCall(_Model):
    """The call that ends every issue unless issue.yaml has its own."""

    text: Line
    hashtag: str = Field(default="", pattern=r"^(#\w+)?$")


class SectionEntry(_Model):
    """One rubric."""

    slug: Slug
    title: Line
    about: str = ""
    always: bool = False


class FieldEntry(_Model):
    """An attribute of subscribers that segments and lists may use."""

    label: Line


class Smtp(_Model):
    """The relay; its password is in NEWSLETTER_SMTP_PASSWORD."""

    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str = ""
    connections: int = Field(default=10, ge=1, le=100)
    per_connection: int = Field(default=0, ge=0)
    timeout: int = Field(default=60, ge=1, le=600, description="seconds")


class Dkim(_Model):
    """Our own signature, for one's own relay; its key is in NEWSLETTER_DKIM_KEY."""

    selector: Slug
    domain: Domain


class SendGrid(_Model):
    """The SendGrid account; its key is in SENDGRID_API_KEY."""

    host: Url = "https://api.sendgrid.com"
    batch: int = Field(default=100, ge=1, le=1000)


class Pace(_Model):
    """Messages a second at most, over all workers: of a run, of the relay, to a domain. 0 sets no limit."""

    run: float = Field(default=0, ge=0)
    relay: float = Field(default=0, ge=0)
    domains: dict[str, Annotated[float, Field(gt=0)]] = {}


class Schedule(_Model):
    """The weekly hour, in the workspace's time zone."""

    weekly: Annotated[str, AfterValidator(_moment)] | None = None
    grace: Annotated[str, AfterValidator(_duration)] = "6h"


class Settings(_Model):
    """Everything newsletter.yaml says."""

    title: Line
    publisher: Line
    language: Literal["uk", "en"] = "uk"
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Kyiv"
    week: Week = Week()
    site: Url | None = None
    base_url: Url
    sender: Sender
    postal_address: Line
    read_more: Line
    closing: ClosingCall | None = None
    theme: Slug = "digest"
    sections: tuple[SectionEntry, ...] = Field(min_length=1)
    fields: dict[Slug, FieldEntry] = {}
    transport: Literal["outbox", "smtp", "sendgrid"] = "outbox"
    smtp: Smtp = Smtp()
    dkim: Dkim | None = None
    sendgrid: SendGrid = SendGrid()
    pace: Pace = Pace()
    schedule: Schedule = Schedule()
    editors: tuple[Address, ...] = ()

    @field_validator("dkim")
    @classmethod
    def _aligned(cls, dkim: Dkim | None, given: ValidationInfo) -> Dkim | None:
        """Refuse a domain that DMARC would not count for the sender (RFC 7489 §3.1.1)."""
        sender = given.data.get("sender")
        if dkim and sender and not f".{sender.domain}".endswith(f".{dkim.domain}"):
            raise ValueError(f"domain must be {sender.domain}, where the mail is from, or a parent of it")
        return dkim

    @model_validator(mode="after")
    def _unique(self) -> Self:
        slugs = [section.slug for section in self.sections]
        for slug in slugs:
            if slugs.count(slug) > 1:
                raise ValueError(f"the section {slug!r} is declared twice")
        for name in ("about", "section", "all", "any", "not", "email", "name", "sections", "language"):
            if name in self.fields:
                raise ValueError(f"a field cannot be named {name!r}: that word is taken")
        return self

    @property
    def rubrics(self) -> tuple[Section, ...]:
        """The sections as values of the model, in order."""
        return tuple(
            Section(slug=s.slug, title=s.title, about=s.about, always=s.always) for s in self.sections
        )

    def period(self, closing: date) -> Period:
        """Return the seven days that close on `closing`."""
        return Period(start=closing - timedelta(days=6), end=closing)

    def closing_day(self, today: date) -> date:
        """Return the last day of the week that holds `today`."""
        last = (DAYS.index(self.week.starts) - 1) % 7
        return today + timedelta(days=(last - today.weekday()) % 7)


def read_settings(root: Path) -> Settings:
    """Read newsletter.yaml of the workspace `root`. Raises ConfigError with every fault at its line."""
    try:
        text = (root / FILE).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"{root} has no {FILE}", "Go to a workspace, or make one: newsletter init DIR"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{FILE} is not UTF-8 text", "Save it as UTF-8.") from None
    try:
        document = load(text, FILE)
    except ContentError as error:
        raise ConfigError(error.problems) from None
    settings, problems = validate(Settings, document)
    if settings is None:
        raise ConfigError(problems)
    return settings


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds newsletter.yaml. Raises ConfigError."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise ConfigError(
        f"no {FILE} in {start} or above it",
        "Run this inside a workspace, name one with --workspace DIR, or make one: newsletter init DIR",
    )


def secret(name: str) -> str | None:
    """Return the environment's `name`, or the content of the file that `name`_FILE names.

    Raises ConfigError when that file cannot be read or both are given.
    """
    value, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value and file:
        raise ConfigError(f"both {name} and {name}_FILE are set", "Unset one of them.")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                Problem(
                    severity=Severity.ERROR,
                    text=f"{name}_FILE names a file that cannot be read: {error}",
                    hint="Correct the path, or the file's permissions.",
                )
            ) from None
    return value or None
