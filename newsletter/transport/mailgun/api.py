"""Mailgun's API for finished messages, without the network: build a request, check it, interpret the answer.

Mailgun passes our message on with our own headers, and signs it with DKIM besides. The recipient and our
number of the delivery are fields beside it. Limits and answers as of its pages Send via HTTP and API Response
Codes (read 2026-11).
"""

import re
from collections.abc import Mapping
from datetime import datetime

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message
from newsletter.transport import web_answer
from newsletter.transport.web_answer import Answer, Meaning, json_of, retry_after, shown

SIZE = 25_000_000
"""The most bytes of a message."""

_ONE = re.compile(r"[^\s,;:<>()\"\\]+@[^\s,;:<>()\"\\@]+")  # `to` is a list: a comma would make it two
_NOT_A_READER = re.compile(r"'?to'? parameter is not a valid address", re.IGNORECASE)


def fields(message: Message) -> dict[str, str]:
    """Return the fields beside the message: whom it is for, no tracking, and our number of the delivery."""
    return {
        "to": message.rcpt_to,
        "o:tracking": "no",
        "o:tracking-clicks": "no",  # these two outrank what is set for the domain
        "o:tracking-opens": "no",
        "v:delivery_id": f"{message.shared.issue}:{message.subscriber}",
    }


def refuse(message: Message) -> Answer | None:
    """Return the refusal that Mailgun would give to `message`, or None."""
    if not _ONE.fullmatch(message.rcpt_to):
        return Answer(meaning=Meaning.REFUSED, status=400, text="not sent: not one address")
    if message.size > SIZE:
        return Answer(meaning=Meaning.REFUSED, status=413, text=f"not sent: more than {SIZE} bytes")
    return None


def read(status: int, content: bytes, headers: Mapping[str, str], now: datetime) -> Answer:
    """Parse an HTTP answer."""
    found = json_of(content)
    document = found if isinstance(found, dict) else {}
    identity, words = str(document.get("id") or ""), str(document.get("message") or "")
    after = retry_after(headers.get("Retry-After", ""), now)
    return Answer(
        meaning=_meaning(status, identity, words, asks=after is not None),
        status=status,
        text=shown(f"{words} {identity}".strip() or content.decode("utf-8", "replace")),
        after=after,
    )


def _meaning(status: int, identity: str, words: str, *, asks: bool) -> Meaning:
    match status:
        case 200 if identity:  # without it, it was another page than the one for messages
            return Meaning.TAKEN
        case 400 | 413 if status == 413 or _NOT_A_READER.search(words):  # noqa: PLR2004  too large
            return Meaning.REFUSED
        case 429 | 503 if status == 429 or asks:  # noqa: PLR2004  503 with a time: not handled (RFC 9110 §15.6.4)
            return Meaning.LATER
        case _ if 300 <= status < 500:  # noqa: PLR2004  the class of the code
            return Meaning.STOP
    return Meaning.LOST


def unavailable(answer: Answer, host: str) -> TransportUnavailable:
    """Return the error that ends a run after `answer`, with a hint about what to do."""
    match answer.status:
        case 401 | 402 | 403:
            return TransportUnavailable(
                errors.Message("Mailgun refused the key or the account: %(said)s", said=answer.said),
                "Check that MAILGUN_API_KEY is a key of mailgun.domain, that the domain is verified there,"
                " and that the account is paid.",
            )
        case 404:
            return TransportUnavailable(
                errors.Message("Mailgun does not know the domain: %(said)s", said=answer.said),
                "Check mailgun.domain in newsletter.yaml; of a domain in the EU, mailgun.host is"
                " https://api.eu.mailgun.net.",
            )
    return web_answer.unavailable("Mailgun", "mailgun.host", answer, host)
