"""Value types of newsletter.yaml: addresses, domains, days, durations."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from newsletter.brand import READABLE, best_contrast, nearest_readable, readable
from newsletter.durations import Age, parse_age, parse_duration
from newsletter.errors import Message
from newsletter.locales import language_tag
from newsletter.registry import ORDER, TRANSPORTS
from newsletter.yamlfile import matching, nearest

_LONGEST_ZONE = _LONGEST_TAG = 40
_LONGEST_TRANSPORT = 40
_BY_OFFSET = {0: "Europe/London", 1: "Europe/Warsaw", 2: "Europe/Kyiv", 3: "Europe/Kyiv"}
"""Whoever writes an offset means a place with summer time; +3 is Kyiv's in summer."""
_OLD_NAMES = {
    "київ": "kyiv",
    "киев": "kyiv",
    "kyjiv": "kyiv",
    "kiew": "kyiv",
    "ukraine": "kyiv",
    "україна": "kyiv",
}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class WebhookEvent(StrEnum):
    """What webhooks are told of; names and data are a contract (docs/webhooks.md)."""

    READER_JOINED = "reader.joined"
    READER_LEFT = "reader.left"
    READER_SECTIONS = "reader.sections"
    READER_BOUNCED = "reader.bounced"
    READER_COMPLAINED = "reader.complained"
    ISSUE_APPROVED = "issue.approved"
    ISSUE_STARTED = "issue.started"
    ISSUE_SENT = "issue.sent"


class Role(StrEnum):
    """What a person may do at the desk; each role includes the ones before it."""

    EDITOR = "editor"
    """Writes items and composes the issue."""
    APPROVER = "approver"
    """Also approves, sends, pauses and cancels."""
    OPERATOR = "operator"
    """Also sees and changes people's data, the settings and the journal."""

    def covers(self, needed: "Role") -> bool:
        """Tell whether this role may do what `needed` may do."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def _url(value: str) -> str:
    try:
        found = urlsplit(value)
        host = (found.hostname or "").encode("idna")
        whole = re.fullmatch(r"https?://[^\s/?#]+[^\s]*", value) and host and found.port != 0
    except ValueError:  # a port or an IPv6 address that is none, or a name that no DNS can hold
        whole = False
    if not whole:
        raise ValueError("must be a full web address, like https://example.org")
    return value.rstrip("/")


def _address(value: str) -> str:
    """Return the address with its domain in ASCII (RFC 5891), as it stands in headers and envelopes."""
    try:
        found = validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(Message("not a mail address: %(error)s", error=error)) from None
    if found.ascii_email is None:
        raise ValueError("has letters before the @ that few mail servers take; use Latin ones")
    return found.ascii_email


def _host(value: str) -> str:
    try:
        value.encode("idna")  # as the resolver will
    except UnicodeError:
        raise ValueError("must be a host name or an IP address") from None
    if not value or re.search(r"[\s/@\x00-\x1f]", value):
        raise ValueError("must be a host name or an IP address")
    return value


def _domain(value: str) -> str:
    if not re.fullmatch(r"([a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}", value):
        raise ValueError("must be a domain name in small Latin letters, like news.example.org")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise PydanticCustomError(
            "zone",
            "{words}",
            {"words": "no such time zone: %(value)r", "value": value, "hint": _near(value)},
        ) from None
    return value


def _near(zone: str) -> str:
    """Return a hint with the time zone that was probably meant: by its town, its spelling, or its offset."""
    zones = sorted(available_timezones())
    if offset := re.fullmatch(
        r"(?:UTC|GMT|EET|MSK|Z)?\s*([+-]\d{1,2})(?::?00)?", zone.strip(), re.IGNORECASE
    ):
        hours = int(offset[1])
        place = _BY_OFFSET.get(hours)
        meant = place or f"Etc/GMT{-hours:+d}"
        if meant in zones:
            why = "which knows summer time" if place else "where the sign is turned round"
            return Message("Did you mean %(meant)r, %(why)s?", meant=meant, why=why)
    key = zone.strip().replace(" ", "_").casefold()
    key = _OLD_NAMES.get(key.rpartition("/")[2], key)
    towns = {name.rpartition("/")[2].casefold(): name for name in zones}
    towns |= {name.casefold(): name for name in zones}
    close = [key] if key in towns else get_close_matches(key[:_LONGEST_ZONE], towns, n=1, cutoff=0.6)
    return (
        Message("Did you mean %(zone)r?", zone=towns[close[0]]) if close else "Write it like Europe/Warsaw."
    )


def _language(value: str) -> str:
    try:
        return language_tag(value)
    except ValueError:
        raise PydanticCustomError(
            "language",
            "{words}",
            {
                "words": "no language has the tag %(value)r",
                "value": value[:_LONGEST_TAG],
                "hint": _meant(value),
            },
        ) from None


def _meant(language: str) -> str:
    """Return a hint with the tag of the language that `language` is the English or Ukrainian name of."""
    from babel import Locale  # noqa: PLC0415  heavy, and only a fault needs it

    typed = language.strip().casefold()
    tags = {"ua": "uk"}
    for names in ("uk", "en"):
        tags |= {name.casefold(): tag for tag, name in Locale(names).languages.items()}
    with suppress(KeyError, ValueError):
        return Message("Did you mean %(tag)r?", tag=language_tag(tags[typed]))
    return "Write it as in HTML, like en, uk, pl or pt-BR."


def _duration(value: object) -> timedelta:
    duration = value if isinstance(value, timedelta) else parse_duration(str(value))
    if not duration:
        raise ValueError("must be a number below 100000 with s, m, h or d, like 6h")
    return duration


def _age(value: object) -> Age:
    age = value if isinstance(value, Age) else parse_age(str(value))
    if not age:
        raise ValueError("must be a number of days, weeks, months or years, like `13 months`")
    return age


def _moment(value: str) -> str:
    day, _, time = value.partition(" ")
    if day not in DAYS or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", time):
        raise ValueError("must be a day and an hour, like `friday 16:00`")
    return value


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-f]{6}", value, re.IGNORECASE):
        raise ValueError('must be a colour like "#0b4f9c", in quotes: # begins a comment in YAML')
    return value.lower()


def _brand_colour(value: str) -> str:
    """Return the colour as `_colour` does if text can be read on it."""
    colour = _colour(value)
    if not readable(colour):
        raise PydanticCustomError(
            "contrast",
            "{words}",
            {
                "words": "neither white nor dark text can be read on %(colour)s: a contrast of %(reached)s,"
                " not %(needed)s",
                "colour": colour,
                "reached": f"{best_contrast(colour):.2f}",
                "needed": str(READABLE),
                "hint": Message(
                    'Nearest to it, text can be read on "%(colour)s".',
                    colour=nearest_readable(colour),
                ),
            },
        )
    return colour


def _logo(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value:
        raise ValueError("must be a file in the workspace, like logo.png")
    return str(path)


def _order(value: object) -> str:
    """Return names of ways in one line: `sendgrid, smtp`, given so or as a list."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ValueError("must be a name, or several in order, like [sendgrid, smtp]")
    found = [name.strip() for name in names]
    if twice := next((name for name in found if found.count(name) > 1), None):
        raise ValueError(f"{twice!r} is there twice")
    return ORDER.join(found)


def known_ways(order: str, ways: Iterable[str]) -> str:
    """Return `order` if each of its names is a transport or one of `ways`. Raises pydantic's error if not."""
    known = [*TRANSPORTS, *ways]
    for name in order.split(ORDER):
        if name not in known:
            typed = name[:_LONGEST_TRANSPORT]
            raise PydanticCustomError(
                "transport",
                "{words}",
                {"words": "no transport is named %(name)r", "name": typed, "hint": nearest(typed, known)},
            )
    return order


Url = Annotated[str, AfterValidator(_url)]
Address = Annotated[str, AfterValidator(_address)]
Host = Annotated[str, AfterValidator(_host)]
Zone = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, AfterValidator(_language)]
WayOrder = Annotated[str, BeforeValidator(_order)]
"""Names of ways in the order in which they are used, as one line."""
Duration = Annotated[timedelta, BeforeValidator(_duration)]
RetentionAge = Annotated[Age, BeforeValidator(_age)]
Moment = Annotated[str, AfterValidator(_moment)]
Colour = Annotated[str, AfterValidator(_colour)]
"""Six hexadecimal digits after #, in small letters."""
BrandColour = Annotated[str, AfterValidator(_brand_colour)]
Slug = Annotated[
    str,
    matching(
        "[a-z0-9][a-z0-9-]{0,31}",
        "must be small Latin letters, digits and hyphens, at most 32, like top",
    ),
]
Domain = Annotated[str, AfterValidator(_domain)]
Line = Annotated[
    str,
    Field(min_length=1),
    matching(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*", "must be one line, without control characters"),
]
LogoFile = Annotated[Line, AfterValidator(_logo)]
