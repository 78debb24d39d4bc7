"""Why a message bounced: extract the server's reply from the fields and the text of a bounce mail."""

import re
from collections.abc import Iterable
from contextlib import suppress
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from itertools import islice

from newsletter.feedback.dsn import header
from newsletter.feedback.rules import reply
from newsletter.transport.smtp_replies import Cause, cause

SAID = re.compile(
    r"(?<![\d.:/-])([45]\d\d[ -]#?[45]\.\d{1,3}\.\d{1,3}\b)|(?:^|[:\"'(<>])[ \t]*([45]\d\d[ -](?=\D))",
    re.MULTILINE,
)
_QUOTED = re.compile(r"\b([45]\d\d)-'(.{1,400})' \(delivery attempts")  # relays of Cisco and Amazon
_REPLY = re.compile(r"\s*[245]\d\d[ -]")
_OTHER_TYPE = re.compile(r"^[\s<]*[\w.-]+\s*;\s*")
_SURELY_WHY = re.compile(
    r"(?!Diagnostic-Code|.*(spam|virus)).*(supplement|reason|error|diagnos|failure-)", re.IGNORECASE
)
_WHY = re.compile(
    rf"{_SURELY_WHY.pattern}|X-(?!Postfix|Actual|Display|Original|MS-|Microsoft|Spam|Virus|Mailer)",
    re.IGNORECASE,
)
"""Non-standard fields in which servers give the reason, such as X-Supplementary-Info."""
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_REPLIES = 10  # of a transcript that are examined


def reason(block: Message, others: Iterable[Message]) -> str:
    """Return why delivery failed, from a recipient's block: Diagnostic-Code, or a field that says more.

    Where these are vague, the fields of the whole report and of the mail around it are searched.
    """
    said = _typed(decoded(block, "Diagnostic-Code"))
    if not vague("", said):
        return said
    fields = [
        _OTHER_TYPE.sub("", decoded(one, name)).strip("<> ")
        for one, wanted in ((block, _WHY), *((other, _SURELY_WHY) for other in others))
        for name in one
        if wanted.match(name)
    ]
    return next((field for field in fields if not vague("", field)), said)


def _typed(said: str) -> str:
    """Return a Diagnostic-Code without its type (RFC 3464 §2.3.6); one with no type must be a reply."""
    kind, mark, words = said.partition(";")
    if mark and _REPLY.match(kind) is None:
        return words.strip()
    return said if _REPLY.match(said) else ""


def vague(code: str, said: str) -> bool:
    """Return whether this status code and text name no specific cause."""
    return cause(*reply(code, said)) in {Cause.PERMANENT, Cause.TEMPORARY, Cause.ACCEPTED}


def gist(text: str) -> str:
    """Return the part of a text that gives the reason: a server's reply, else the first telling paragraph."""
    starts = [found.start(found.lastindex or 0) for found in islice(SAID.finditer(text), _REPLIES)]
    if starts:
        replies = [one_reply(" ".join(_PARAGRAPH.split(text[start:], 1)[0].split())) for start in starts]
        return next((one for one in replies if not vague("", one)), replies[0])
    paragraphs = [" ".join(one.split()) for one in re.split(r"\r?\n\s*\r?\n", text)]
    return next((one for one in paragraphs if one and not vague("5.0.0", one)), " ".join(paragraphs[:3]))


def one_reply(said: str) -> str:
    """Join a multi-line SMTP reply, dropping the code that each line repeats."""
    if quoted := _QUOTED.search(said):
        said = f"{quoted[1]} {quoted[2]}"
    if found := re.match(r"[245]\d\d[ -](?:[245]\.\d{1,3}\.\d{1,3})?", said):
        code = found[0]
        again = rf"\s{code[:3]}[ -](?:{re.escape(code[4:])}\s?)?" if code[4:] else rf"\s{code[:3]}[ -]"
        return f"{code[:3]} {said[4 : found.end()]}{re.sub(again, ' ', said[found.end() :])}"
    return said


def decoded(message: Message, name: str) -> str:
    """Return a header with its RFC 2047 encoded words decoded."""
    value = header(message, name)
    with suppress(LookupError, ValueError, MessageError):
        return str(make_header(decode_header(value)))
    return value
