"""Parse a bounce, complaint or unsubscribe mail into a BounceReport; never raises, whatever the input."""

import logging
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from hashlib import sha256
from itertools import islice

from flufl.bounce import all_failures

from newsletter import errors
from newsletter.feedback.dsn import blocks, header, own_parts, parse, stray_blocks, words
from newsletter.feedback.rules import failure
from newsletter.feedback.verp import DeliveryRef, addressed, mentioned
from newsletter.links import Purpose, Signer
from newsletter.names import IssueName, closing_of
from newsletter.store.db import timestamp
from newsletter.store.events import Event, Kind
from newsletter.transport.smtp_replies import Cause, cause, split_reply, storable

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # its log contains addresses

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
_DAEMON = re.compile(
    r"mailer[- ]?daemon|postmaster|mail(er)? delivery (sub)?system|<>|mdaemon", re.IGNORECASE
)
_DELAY = re.compile(
    r"\b(delayed|delay notification|still being retried|will (continue to )?(retry|be retried|try)"
    r"|warning message only|not yet been delivered|do not need to resend|затрим\w+ достав)",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"\bundeliver|\breturned (e?-?mail|message)|\bnon-?delivery"
    r"|\b(delivery|mail)\b[\w :-]{0,40}(fail|error)|\bfail\w{0,4} (of |notice|deliver)",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"^\W*(auto(matic)?[ -]?(reply|response|answer)|out of (the )?office|away from|vacation|on leave|absence"
    r"|(я )?(у |в )?відпуст|автоматична відповідь|автовідповід|авто(матический )?ответ|(я )?в отпуск)",
    re.IGNORECASE,
)
# RFC 3834 §5 defines Auto-Submitted; these are older and still in use.
_ABSENCE_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoreply-From", "X-Mail-Autoreply", "X-Vacation")
_HARMLESS_KINDS = (Kind.AUTO_REPLY, Kind.UNREADABLE)
_HARMLESS = {"not-spam", "auth-failure"}  # RFC 5965 §7.3, RFC 6591: neither is a complaint by a reader
_BEFORE_CLOSING = timedelta(days=7)  # no message is sent earlier
_ROOM = 250  # characters of a reply, so that the command after it still fits
_STAGES = {  # of Postfix and Exim, Sendmail, and m-FILTER
    stage: re.compile("|".join(marks), re.IGNORECASE | re.MULTILINE)
    for stage, marks in {
        "EHLO": (r"(in\s+reply\s+to|after)\s+(EHLO|HELO)\b", r"^>>> (EHLO|HELO)\b.*\n<<< 5"),
        "MAIL FROM": (r"(in\s+reply\s+to|after)\s+MAIL\s+FROM\b", r"^>>> MAIL\b.*\n<<< 5"),
        "end of DATA": (
            r"(in\s+reply\s+to|after)\s+end\s+of\s+data\b",
            # A pipelining client gets the reply to RCPT after DATA, and 503 or 554 to DATA itself.
            r"^>>> (DATA|\.)\s*\n<<< 55[0-3].*$(?!\n(<<<|5\d\d 5\.1\.))",
            r"SMTP command\s+DATA\b",
        ),
    }.items()
}
_SAID = re.compile(
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
UNREAD = "not a mail that can be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceReport:
    """What a mail reports: kind, subscriber, issue, status code (RFC 3463), server text and time.

    `proven`: it contains a token that only a server or the reader can know; otherwise anybody may have
    written it.
    """

    kind: Kind
    subscriber: int = 0
    issue: IssueName | None = None
    code: str = ""
    detail: str = ""
    at: datetime | None = None
    identity: str = ""
    proven: bool = True

    def event(self, now: datetime) -> Event | None:
        """Return the event to store; None where the report concerns no subscriber or is harmless."""
        if self.issue is None or not self.subscriber or self.kind in _HARMLESS_KINDS:
            return None
        name = self.issue.isoformat()
        sent = datetime.combine(closing_of(self.issue), time(), UTC) - _BEFORE_CLOSING
        at = self.at if self.at and sent < self.at < now else now  # the Date header may be forged or wrong
        identity = self.identity if self.proven else ""  # unproven: one event of a kind is stored
        key = f"{self.subscriber} {name} {self.kind} {identity}"
        return Event(
            id=f"mail:{sha256(key.encode()).hexdigest()}",
            source="mail",
            kind=self.kind if self.proven else Kind.UNVERIFIED,
            subscriber=self.subscriber,
            issue=name,
            code=self.code,
            detail=self.detail if self.proven else f"{self.kind}: {self.detail}",
            at=timestamp(at),
        )


def read(content: bytes, signer: Signer) -> BounceReport:
    """Parse the mail `content`; `signer` verifies its tokens. One that breaks the parser is UNREADABLE."""
    try:
        return _read(content, signer)
    except Exception:  # noqa: BLE001  Python's parser raises many kinds of error on hostile mail
        return BounceReport(kind=Kind.UNREADABLE, detail=UNREAD)


def _read(content: bytes, signer: Signer) -> BounceReport:
    message = parse(content)
    to = addressed(message, signer)
    whose = to or mentioned(content, message, signer)
    if to and to.purpose is Purpose.UNSUBSCRIBE:
        kind, code, said = Kind.UNSUBSCRIBE, "", "by mail"
    else:
        kind, code, said = _report(message) or _letter(message)
    if whose is None and kind is not Kind.AUTO_REPLY:
        kind, code, said = (
            Kind.UNREADABLE,
            "",
            errors.Message("it does not say which reader's message came back (%(kind)s)", kind=kind),
        )
    return BounceReport(
        kind=kind,
        subscriber=whose.subscriber if whose else 0,
        issue=whose.issue if whose else None,
        code=code,
        detail=storable(said),
        at=_moment(message),
        identity=header(message, "Message-ID") or sha256(content).hexdigest(),
        proven=whose is None or whose.proven or kind in _HARMLESS_KINDS or _may_leave(kind, whose),
    )


def _may_leave(kind: Kind, whose: DeliveryRef) -> bool:
    """Return whether it is an unsubscribe request with the token of the message's own unsubscribe link."""
    return kind is Kind.UNSUBSCRIBE and whose.purpose is Purpose.UNSUBSCRIBE


_Verdict = tuple[Kind, str, str]


def _report(message: Message) -> _Verdict | None:
    """Return the verdict of the machine-readable report in a mail; None without one."""
    for part in own_parts(message):
        if part.get_content_type() == "message/feedback-report":
            return _complaint(part)
        if part.get_content_type() == "message/disposition-notification":
            return _receipt(part, message)
        if part.get_content_subtype().endswith("delivery-status") and (
            found := _delivery(blocks(part), words(message), message)
        ):
            return found
    # Outlook.com's JMRP sends the reported mail itself, without a report part.
    if any(header(part, "X-HmXmrOriginalRecipient") for part in message.walk()):
        return Kind.COMPLAINT, "", "junk mail report"
    if _from_a_daemon(message):
        said = words(message)
        return _delivery(stray_blocks(said), said, message)
    return None


def _receipt(part: Message, message: Message) -> _Verdict:
    """Return the verdict of a disposition notification (RFC 8098): refused by a filter, or read."""
    done = next((found for block in blocks(part) if (found := header(block, "Disposition").lower())), "")
    if done.startswith("automatic-action") and done.endswith(("deleted", "failed", "denied")):
        return _failed("", "", words(message))
    return Kind.AUTO_REPLY, "", "receipt"


def _complaint(part: Message) -> _Verdict:
    """Return the verdict of an abuse feedback report (ARF, RFC 5965)."""
    about = next((header(block, "Feedback-Type").lower() for block in blocks(part)), "")
    if about in _HARMLESS:
        return Kind.AUTO_REPLY, "", about
    if about.startswith("opt-out"):
        return Kind.UNSUBSCRIBE, "", about
    return Kind.COMPLAINT, "", about or "abuse"


def _delivery(report: Iterable[Message], text: str, mail: Message) -> _Verdict | None:
    """Return the verdict of a delivery status (RFC 3464 §2.3), preferring the recipient that failed."""
    found = list(report)
    told = [block for block in found if block["Action"] or block["Status"]]
    told.sort(key=lambda block: not header(block, "Action").lower().startswith("fail"))
    if not told:
        return None
    block = told[0]
    others = [one for one in (*found, mail) if one not in told]
    told_status = header(block, "Status")
    status = _STATUS.search(told_status)
    code = status[0] if status else ""
    said = _one_reply(_reason(block, others))
    said = said or told_status.partition("(")[2].rstrip(")")  # a comment, allowed by RFC 3464 §2.1.1
    action = header(block, "Action").lower() or {"2": "delivered", "4": "delayed"}.get(code[:1], "failed")
    if action.startswith("delay"):
        return Kind.DELAYED, code, said
    if action.startswith(("deliver", "relay", "expand")):
        return Kind.DELIVERED, code, said
    return _failed(code, said, text)


def _failed(code: str, said: str, text: str) -> _Verdict:
    """Return the verdict of a failure, from the server's reply or, where that is vague, the mail's text."""
    if not said or _vague(code, said):
        found = _gist(text)
        if not said or not _vague(code, found):
            said = found
    stage = _refused_at(text)
    if stage and f"in reply to {stage}" not in said:
        said = f"{said[:_ROOM]} (in reply to {stage} command)"
    if not code and (status := _STATUS.search(said)):
        code = status[0]
    return failure(code, said), code, said


def _letter(message: Message) -> _Verdict:
    """Return the verdict of a mail without a report."""
    subject = _decoded(message, "Subject")
    daemon = _from_a_daemon(message)
    auto = header(message, "Auto-Submitted").lower()
    absent = _ABSENT.match(subject) or any(name in message for name in _ABSENCE_HEADERS)
    if (
        absent
        or header(message, "Precedence").lower() == "auto_reply"
        or (auto == "auto-replied" and not daemon)
    ):
        return Kind.AUTO_REPLY, "", subject
    text = words(message)
    second = opinion(message)
    if second is Opinion.DELAYED or (daemon and _DELAY.search(f"{subject}\n{text}")):
        return Kind.DELAYED, "", _gist(text)
    if second is Opinion.FAILED or (
        daemon and (_SAID.search(text) or _FAILED.search(subject) or not _vague("", _gist(text)))
    ):
        return _failed("", "", text)
    if auto not in {"", "no"}:
        return Kind.AUTO_REPLY, "", subject
    return Kind.UNREADABLE, "", "neither a report nor an automatic answer"


def _from_a_daemon(message: Message) -> bool:
    return bool(_DAEMON.search(header(message, "From")) or header(message, "X-Failed-Recipients"))


def _moment(message: Message) -> datetime | None:
    """Return the Date header in UTC; None where it is missing or invalid."""
    with suppress(ValueError, TypeError, OverflowError):
        found = parsedate_to_datetime(header(message, "Date"))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _reason(block: Message, others: Iterable[Message]) -> str:
    """Return why delivery failed, from a recipient's block: Diagnostic-Code, or a field that says more.

    Where these are vague, the fields of the whole report and of the mail around it are searched.
    """
    said = _typed(_decoded(block, "Diagnostic-Code"))
    if not _vague("", said):
        return said
    fields = [
        _OTHER_TYPE.sub("", _decoded(one, name)).strip("<> ")
        for one, wanted in ((block, _WHY), *((other, _SURELY_WHY) for other in others))
        for name in one
        if wanted.match(name)
    ]
    return next((field for field in fields if not _vague("", field)), said)


def _typed(said: str) -> str:
    """Return a Diagnostic-Code without its type (RFC 3464 §2.3.6); one with no type must be a reply."""
    kind, mark, words = said.partition(";")
    if mark and _REPLY.match(kind) is None:
        return words.strip()
    return said if _REPLY.match(said) else ""


def _vague(code: str, said: str) -> bool:
    """Return whether this status code and text name no specific cause."""
    return cause(*split_reply(code, said)) in {Cause.PERMANENT, Cause.TEMPORARY, Cause.ACCEPTED}


def _gist(text: str) -> str:
    """Return the part of a text that gives the reason: a server's reply, else the first telling paragraph."""
    starts = [found.start(found.lastindex or 0) for found in islice(_SAID.finditer(text), _REPLIES)]
    if starts:
        replies = [_one_reply(" ".join(_PARAGRAPH.split(text[start:], 1)[0].split())) for start in starts]
        return next((one for one in replies if not _vague("", one)), replies[0])
    paragraphs = [" ".join(one.split()) for one in re.split(r"\r?\n\s*\r?\n", text)]
    return next((one for one in paragraphs if one and not _vague("5.0.0", one)), " ".join(paragraphs[:3]))


def _one_reply(said: str) -> str:
    """Join a multi-line SMTP reply, dropping the code that each line repeats."""
    if quoted := _QUOTED.search(said):
        said = f"{quoted[1]} {quoted[2]}"
    if found := re.match(r"[245]\d\d[ -](?:[245]\.\d{1,3}\.\d{1,3})?", said):
        code = found[0]
        again = rf"\s{code[:3]}[ -](?:{re.escape(code[4:])}\s?)?" if code[4:] else rf"\s{code[:3]}[ -]"
        return f"{code[:3]} {said[4 : found.end()]}{re.sub(again, ' ', said[found.end() :])}"
    return said


def _decoded(message: Message, name: str) -> str:
    """Return a header with its RFC 2047 encoded words decoded."""
    value = header(message, name)
    with suppress(LookupError, ValueError, MessageError):
        return str(make_header(decode_header(value)))
    return value


def _refused_at(words: str) -> str:
    """Return the refused SMTP command as Postfix names it; "" for RCPT, and where it is unknown."""
    return next((stage for stage, marks in _STAGES.items() if marks.search(words)), "")


class Opinion(Enum):
    """A second opinion on a mail without a delivery status."""

    FAILED = auto()
    DELAYED = auto()
    NEITHER = auto()


def opinion(message: Message) -> Opinion:
    """Return what flufl.bounce takes `message` for; NEITHER where it raises.

    Its hard or soft verdict is not used: it calls 284 of 380 soft bounces permanent.
    """
    try:
        delayed, failed = all_failures(message)
    except Exception:  # noqa: BLE001  seen: IndexError without From, UnicodeError, LookupError
        return Opinion.NEITHER
    if failed:
        return Opinion.FAILED
    return Opinion.DELAYED if delayed else Opinion.NEITHER
