"""Validate a SendGrid request before it is sent: one bad entry makes SendGrid refuse the whole request.

Limits as of its Mail Send reference, limitations and errors pages (read 2026-11).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PEOPLE = 1000
"""The most personalizations, and addresses in them, that one request may hold."""

_SIZE = 30_000_000
_BYTES = 10_000  # of one person's substitutions, and of custom_args
_CATEGORIES = 10
_AHEAD = 72 * 3600
_RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
    *("to", "from", "subject", "reply-to", "cc", "bcc"),
}

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in a field, which is named as in SendGrid's own errors: `personalizations.3.to`."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} ({self.field})" if self.field else self.message


def refuse(body: Body, now: float) -> Fault | None:
    """Return the first reason why `body` must not be sent, or None; `now` in seconds since 1970."""
    return next(_faults(body, now), None)


def _faults(body: Body, now: float) -> Iterator[Fault]:
    yield from _sender(body)
    yield from _content(body)
    yield from _settings("", body, now)
    categories = body.get("categories", ())
    if len(categories) > _CATEGORIES:
        yield Fault("categories", f"more than {_CATEGORIES} categories")
    if not all(category.isascii() for category in categories):
        yield Fault("categories", "a category with non-ASCII characters")
    yield from _people(body["personalizations"], now)
    if len(json.dumps(body)) >= _SIZE:
        yield Fault("personalizations", f"the request has {_SIZE} bytes or more")


def _sender(body: Body) -> Iterator[Fault]:
    if not body["from"]["email"].isascii():
        yield Fault("from.email", "an address with non-ASCII characters")
    if "reply_to" in body and "reply_to_list" in body:
        yield Fault("reply_to", "both reply_to and reply_to_list")


def _content(body: Body) -> Iterator[Fault]:
    if not body.get("subject"):
        yield Fault("subject", "an empty subject")
    parts = body.get("content", ())
    if not parts or not all(part["value"] for part in parts):
        yield Fault("content", "empty content")
    kinds = [part["type"] for part in parts]
    if "text/plain" in kinds[1:]:
        yield Fault("content", "text/plain must come first")


def _settings(at: str, entry: Body, now: float) -> Iterator[Fault]:
    """Yield the faults of fields allowed both in the request as a whole and in each personalization."""
    headers = entry.get("headers", {})
    names = [name.lower() for name in headers]
    for name in names:
        if name in _RESERVED:
            yield Fault(f"{at}headers", f"the header {name} is reserved by SendGrid")
    if len(set(names)) < len(names):
        yield Fault(f"{at}headers", "a header given twice")
    if not all(isinstance(value, str) for value in headers.values()):
        yield Fault(f"{at}headers", "a header that is not a string")
    arguments = entry.get("custom_args")
    if arguments is not None:
        if not arguments or not all(isinstance(value, str) and value for value in arguments.values()):
            yield Fault(f"{at}custom_args", "an argument that is empty or not a string")
        elif _bytes(arguments) > _BYTES:
            yield Fault(f"{at}custom_args", f"more than {_BYTES} bytes")
    if "send_at" in entry and not now < entry["send_at"] <= now + _AHEAD:
        yield Fault(f"{at}send_at", "a time that has passed or is more than 72 hours ahead")


def _people(entries: list[Body], now: float) -> Iterator[Fault]:
    if not entries:
        yield Fault("personalizations", "no recipients")
    people = [
        (number, person)
        for number, entry in enumerate(entries)
        for kind in ("to", "cc", "bcc")
        for person in entry.get(kind, ())
    ]
    if max(len(entries), len(people)) > PEOPLE:
        yield Fault("personalizations", f"more than {PEOPLE} people")
    seen = set()
    for number, person in people:
        address = person["email"].casefold()
        if address in seen:
            yield Fault("personalizations", f"the address {address} twice")
        seen.add(address)
        if set(person.get("name", "")) & set(";,"):
            yield Fault(f"personalizations.{number}.to", "a semicolon or comma in a name")
    for number, entry in enumerate(entries):
        at = f"personalizations.{number}."
        yield from _settings(at, entry, now)
        if _bytes(entry.get("substitutions", {})) > _BYTES:
            yield Fault(f"{at}substitutions", f"more than {_BYTES} bytes")


def _bytes(values: Mapping[str, str]) -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in values.items())
