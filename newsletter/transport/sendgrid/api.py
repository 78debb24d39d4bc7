"""SendGrid's Mail Send API, without the network: build a request, check it, and interpret the answer.

A request is one edition for many readers, whose slots SendGrid fills. It inserts substitutions into the HTML
unescaped, so the HTML's slots have separate keys with escaped values. By default it gives all messages of a
request the same Message-ID (anymail/django-anymail#15), which Gmail treats as one message sent too often
(4.7.28). So each message has its own, which its list of reserved headers allows.

One bad entry makes SendGrid refuse the whole request, so it is checked first. Limits as of its Mail Send
reference, limitations and errors pages (read 2026-11).
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Image, Message
from newsletter.slots import UNSUBSCRIBE, slot, split
from newsletter.transport import web_answer
from newsletter.transport.web_answer import Answer, Meaning, json_of, shown

_OFF = {"enable": False}
_UNFIT = re.compile(r"[;,\s\x00-\x1f\x7f-\x9f]+")  # SendGrid accepts no `;` or `,` in names

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

_SOMEONE = re.compile(r"personalizations(\.\d+)?(\.to\b.*)?")


def request(messages: Sequence[Message]) -> dict[str, Any]:
    """Return the JSON body of POST /v3/mail/send for `messages`, which must all have the same page."""
    page, shared = messages[0].page, messages[0].shared
    text, html = split(page.text), split(page.html)
    plain, escaped = set(text[1::2]), set(html[1::2])
    html[1::2] = [slot(f"HTML{name}") for name in html[1::2]]
    attached = {"attachments": [_attachment(image) for image in page.attached]} if page.attached else {}
    return {
        "personalizations": [_person(message, plain, escaped) for message in messages],
        "from": {"email": shared.from_address, "name": shared.from_name},
        "reply_to": {"email": shared.reply_to},
        "subject": page.subject,
        "content": [
            {"type": "text/plain", "value": page.text},
            {"type": "text/html", "value": "".join(html)},
        ],
        **attached,
        # Account-wide settings would change the message after its approval, and subscription tracking would
        # add its own List-Unsubscribe.
        "mail_settings": {"footer": _OFF},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": _OFF,
            "subscription_tracking": _OFF,
            "ganalytics": _OFF,
        },
    }


@lru_cache(maxsize=64)  # encoded once, not for every request
def _attachment(image: Image) -> Mapping[str, str]:
    """Return a picture that the HTML shows by its Content-ID."""
    return {
        "content": b64encode(image.content).decode(),
        "type": image.media_type,
        "filename": image.name,
        "disposition": "inline",
        "content_id": image.cid,
    }


def _person(message: Message, plain: set[str], escaped: set[str]) -> dict[str, Any]:
    person = {"email": message.rcpt_to}
    if name := _UNFIT.sub(" ", message.name).strip():
        person["name"] = name
    shared, values = message.shared, message.values
    headers = {"Message-ID": message.message_id}
    if token := values[UNSUBSCRIBE]:
        headers |= {
            "List-Id": f"<{shared.list_id}>",
            "List-Unsubscribe": shared.list_unsubscribe(token),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    else:  # an opt-in or service letter (RFC 3834)
        headers["Auto-Submitted"] = "auto-generated"
    return {
        "to": [person],
        "headers": headers,
        "substitutions": {slot(mark): values[mark] for mark in sorted(plain)}
        | {slot(f"HTML{mark}"): escape(values[mark]) for mark in sorted(escaped)},
        "custom_args": {"delivery_id": f"{shared.issue}:{message.subscriber}"},
    }


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in a field, which is named as in SendGrid's own errors: `personalizations.3.to`."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} ({self.field})" if self.field else self.message


def refuse(body: Body, now: float) -> Fault | None:
    """Return the first reason why `body` must not be sent, or None; `now` in seconds since 1970."""
    return next(_faults_of(body, now), None)


def _faults_of(body: Body, now: float) -> Iterator[Fault]:
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


def read(status: int, content: bytes, headers: Mapping[str, str], now: float) -> Answer:
    """Parse an HTTP answer, got at `now` in seconds since 1970."""
    document = json_of(content)
    faults = _named_faults(document)
    reset = headers.get("X-RateLimit-Reset", "")  # seconds since 1970
    return Answer(
        meaning=_meaning(status, faults),
        status=status,
        text=shown("; ".join(map(str, faults)) or content.decode("utf-8", "replace")),
        after=int(reset) - now if reset.isdecimal() else None,
        document=document,
    )


def refused_here(fault: Fault) -> Answer:
    """Return the answer that SendGrid would give to a request with `fault`."""
    return Answer(meaning=_meaning(400, [fault]), status=400, text=shown(f"not sent: {fault}"))


def _meaning(status: int, faults: list[Fault]) -> Meaning:
    match status:
        case 202:
            return Meaning.TAKEN
        case 413:
            return Meaning.NARROW
        case 400 if faults and all(_SOMEONE.fullmatch(fault.field) for fault in faults):
            return Meaning.NARROW
        case 429:
            return Meaning.LATER
        case _ if 300 <= status < 500:  # noqa: PLR2004  the class of the code
            return Meaning.STOP
    return Meaning.LOST


def _named_faults(document: Any) -> list[Fault]:
    """Return the entries of SendGrid's error document; an empty list for any other."""
    try:
        return [Fault(str(error.get("field") or ""), str(error["message"])) for error in document["errors"]]
    except (LookupError, TypeError, AttributeError):
        return []


def unavailable(answer: Answer, host: str) -> TransportUnavailable:
    """Return the error that ends a run after `answer`, with a hint about what to do."""
    if answer.status in {401, 403}:
        return TransportUnavailable(
            errors.Message("SendGrid refused the key or the sender: %(said)s", said=answer.said),
            "Check that SENDGRID_API_KEY is a key of this account with Mail Send, that sender.address is"
            " verified there, and that the account has credits.",
        )
    return web_answer.unavailable("SendGrid", "sendgrid.host", answer, host)
