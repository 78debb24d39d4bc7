"""The API of Amazon SES, version 2, without the network: a request to send, and what its answers mean.

Limits and errors as of SendEmail's reference and the pages on quotas and raw messages (read 2026-11). SES
gives every message a Message-ID and a Date of its own, so a DKIM signature of ours, which covers both, would
not verify: it is left out, and SES signs (Easy DKIM).
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Outcome
from newsletter.redaction import readable

ISSUE, READER = "digest-issue", "digest-reader"
"""The tags with our ids, which come back in events."""

_SIZE = 40_000_000  # bytes of the message in base64
_DETAIL = 400
_LONGEST = 120  # most seconds to wait before another attempt
_SIGNATURE = b"DKIM-Signature:"


class Meaning(Enum):
    """What an answer means for a message."""

    TAKEN = auto()
    REFUSED = auto()  # the message or its reader, for good
    LATER = auto()  # not accepted, for a temporary reason
    STOP = auto()  # not accepted, and no other message would be
    LOST = auto()  # unknown, perhaps accepted


OUTCOMES = {
    Meaning.TAKEN: Outcome.ACCEPTED,
    Meaning.REFUSED: Outcome.REFUSED,
    Meaning.LOST: Outcome.UNKNOWN,
}
"""The outcome of a message that is not tried again; with other meanings it was not sent."""

_KINDS = {
    **dict.fromkeys(
        ("TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling"),
        Meaning.LATER,
    ),
    **dict.fromkeys(("ServiceUnavailable", "ServiceUnavailableException"), Meaning.LATER),
    **dict.fromkeys(("MessageRejected", "BadRequestException", "ValidationException"), Meaning.REFUSED),
}
"""The kinds of error that concern less than the whole account."""
_OF_A_READER = re.compile(
    r"illegal address|invalid domain|(local address|domain) (contains|starts|ends|length)"
    r"|missing (start|end|final)|mailbox length|address length|suppress",
    re.IGNORECASE,
)
_NOT_VERIFIED = re.compile(r"not verified", re.IGNORECASE)


def request(message: Message, configuration_set: str) -> dict[str, Any]:
    """Return the JSON body of POST /v2/email/outbound-emails.

    Bounces that nobody subscribes to, SES forwards as mail to the message's own return path.
    """
    named = {"ConfigurationSetName": configuration_set} if configuration_set else {}
    pieces = [piece for piece in message.pieces if not piece.startswith(_SIGNATURE)]
    return {
        "FromEmailAddress": message.shared.from_address,
        "Destination": {"ToAddresses": [message.rcpt_to]},
        "FeedbackForwardingEmailAddress": message.mail_from,
        "Content": {"Raw": {"Data": b64encode(b"".join(pieces)).decode()}},
        "EmailTags": [
            {"Name": ISSUE, "Value": message.shared.issue},
            {"Name": READER, "Value": str(message.subscriber)},
        ],
        "ConfigurationOverrides": {
            "Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}
        },
        **named,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer: its HTTP status (0 when none came), the kind of error, and text: of what was taken an id."""

    meaning: Meaning
    status: int = 0
    kind: str = ""
    text: str = ""
    retry_after: int | None = None
    content: Mapping[str, Any] | None = None

    @property
    def said(self) -> str:
        """Status, kind and text in one line."""
        return " ".join(str(part) for part in (self.status, self.kind, self.text) if part)

    @property
    def of_the_reader(self) -> bool:
        """True where it is certain that the message of another reader would not be refused so."""
        return self.meaning is Meaning.REFUSED and bool(_OF_A_READER.search(self.text))

    def wait(self, otherwise: float) -> float:
        """Return the seconds to wait before another attempt; `otherwise` if SES does not say."""
        return otherwise if self.retry_after is None else min(self.retry_after, _LONGEST)


def refuse(body: Mapping[str, Any]) -> Answer | None:
    """Return the refusal that SES would answer `body` with, as far as that is known before."""
    (address,) = body["Destination"]["ToAddresses"]
    if not address.isascii():
        return _refused("Illegal address: it has non-ASCII characters")
    if len(body["Content"]["Raw"]["Data"]) > _SIZE:
        return _refused(f"the message has more than {_SIZE // 1_000_000} MB in base64")
    return None


def _refused(text: str) -> Answer:
    return Answer(meaning=Meaning.REFUSED, status=400, text=f"not sent: {text}")


def read(status: int, content: bytes, headers: Mapping[str, str]) -> Answer:
    """Parse an HTTP answer; the names of `headers` are in small letters."""
    found = _document(content)
    named = headers.get("x-amzn-errortype") or str(found.get("__type") or found.get("code") or "")
    kind = named.partition(":")[0].rpartition("#")[2]
    said = found.get("message") or found.get("Message") or (content.decode("utf-8", "replace"))
    text = str(found.get("MessageId") or "") if status == 200 else str(said)  # noqa: PLR2004  OK
    wait = headers.get("retry-after", "")
    return Answer(
        meaning=_meaning(status, kind, text),
        status=status,
        kind=re.sub("[^A-Za-z]", "", kind)[:80],
        text=readable(text)[:_DETAIL],
        retry_after=int(wait) if wait.isdecimal() else None,
        content=found,
    )


def _document(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _meaning(status: int, kind: str, text: str) -> Meaning:
    if status == 200:  # noqa: PLR2004  OK
        return Meaning.TAKEN if text else Meaning.LOST
    if kind in _KINDS:
        stops = kind == "MessageRejected" and _NOT_VERIFIED.search(text)
        return Meaning.STOP if stops else _KINDS[kind]
    match status:
        case 413:
            return Meaning.REFUSED
        case 429:
            return Meaning.LATER
        case _ if 300 <= status < 500:  # noqa: PLR2004  the class of the code
            return Meaning.STOP
    return Meaning.LOST


def _stopped(kind: str, said: str) -> TransportUnavailable | None:
    """Return the error after a refusal of this kind, which concerns the account and not its keys."""
    match kind:
        case "AccountSuspendedException":
            return TransportUnavailable(
                errors.Message("Amazon SES has suspended the account: %(said)s", said=said),
                "Open a case with AWS Support; another way can take over meanwhile.",
            )
        case "SendingPausedException":
            return TransportUnavailable(
                errors.Message("Amazon SES has paused sending: %(said)s", said=said),
                "Look at the account's reputation in SES, and resume sending there.",
            )
        case "MailFromDomainNotVerifiedException":
            return TransportUnavailable(
                errors.Message("Amazon SES has not verified the MAIL FROM domain: %(said)s", said=said),
                "Publish the MX record that SES shows under the identity, Custom MAIL FROM domain.",
            )
        case "MessageRejected":
            return TransportUnavailable(
                errors.Message("Amazon SES refused the sender or reader: %(said)s", said=said),
                "Verify the sender's domain in this region of SES; in the sandbox, request production"
                " access.",
            )
        case "NotFoundException":
            return TransportUnavailable(
                errors.Message("Amazon SES does not know what is asked for: %(said)s", said=said),
                "Check ses.configuration_set and ses.region in newsletter.yaml.",
            )
    return None


def unavailable(answer: Answer, host: str) -> TransportUnavailable:
    """Return the error that ends a run after `answer`, with a hint about what to do."""
    said = answer.said
    if answer.meaning is Meaning.STOP and (stopped := _stopped(answer.kind, said)):
        return stopped
    match answer:
        case Answer(status=401 | 403):
            return TransportUnavailable(
                errors.Message("Amazon SES refused the access key: %(said)s", said=said),
                "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ses.region and this machine's clock, and"
                " that the user may ses:SendEmail, ses:GetAccount and ses:GetEmailIdentity.",
            )
        case Answer(meaning=Meaning.REFUSED):
            return TransportUnavailable(
                errors.Message("Amazon SES refuses every message: %(said)s", said=said),
                "The error is the same for all readers: correct it, then approve the issue again.",
            )
        case Answer(meaning=Meaning.LATER, status=status) if status:
            return TransportUnavailable(
                errors.Message("Amazon SES asks to wait: %(said)s", said=said),
                "Look at the sending quotas of the account, and set pace in newsletter.yaml below them. Run"
                " this again later: it goes on where it stopped.",
            )
        case Answer(meaning=Meaning.LOST):
            return TransportUnavailable(
                errors.Message("Amazon SES gave no clear answer: %(said)s", said=said),
                "Look at its status page. Then run this again: it goes on where it stopped, and what may have"
                " been sent is not sent again.",
            )
    return TransportUnavailable(
        errors.Message("%(host)s cannot be used: %(said)s", host=host, said=said),
        "Check ses.region and ses.host in newsletter.yaml, and this machine's network.",
    )
