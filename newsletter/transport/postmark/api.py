"""Postmark's email API, without the network: build a request, check it, and interpret the answer.

A request is up to 500 whole messages, and its answer has an entry for each, in the same order. So one bad
message spoils no other. Postmark has no endpoint for a finished MIME message, and signs with its own DKIM
key; it replaces a Message-ID unless X-PM-KeepID says otherwise.

Limits and codes as of its pages on the email API, metadata and API errors (read 2026-11).
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Image, Message
from newsletter.redaction import without_addresses
from newsletter.slots import UNSUBSCRIBE, fill_html, fill_text
from newsletter.transport import web_answer
from newsletter.transport.web_answer import Answer, Meaning, json_of, refused_for_all, retry_after, shown

LARGEST = 50_000_000
"""The most bytes of one request."""

_LARGEST_MESSAGE = 10_000_000
_LONGEST_METADATA = 80
_UNFIT = re.compile(r'["\\<>\s\x00-\x1f\x7f-\x9f]+')
# What Postmark checks addresses by; in the local part also no dot at an end, and no two together.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_{|}~`-]+(\.[a-z0-9!#$%&'*+/=?^_{|}~`-]+)*", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*", re.IGNORECASE)

_INACTIVE = 406
_FOR_ALL = {10, 400, 401, 405, 412, 413}
"""Token, sender signature, credits, account: no other message would be taken."""
_FOR_NOW = {100, 429}  # maintenance, rate limit
_RECIPIENT = re.compile(r"(invalid|error parsing) 'to'", re.IGNORECASE)
_SPEAKING = (401, 403, 413, 429)
"""Statuses that say something without Postmark's own words; any other may be somebody else's answer."""


def entry(message: Message, stream: str) -> dict[str, Any]:
    """Return `message` as Postmark takes it."""
    page, shared, values = message.page, message.shared, message.values
    attached = {"Attachments": [_attachment(image) for image in page.attached]} if page.attached else {}
    return {
        "From": _mailbox(shared.from_name, shared.from_address),
        "To": _mailbox(message.name, message.rcpt_to),
        "ReplyTo": shared.reply_to,
        "Subject": page.subject,
        "TextBody": fill_text(page.text, values),
        "HtmlBody": fill_html(page.html, values),
        "Headers": [{"Name": name, "Value": value} for name, value in _headers(message).items()],
        **attached,
        "MessageStream": stream,
        "TrackOpens": False,
        "TrackLinks": "None",
        "Metadata": {"delivery_id": f"{shared.issue}:{message.subscriber}"},
    }


def _mailbox(name: str, address: str) -> str:
    """Return name and address without what would have to be escaped in a quoted name."""
    name = _UNFIT.sub(" ", name).strip()
    return f'"{name}" <{address}>' if name else address


def _headers(message: Message) -> dict[str, str]:
    headers = {"Message-ID": message.message_id, "X-PM-KeepID": "true"}
    if token := message.values[UNSUBSCRIBE]:
        return headers | {
            "List-Id": f"<{message.shared.list_id}>",
            "List-Unsubscribe": message.shared.list_unsubscribe(token),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return headers | {"Auto-Submitted": "auto-generated"}  # an opt-in or service letter (RFC 3834)


@lru_cache(maxsize=64)  # encoded once, not for every message
def _attachment(image: Image) -> Mapping[str, str]:
    """Return a picture that the HTML shows by its Content-ID."""
    return {
        "Name": image.name,
        "Content": b64encode(image.content).decode(),
        "ContentType": image.media_type,
        "ContentID": f"cid:{image.cid}",
    }


def written(message: Message, stream: str) -> bytes | Answer:
    """Return `message` as JSON, or, where Postmark would not take it, the refusal that it would give."""
    local, _, domain = message.rcpt_to.rpartition("@")
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return _not_sent(Meaning.REFUSED, "Postmark takes no such address (To)")
    one = entry(message, stream)
    if not one["Subject"] or not one["TextBody"] or not one["HtmlBody"]:
        return _not_sent(Meaning.STOP, "an empty subject or text")
    if len(one["Metadata"]["delivery_id"]) > _LONGEST_METADATA:
        return _not_sent(Meaning.STOP, "the issue's name is too long (Metadata)")
    content = json.dumps(one, ensure_ascii=False).encode()
    if len(content) > _LARGEST_MESSAGE:
        return _not_sent(Meaning.STOP, f"the message has more than {_LARGEST_MESSAGE} bytes")
    return content


def _not_sent(meaning: Meaning, why: str) -> Answer:
    return Answer(meaning=meaning, status=300, text=f"not sent: {why}")


def read(status: int, content: bytes, headers: Mapping[str, str], count: int, now: datetime) -> list[Answer]:
    """Parse the HTTP answer to a request of `count` messages: return an answer for each.

    Its status is an ErrorCode of Postmark where there is one, which says more than that of HTTP.
    """
    found = json_of(content)
    if status == HTTPStatus.OK and isinstance(found, list) and len(found) == count:
        answers = [_one(each) for each in found]
        taken = any(answer.meaning is Meaning.TAKEN for answer in answers)
        return [_alone(answer) for answer in answers] if taken else answers
    plain = content.decode("utf-8", "replace")
    ours = status in _SPEAKING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    code, words = _error(found) or ((status, plain) if ours else (0, f"{status} {plain}"))
    answer = Answer(
        meaning=_meaning(status, code),
        status=code,
        text=_told(words),
        after=retry_after(headers.get("retry-after", ""), now),
    )
    return [answer] * count


def _told(words: str) -> str:
    return shown(without_addresses(" ".join(words.split())))


def _error(found: Any) -> tuple[int, str] | None:
    """Return code and words of one of Postmark's error documents, or None for anything else."""
    code = found.get("ErrorCode") if isinstance(found, dict) else None
    return (code, str(found.get("Message", ""))) if isinstance(code, int) else None


def _one(found: Any) -> Answer:
    """Parse the entry of one message. Of a delay at Postmark it tells without an ErrorCode (anymail #392)."""
    code, words = _error(found) or (0, "")
    if isinstance(found, dict) and code == 0:
        identity = str(found.get("MessageID") or "")
        meaning = Meaning.TAKEN if identity else Meaning.LOST
        apart = identity.replace("-", " ")  # a UUID in one piece is taken for the token of a link (redaction)
        return Answer(meaning=meaning, status=200, text=_told(f"{found.get('Message', '')} {apart}"))
    if code == 0:
        return Answer(meaning=Meaning.LOST, status=200, text="an entry that cannot be read")
    if code in _FOR_NOW:
        meaning = Meaning.LATER
    elif code == _INACTIVE or (code not in _FOR_ALL and _RECIPIENT.search(words)):
        meaning = Meaning.REFUSED
    else:
        meaning = Meaning.STOP
    return Answer(meaning=meaning, status=code, text=_told(words))


def _alone(answer: Answer) -> Answer:
    """Return what `answer` means beside a message that was taken: the fault is this recipient's."""
    if answer.meaning is Meaning.STOP and answer.status not in _FOR_ALL:
        return replace(answer, meaning=Meaning.REFUSED)
    return answer


def _meaning(status: int, code: int) -> Meaning:
    """Return what an answer without entries means; after a 500, says Postmark, a message may be lost."""
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Meaning.NARROW
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in _FOR_NOW:
        return Meaning.LATER
    if 300 <= status < 500:  # noqa: PLR2004  classes of codes
        return Meaning.STOP
    return Meaning.LOST


def unavailable(answer: Answer, host: str) -> TransportUnavailable:
    """Return the error that ends a run after `answer`, with a hint about what to do."""
    if answer.meaning is Meaning.STOP and answer.status in {403, *_FOR_ALL}:
        return TransportUnavailable(
            errors.Message("Postmark refused the token or the sender: %(said)s", said=answer.said),
            "Check that POSTMARK_SERVER_TOKEN is a token of this server, that sender.address is verified"
            " in Postmark, and that the account is approved and paid for.",
        )
    if answer.meaning is Meaning.STOP and answer.status:
        return refused_for_all("Postmark", answer)
    return web_answer.unavailable("Postmark", "postmark.host", answer, host)
