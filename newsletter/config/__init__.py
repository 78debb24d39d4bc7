"""Load newsletter.yaml as typed settings.

Not here: defaults that belong to one module, and what settings lead to (newsletter/services).
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache, reduce
from itertools import chain
from operator import or_
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, create_model, field_validator, model_validator

from newsletter.config.parts import (
    Bounces,
    Brand,
    ClosingCall,
    CollectEntry,
    CollectInterval,
    Dkim,
    Editor,
    FieldEntry,
    FieldKind,
    Greeting,
    Oidc,
    Pace,
    Part,
    Retention,
    Schedule,
    SectionEntry,
    Sender,
    Serve,
    Webhook,
    Week,
)
from newsletter.config.types import (
    DAYS,
    Domain,
    Language,
    Line,
    Slug,
    Url,
    WayOrder,
    WebhookEvent,
    Zone,
    known_ways,
)
from newsletter.errors import ConfigError, ContentError, Message, Place, Problem
from newsletter.files import is_unicode
from newsletter.locales import CATALOGS
from newsletter.model import Envelope, Period, Section
from newsletter.registry import ORDER, OUTBOX, TRANSPORTS
from newsletter.yamlfile import Document, load, validate
from newsletter.yamlfile import Path as KeyPath

FILE = "newsletter.yaml"

_KINDS = {"community": FieldKind.POST, "position": FieldKind.POST}
_UKRAINIAN_KINDS = {
    "region": FieldKind.REGION,
    "community": FieldKind.COMMUNITY,
    "position": FieldKind.POST,
}
"""Default kinds of fields without `kind:`, by field name."""


def _default_zone(given: dict[str, Any]) -> str:
    """Return the time zone of a workspace that names none: Kyiv's in Ukrainian, otherwise UTC."""
    return "Europe/Kyiv" if given.get("language", "uk") == "uk" else "UTC"


class Settings(Part):
    """The settings of newsletter.yaml, without those of the transports, which `settings_model` adds."""

    title: Line
    publisher: Line
    language: Language = "uk"
    timezone: Zone = Field(default_factory=_default_zone)
    week: Week = Week()
    site: Url | None = None
    base_url: Url
    sender: Sender
    postal_address: Line
    read_more: Line
    closing: ClosingCall | None = None
    greeting: Greeting | None = None
    brand: Brand = Brand()
    theme: Slug = "digest"
    pictures: Literal["attached", "hosted"] = "attached"
    sections: tuple[SectionEntry, ...] = Field(min_length=1)
    languages: tuple[Language, ...] = Field(default=(), validate_default=True)
    fields: dict[Slug, FieldEntry] = Field(default={})
    ways: dict[Slug, Any] = Field(default={})
    transport: WayOrder = OUTBOX
    routes: dict[Domain, WayOrder] = Field(default={})
    dkim: Dkim | None = None
    pace: Pace = Pace()
    bounces: Bounces = Bounces()
    backups: Path | None = None
    schedule: Schedule = Schedule()
    retention: Retention = Retention()
    collect: tuple[CollectEntry, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    collect_every: CollectInterval | None = None
    serve: Serve = Serve()
    approval: Literal["one", "two"] = "one"
    editors: tuple[Editor, ...] = ()
    welcome: Literal["latest"] | None = None
    oidc: Oidc | None = None
    consent: Line | None = None

    @field_validator("languages")
    @classmethod
    def _offered(cls, languages: tuple[Language, ...], given: ValidationInfo) -> tuple[Language, ...]:
        """Offer pages in the workspace's own language, and beside Ukrainian in English."""
        own = given.data.get("language", "uk")
        if languages and own not in languages:
            raise ValueError(Message("the workspace's own language, %(own)s, has to be among them", own=own))
        for other in languages:
            if other != own and other.partition("-")[0] not in CATALOGS:
                raise ValueError(
                    Message(
                        "pages are not translated into %(other)r, only into %(catalogs)s",
                        other=other,
                        catalogs=", ".join(CATALOGS),
                    )
                )
        return languages or (("uk", "en") if own == "uk" else (own,))

    @field_validator("fields")
    @classmethod
    def _of_a_kind(cls, fields: dict[str, FieldEntry], given: ValidationInfo) -> dict[str, FieldEntry]:
        """Set the default kind of fields without one."""
        usual = _UKRAINIAN_KINDS if given.data.get("language", "uk") == "uk" else _KINDS
        kinds = {slug: entry.kind or usual.get(slug, FieldKind.TEXT) for slug, entry in fields.items()}
        if FieldKind.REGION not in kinds.values():
            for slug, entry in fields.items():
                if entry.kind is FieldKind.COMMUNITY:
                    raise ValueError(
                        Message(
                            "%(slug)s: communities are listed by region: add a field of kind region",
                            slug=slug,
                        )
                    )
                if kinds[slug] is FieldKind.COMMUNITY:
                    kinds[slug] = FieldKind.TEXT
        for kind in (FieldKind.REGION, FieldKind.COMMUNITY):
            if (many := [slug for slug in kinds if kinds[slug] is kind])[1:]:
                raise ValueError(
                    Message(
                        "%(many)s: only one field can be of kind %(kind)s", many=", ".join(many), kind=kind
                    )
                )
        return {slug: entry.model_copy(update={"kind": kinds[slug]}) for slug, entry in fields.items()}

    @field_validator("ways")
    @classmethod
    def _named_anew(cls, ways: dict[str, Any]) -> dict[str, Any]:
        """Refuse names that transports have."""
        if taken := sorted(ways.keys() & TRANSPORTS.keys()):
            raise ValueError(f"{taken[0]}: a transport has that name; choose another, like {taken[0]}2")
        return ways

    @field_validator("transport")
    @classmethod
    def _together(cls, order: str, given: ValidationInfo) -> str:
        """Refuse unknown names, and files beside mail: whoever got a file would never get the mail."""
        if "ways" in given.data:
            known_ways(order, given.data["ways"])
        if OUTBOX in order.split(ORDER) and order != OUTBOX:
            raise ValueError(f"{OUTBOX} writes files only, so it stands alone")
        return order

    @field_validator("routes")
    @classmethod
    def _lead_out(cls, routes: dict[str, str], given: ValidationInfo) -> dict[str, str]:
        """Refuse unknown names, and files instead of mail."""
        for domain, order in routes.items():
            if "ways" in given.data:
                known_ways(order, given.data["ways"])
            if OUTBOX in order.split(ORDER):
                raise ValueError(f"{domain}: {OUTBOX} writes files only, so nobody would get the mail")
        return routes

    @field_validator("pace")
    @classmethod
    def _of_ways(cls, pace: Pace, given: ValidationInfo) -> Pace:
        """Refuse unknown names."""
        if "ways" in given.data:
            for name in pace.per_day:
                known_ways(name, given.data["ways"])
        return pace

    @field_validator("dkim")
    @classmethod
    def _aligned(cls, dkim: Dkim | None, given: ValidationInfo) -> Dkim | None:
        """Refuse a domain that DMARC would not count for the sender (RFC 7489 §3.1.1)."""
        sender = given.data.get("sender")
        if dkim and sender and not f".{sender.domain}".endswith(f".{dkim.domain}"):
            raise ValueError(
                Message(
                    "domain must be %(domain)s, where the mail is from, or a parent of it",
                    domain=sender.domain,
                )
            )
        return dkim

    @model_validator(mode="after")
    def _unique(self) -> Self:
        _once("the section %(name)r is declared twice", (section.slug for section in self.sections))
        for name in ("about", "section", "all", "any", "not", "email", "name", "sections", "language"):
            if name in self.fields:
                raise ValueError(Message("a field cannot be named %(name)r: that word is taken", name=name))
        for one in self.collect:
            if one.section and one.section not in {section.slug for section in self.sections}:
                raise ValueError(Message("collect: there is no section %(section)r", section=one.section))
        _once("editors: %(name)s is there twice", (one.address.casefold() for one in self.editors))
        _once("webhooks: %(name)s is there twice", (one.name for one in self.webhooks))
        return self

    @property
    def model_sections(self) -> tuple[Section, ...]:
        """The sections as values of the model, in order."""
        return tuple(entry.section for entry in self.sections)

    @property
    def optional_sections(self) -> tuple[str, ...]:
        """The slugs of the sections that a reader can leave."""
        return tuple(section.slug for section in self.sections if not section.always)

    @property
    def public_fields(self) -> dict[str, FieldEntry]:
        """The fields that readers see and fill in on the pages."""
        return {slug: entry for slug, entry in self.fields.items() if entry.public}

    @property
    def editor_addresses(self) -> tuple[str, ...]:
        """The addresses that notes to the editors go to."""
        return tuple(editor.address for editor in self.editors)

    def editor(self, address: str) -> Editor | None:
        """Return the person at the desk with this address, or None."""
        wanted = address.casefold()
        return next((one for one in self.editors if one.address.casefold() == wanted), None)

    @property
    def told(self) -> dict[WebhookEvent, tuple[str, ...]]:
        """The names of the webhooks that want each event; events that none wants are left out."""
        wanting = {
            event: tuple(one.name for one in self.webhooks if event in one.events) for event in WebhookEvent
        }
        return {event: names for event, names in wanting.items() if names}

    def envelope(self, issue: str) -> Envelope:
        """Return the sender, list and links that all messages of the issue named `issue` share."""
        return Envelope(
            issue=issue,
            from_name=self.sender.name,
            from_address=self.sender.address,
            reply_to=self.sender.reply_to or self.sender.address,
            list_id=self.sender.address.replace("@", "."),
            base_url=self.base_url,
            greeting=self.greeting.named if self.greeting else "",
            unnamed=self.greeting.unnamed if self.greeting else "",
        )

    def field(self, kind: FieldKind) -> str:
        """Return the name of the first field of `kind`, or an empty string."""
        return next((slug for slug, entry in self.fields.items() if entry.kind == kind), "")

    def public_field(self, kind: FieldKind) -> str:
        """Return the name of the first field of `kind` if it is public, else an empty string."""
        slug = self.field(kind)
        return slug if slug in self.public_fields else ""

    def way(self, name: str) -> tuple[str, Any]:
        """Return the transport of the way `name`, which may be a transport's own, and its settings."""
        entry = self.ways.get(name)
        return (entry.transport, entry) if entry else (name, self.of_transport(name))

    def orders(self, transport: str) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
        """Return the ways of `transport` in order, and by domain those of `routes`, followed by the others.

        What is written to files has no other way.
        """
        order = tuple(transport.split(ORDER))
        if transport == OUTBOX:
            return order, {}
        routes = {domain: (*own.split(ORDER), *order) for domain, own in self.routes.items()}
        return order, {domain: tuple(dict.fromkeys(names)) for domain, names in routes.items()}

    def all_ways(self, transport: str) -> tuple[str, ...]:
        """Return the names of all ways by which mail leaves that is sent by `transport`."""
        order, routes = self.orders(transport)
        return tuple(dict.fromkeys((*order, *chain.from_iterable(routes.values()))))

    def of_transport(self, name: str) -> Any:
        """Return the settings of the transport `name`, or None if it has none."""
        return getattr(self, name) if name in type(self).model_fields else None

    def period(self, closing: date) -> Period:
        """Return the seven-day period that ends on `closing`."""
        return Period(start=closing - timedelta(days=6), end=closing)

    def closing_day(self, today: date) -> date:
        """Return the closing day of the week that contains `today`."""
        last = (DAYS.index(self.week.starts) - 1) % 7
        return today + timedelta(days=(last - today.weekday()) % 7)


def _once(words: str, names: Iterable[str]) -> None:
    """Raise ValueError when a name is there twice; `words` say so."""
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(Message(words, name=name))


def settings_model() -> type[Settings]:
    """Return the model of newsletter.yaml: Settings plus the settings of each registered transport."""
    return _with_parts(tuple(TRANSPORTS.items()))


@cache
def _with_parts(transports: tuple[tuple[str, str], ...]) -> type[Settings]:
    """Return Settings extended by the settings models of `transports` (name, import path)."""
    described = {name: resolve_name(path).settings for name, path in transports}
    parts = {name: part for name, part in described.items() if part}
    fields: dict[str, Any] = {name: (part, part()) for name, part in parts.items()}
    keys: dict[str, Any] = {name: {"transport": (Literal[name], ...)} for name in parts}
    ways: list[Any] = [
        create_model(part.__name__, __base__=part, **keys[name]) for name, part in parts.items()
    ]
    chosen: Any = reduce(or_, ways)
    fields["ways"] = (dict[Slug, Annotated[chosen, Field(discriminator="transport")]], {})
    return create_model("Settings", __base__=Settings, __module__=__name__, **fields)


def read_settings(root: Path) -> Settings:
    """Read newsletter.yaml of the workspace `root`. Raises ConfigError listing each fault with its line."""
    settings, problems = validate(settings_model(), _document(root))
    if settings is None:
        raise ConfigError(problems)
    return settings


def _document(root: Path) -> Document:
    try:
        text = (root / FILE).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            Message("%(root)s has no %(path)s", root=root, path=FILE),
            "Go to a workspace, or make one: newsletter init DIR",
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(Message("%(path)s is not UTF-8 text", path=FILE), "Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(
            Message("%(root)s cannot be read: %(strerror)s", root=root / FILE, strerror=error.strerror),
            "Check who may read it.",
        ) from None
    return _parsed(text)


def _parsed(text: str) -> Document:
    try:
        return load(text, FILE)
    except ContentError as error:
        raise ConfigError(error.problems) from None


def parse_settings(text: str) -> tuple[Settings | None, list[Problem]]:
    """Return the settings of a newsletter.yaml with this text, or None and its faults.

    Raises ConfigError when it is not YAML.
    """
    return validate(settings_model(), _parsed(text.removeprefix("\ufeff")))


def place_of(root: Path, key: KeyPath) -> Place:
    """Return the line of `key` in newsletter.yaml of the workspace `root`. Raises ConfigError."""
    return _document(root).place(key)


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds newsletter.yaml. Raises ConfigError."""
    if not is_unicode(start):
        raise ConfigError(
            Message("the path %(start)s is not Unicode", start=start), "Rename the folder whose name is not."
        )
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise ConfigError(
        Message("no %(path)s in %(start)s or above it", path=FILE, start=start),
        "Run this inside a workspace, name one with --workspace DIR, or make one: newsletter init DIR",
    )
