"""Interpret SMTP replies: the outcome for the message (RFC 5321 §4.2, RFC 3463), and its cause.

The outcome follows from the code alone, as in Postfix and Exim: 4xx is tried again, 5xx is not, whatever its
text (RFC 5321 §4.2.1; "you should not retry", says Yahoo's page of error codes, read 2026-02). The text tells
the cause, and whether the address is bad. Only an unknown user or domain makes it so, as with Sisimai, the
largest open collection of bounces. A full mailbox does not, though it often comes as 5.2.2, because RFC 3463
§3.3 calls it "a persistent transient failure"; nor do limits, greylisting or blocks that come as 5xx.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from newsletter.errors import Message
from newsletter.model import Outcome, Receipt
from newsletter.redaction import masked, readable
from newsletter.transport.languages import REASONS

_ENHANCED = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}\s*")
_DETAIL = 400
_STORED = 300  # characters
_GONE_SHARE, _ENOUGH = 0.05, 200


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete reply: its code, and its text with the lines joined by spaces."""

    code: int
    text: str

    @property
    def ok(self) -> bool:
        """True for 2xx codes."""
        return 200 <= self.code < 300  # noqa: PLR2004  the class of the code

    @property
    def final(self) -> bool:
        """True for what may answer a whole message: 2xx, 4xx and 5xx."""
        return 200 <= self.code < 300 or 400 <= self.code < 600  # noqa: PLR2004  classes of codes

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:_DETAIL]


def receipt(reply: Reply) -> Receipt:
    """Convert `reply` to the receipt of a message: accepted, deferred (to be tried again), or refused."""
    if reply.ok:
        outcome = Outcome.ACCEPTED
    elif 500 <= reply.code < 600:  # noqa: PLR2004  the class of the code
        outcome = Outcome.REFUSED
    else:
        outcome = Outcome.DEFERRED
    return Receipt(outcome=outcome, code=reply.code, detail=reply.text[:_DETAIL])


@lru_cache(maxsize=256)  # a relay gives the same replies to MAIL, RCPT and DATA
def parse(*lines: bytes) -> Reply:
    """Parse the lines of one reply; the last of them has a space after its code, which is 0 if it is none."""
    texts = [readable(line[4:].decode("utf-8", "replace").strip()) for line in lines]
    first = _ENHANCED.match(texts[0])
    rest = [_ENHANCED.sub("", text) for text in texts[1:]] if first else texts[1:]
    code = lines[-1][:3]
    return Reply(int(code) if code.isdigit() else 0, " ".join([texts[0], *rest]).strip())


def split_reply(status: str, words: str) -> tuple[int, str]:
    """Return the SMTP code and text of a server's reply, given as status code (RFC 3463) and text."""
    if found := _REPLY.match(words):
        return int(found[1]), words[found.end() :].lstrip(" -#")
    code = 100 * int(status[0]) + 50 if status else 0
    return code, words if status in words else f"{words} {status}".lstrip()


def storable(words: str) -> str:
    """Return a server's text for storage: addresses masked, only printable, at most 300 characters."""
    return _WHOLE_ADDRESS.sub(lambda found: masked(found[0]), readable(words))[:_STORED]


class About(StrEnum):
    """Who can remove a cause: the recipient, we as the sender, or a slower pace; or it is unknown."""

    RECIPIENT = "recipient"
    US = "us"
    PACE = "pace"
    UNSAID = "unsaid"


class Cause(StrEnum):
    """Why a message was accepted, deferred or refused."""

    ACCEPTED = "accepted"
    NO_SUCH_USER = "no such user"
    BAD_DOMAIN = "bad domain"
    MAILBOX_FULL = "mailbox full"
    DISABLED = "mailbox disabled"
    FILTERED = "recipient's own filter"
    AUTHENTICATION = "authentication"
    POLICY = "policy"
    CONTENT = "content"
    SIZE = "size"
    RATE = "rate"
    GREYLISTED = "greylisted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"

    @property
    def about(self) -> About:
        """Who can remove this cause."""
        return _ABOUT.get(self, About.UNSAID)

    @property
    def hard(self) -> bool:
        """True when a refusal means that the address does not exist (hard bounce)."""
        return self in {Cause.NO_SUCH_USER, Cause.BAD_DOMAIN}


_ABOUT = {
    Cause.NO_SUCH_USER: About.RECIPIENT,
    Cause.BAD_DOMAIN: About.RECIPIENT,
    Cause.MAILBOX_FULL: About.RECIPIENT,
    Cause.DISABLED: About.RECIPIENT,
    Cause.FILTERED: About.RECIPIENT,
    Cause.AUTHENTICATION: About.US,
    Cause.POLICY: About.US,
    Cause.CONTENT: About.US,
    Cause.SIZE: About.US,
    Cause.RATE: About.PACE,
    Cause.GREYLISTED: About.PACE,
}

# Patterns for providers' texts: the first match decides. tests/data/replies.tsv holds real replies.
_WORDS = [
    (why, re.compile(words))
    for why, words in (
        (Cause.TEMPORARY, r"receiving e?mail (too quickly|at a rate)|per connection|connection expired"),
        (Cause.TEMPORARY, r"not found, try again"),
        (Cause.FILTERED, r"recipient'?s? preferences|^550 : user unknown"),  # Facebook; au, of a known one
        (Cause.NO_SUCH_USER, r"not listed in .*(directory|address book)|addressee unknown"),
        (Cause.RATE, r"unusual rate|(sending|relay|daily|message) (limit|quota)|too many requests"),
        (Cause.AUTHENTICATION, r"\b(spf|dkim|dmarc|rdns)\b|authenticat|ptr record|reverse (dns|host)"),
        (Cause.AUTHENTICATION, r"from domain"),
        (Cause.AUTHENTICATION, r"relay(ing)? (access )?(denied|not permitted)|configured to relay|\bhelo\b"),
        (Cause.AUTHENTICATION, r"sender (address|rejected|verify)|credentials|\btls (required|connection)"),
        (Cause.GREYLISTED, r"gr[ae]y.?list"),
        (Cause.RATE, r"rate.?limit|throttl|too many .*(connections|sessions|recipients)|connection limit"),
        (Cause.RATE, r"(excessive|unexpected) volume|^4.*temporarily deferred|slow(er| down)|\brp-00\d"),
        (Cause.POLICY, r"spamhaus|spamcop|barracuda|sorbs|dnsbl|\brbl\b|(black|block|deny) ?list"),
        (Cause.POLICY, r"\blisted (at|by|in|on)\b|blocked (using|by)|banned|reputation|permanently deferred"),
        (Cause.MAILBOX_FULL, r"over.?quota|quota (is )?exceeded|exceed\w* .*quota|disk quota"),
        (Cause.MAILBOX_FULL, r"(mailbox|inbox|storage) (is )?full|out of storage|storage allocation"),
        (Cause.SIZE, r"too (big|large|long)\b|size limit|(message|mail) size|bytes, the relay takes"),
        (Cause.DISABLED, r"(account|mailbox|user) .*(disabled|suspended|frozen|inactive|locked)\b"),
        (Cause.DISABLED, r"inactive (account|user|mailbox|recipient|email address)|no longer valid"),
        (Cause.BAD_DOMAIN, r"(domain|host)( \S+)? (is )?(not found|unknown|does(n't| not) exist)"),
        (Cause.BAD_DOMAIN, r"(invalid|illegal) (host|domain)|domain is not reachable"),
        (Cause.BAD_DOMAIN, r"find a mail exchanger|no mx record|no smtp service"),
        (Cause.BAD_DOMAIN, r"no such (domain|host)|null ?mx|(domain|host)( \S+)? does not accept mail"),
        (Cause.NO_SUCH_USER, r"no (such\b(?! file)|mailbox\b)|does(n't| not) (exist|have)"),
        (Cause.NO_SUCH_USER, r"not a (known|valid)|invalid final delivery userid"),
        (Cause.NO_SUCH_USER, r"(user|recipient|mailbox|account|address) .*(unknown|not (exist|found|known))"),
        (Cause.NO_SUCH_USER, r"(unknown|invalid) (or illegal )?(user|recipient|mailbox|alias|address)"),
        (Cause.NO_SUCH_USER, r"^550 .*(not used|mailbox unavailable|no longer on server)"),
        (Cause.NO_SUCH_USER, r"^(0|550) .*unrouteable"),
        (Cause.NO_SUCH_USER, r"recipient address rejected: access denied"),
        (Cause.CONTENT, r"rfc.?(2822|5322)|malformed|\bheaders?\b|\bmime\b|bare (lf|line)|\[ph\d\d\]"),
        (Cause.CONTENT, r"attachment|virus|malware|phishing|security issue"),
        (Cause.POLICY, r"spam|junk|unsolicited|\bpolicy\b|suspicious|block|denied|abus"),
    )
]
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]+@[^\s<>()\[\]\"',;:]+")
_WHOLE_ADDRESS = re.compile(r"(?<![^\s<>()\[\]\"',;:@])[^\s<>()\[\]\"',;:@]++@[^\s<>()\[\]\"',;:]+")
_REPLY = re.compile(r"(?<![\d.])([245]\d\d)(?=[ \-#]|$)")
_NUMBERS = re.compile(r"\S*\d\S*")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3}\.\d{1,3})(?!\.?\d)")
_STATUSES = {  # RFC 3463 §3, RFC 7372, and how Gmail and Outlook.com use them
    **dict.fromkeys(("1.0", "1.1", "1.3", "1.6"), Cause.NO_SUCH_USER),
    **dict.fromkeys(("1.2", "1.10", "4.4"), Cause.BAD_DOMAIN),
    **dict.fromkeys(("1.7", "1.8", "7.8", "7.10", "7.11", "7.509", "7.515"), Cause.AUTHENTICATION),
    **dict.fromkeys([f"7.{n}" for n in (*range(20, 28), *range(29, 33), 40)], Cause.AUTHENTICATION),
    **dict.fromkeys(("2.1", "7.13"), Cause.DISABLED),
    "2.2": Cause.MAILBOX_FULL,
    **dict.fromkeys(("2.3", "3.4"), Cause.SIZE),
    "7.28": Cause.RATE,
}
_GREYLISTING = (450, 451)  # RFC 6647 §2.1; they have many other uses, too
_GREYLISTED = ("2.0", "7.0", "7.1")  # Postgrey's status, sqlgrey's and milter-greylist's, Rspamd's
_SUBJECTS = {"4.6": Cause.CONTENT, "5.6": Cause.CONTENT, "4.7": Cause.RATE, "5.7": Cause.POLICY}
_NOT_OF_THE_ADDRESS = (
    (re.compile(r"in reply to (mail from|ehlo)|(?<![\d.])5\.1\.[78]\b"), Cause.AUTHENTICATION),
    (re.compile(r"(?<![\d.])5\.2\.1\b"), Cause.DISABLED),
    (re.compile(r"^550 (?!.*\b5\.1\.\d).*in reply to end of data"), Cause.FILTERED),
)
"""Cases in which "no such user" or domain is not about the recipient's address: it is about the sender's (RFC
3463 §3.2), or a mailbox that exists (§3.3), or it is a 550 after DATA, which means policy (RFC 5321 §4.3.2):
mobile providers in Japan report a reader's filter so. Yahoo checks its user only then, and says 552 or 554.
"""
_CODES = {
    **dict.fromkeys((530, 534, 535, 538), Cause.AUTHENTICATION),
    **dict.fromkeys((521, 556), Cause.BAD_DOMAIN),
    551: Cause.NO_SUCH_USER,
    552: Cause.MAILBOX_FULL,
}


def cause(code: int, text: str) -> Cause:
    """Return the cause of a reply with `code` (0 when there was none) and `text`, as in a receipt."""
    if Reply(code, text).ok:
        return Cause.ACCEPTED
    text = text[:_DETAIL]
    said = _said(code, text)
    found = _by_words(said) or _by_numbers(code, text)
    if found.hard:
        return next((other for marks, other in _NOT_OF_THE_ADDRESS if marks.search(said)), found)
    return found


def _said(code: int, text: str) -> str:
    return f"{code} {_ADDRESS.sub('', text)}".lower()


def _by_words(said: str) -> Cause | None:
    found = next((found for found, words in _WORDS if words.search(said)), None)
    return found or _in_another_language(_NUMBERS.sub("", said))


@lru_cache(maxsize=4096)  # texts repeat, apart from numbers and addresses
def _in_another_language(said: str) -> Cause | None:
    name = next((why for why, words in REASONS if words.search(said)), "")
    return Cause(name) if name else None


def _by_numbers(code: int, text: str) -> Cause:
    if status := _STATUS.search(text):
        kind, number = status.groups()
        subject = f"{kind}.{number.partition('.')[0]}"
        if known := _STATUSES.get(number) or _SUBJECTS.get(subject):
            return known
    return _CODES.get(code) or (Cause.PERMANENT if 500 <= code < 600 else Cause.TEMPORARY)  # noqa: PLR2004


def greylisted(code: int, text: str) -> bool:
    """Tell whether the text or status says that the message was greylisted (RFC 6647)."""
    named = _by_words(_said(code, text[:_DETAIL]))
    if named or code not in _GREYLISTING:
        return named is Cause.GREYLISTED
    status = _STATUS.search(text[:_DETAIL])
    return status is not None and status[2] in _GREYLISTED


def put_off(code: int, text: str) -> bool:
    """Tell whether it may be unstated greylisting: one of its codes, with no other cause named."""
    if code not in _GREYLISTING or _by_words(_said(code, text[:_DETAIL])):
        return False
    return _by_numbers(code, text[:_DETAIL]) in {Cause.TEMPORARY, Cause.RATE}


def gone(code: int, text: str) -> bool:
    """Tell whether a permanent failure means that the address does not exist, so nothing more is sent to it.

    A message given up after 4xx replies does not mean that.
    """
    return not 400 <= code < 500 and cause(code, text).hard  # noqa: PLR2004  the class of the code


def count_gone(failures: Iterable[tuple[int, str, int]]) -> int:
    """Return how many failed messages went to addresses that do not exist, from (code, text, count)."""
    return sum(number for code, text, number in failures if gone(code, text))


def too_many_gone(number: int, total: int) -> str:
    """Return why sending should stop when `number` of `total` addresses do not exist, else an empty string.

    Amazon SES reviews a sender from 5 % on, and stops one at 10 %.
    """
    if total < _ENOUGH or number < _GONE_SHARE * total:
        return ""
    return Message("%(number)s of %(total)s addresses do not exist", number=number, total=total)
