"""The kinds of value that newsletter.yaml takes: addresses, domains, days, durations."""

import re
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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
Zone = Annotated[str, AfterValidator(_zone)]
Duration = Annotated[str, AfterValidator(_duration)]
Moment = Annotated[str, AfterValidator(_moment)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Domain = Annotated[str, AfterValidator(_domain)]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
