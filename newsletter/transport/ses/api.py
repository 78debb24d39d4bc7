"""The API of Amazon SES, version 2, without the network: a request to send, and what its answers mean.

Limits and errors as of SendEmail's reference and the pages on quotas and raw messages (read 2026-11). SES
gives every message a Message-ID and a Date of its own, so a DKIM signature of ours, which covers both, would
not verify: it is left out, and SES signs (Easy DKIM).
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message
from newsletter.transport import web_answer
from newsletter.transport.web_answer import Answer, Meaning, json_of, refused_for_all, retry_after, shown

_SIZE = 40_000_000  # bytes of the message in base64
_SIGNATURE = b"DKIM-Signature:"
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
        **_tags(message),
        "ConfigurationOverrides": {
            "Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}
        },
        **named,
    }


def _tags(message: Message) -> dict[str, Any]:
    """Return the tags with our ids. A letter to one person is of no issue, and SES takes no empty value."""
    if not message.shared.issue:
        return {}
    # SES takes no plus sign either, which the name of a correction has.
    issue = {"Name": "digest-issue", "Value": message.shared.issue.replace("+", "_")}
    return {"EmailTags": [issue, {"Name": "digest-reader", "Value": str(message.subscriber)}]}


def delivery(tags: Mapping[str, Any]) -> str | None:
    """Return the id of the delivery that `tags` name, if any; SES gives each as a list of one."""
    match tags:
        case {"digest-issue": [str(issue)], "digest-reader": [str(reader)]}:
            return f"{issue}:{reader}".replace("_", "+")
    return None


def of_the_reader(answer: Answer) -> bool:
    """Tell whether it is certain that the message of another reader would not be refused so."""
    return answer.meaning is Meaning.REFUSED and bool(_OF_A_READER.search(answer.text))


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


def read(status: int, content: bytes, headers: Mapping[str, str], now: datetime) -> Answer:
    """Parse an HTTP answer; the names of `headers` are in small letters."""
    document = json_of(content)
    found = document if isinstance(document, dict) else {}
    named = headers.get("x-amzn-errortype") or str(found.get("__type") or found.get("code") or "")
    kind = named.partition(":")[0].rpartition("#")[2]
    said = found.get("message") or found.get("Message") or (content.decode("utf-8", "replace"))
    text = str(found.get("MessageId") or "") if status == 200 else str(said)  # noqa: PLR2004  OK
    return Answer(
        meaning=_meaning(status, kind, text),
        status=status,
        kind=re.sub("[^A-Za-z]", "", kind)[:80],
        text=shown(text),
        after=retry_after(headers.get("retry-after", ""), now),
        document=found,
    )


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
            return refused_for_all("Amazon SES", answer)
        case Answer(meaning=Meaning.LATER, status=status) if status:
            return TransportUnavailable(
                errors.Message("%(service)s asks to wait: %(said)s", service="Amazon SES", said=said),
                "Look at the sending quotas of the account, and set pace in newsletter.yaml below them. Run"
                " this again later: it goes on where it stopped.",
            )
    return web_answer.unavailable("Amazon SES", "ses.region, ses.host", answer, host)
