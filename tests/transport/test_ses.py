"""The transport for Amazon SES against a server on loopback that has its rules."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import pytest

from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Outcome, Verdict
from newsletter.redaction import readable
from newsletter.transport import web_api
from newsletter.transport.ses import account
from newsletter.transport.ses.api import delivery, read, refuse, request
from newsletter.transport.ses.client import Ses
from newsletter.transport.ses.signature import Keys, signed
from newsletter.transport.web_answer import Meaning
from tests.sending import house
from tests.ses_fake import Body, FakeSes, Told, running
from tests.transport.test_sendgrid import Queue, crowd
from tests.transport.test_sendgrid_request import write
from tests.web_fake import HANG, RESET

ANNA, BOHDAN, VIRA = "anna@a.test", "bohdan@b.test", "vira@c.test"
# Keys and signatures are of AWS's Signature Version 4 Test Suite.
KEYS = Keys(access="AKIDEXAMPLE", secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")  # noqa: S106
SESSION = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt"
    "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVX"
    "AkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)


class Start(Protocol):
    """Starts a server that stops with the test."""

    def __call__(self, fake: FakeSes, /) -> FakeSes: ...


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start servers that stop with the test, for a transport that asks again at once."""
    monkeypatch.setattr(web_api, "PATIENCE", (0, 0))
    monkeypatch.setattr(web_api, "JITTER", 0)
    with ExitStack() as stack:
        yield lambda fake: stack.enter_context(running(fake))


def transport(fake: FakeSes, *, access: str = "AKIDEXAMPLE", name: str = "", timeout: float = 5) -> Ses:
    return Ses(
        keys=Keys(access=access, secret=KEYS.secret),
        host=fake.host,
        region="eu-central-1",
        configuration_set=name,
        connections=3,
        timeout=timeout,
    )


def sent(fake: FakeSes, queue: Queue, name: str = "", timeout: float = 5) -> Ses:
    """Send `queue` over one connection."""
    ses = transport(fake, name=name, timeout=timeout)
    asyncio.run(ses.drain(queue))
    return ses


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "session", "signature"),
    [
        ("GET", "/", {}, b"", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", {}, b"", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            *("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", {}, b"", ""),
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ),
        (
            *("GET", "/", {"My-Header1": " value1", "My-Header2": '"a   b   c"'}, b"", ""),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            *("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Param1=value1", ""),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        ("POST", "/", {}, b"", SESSION, "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
    ],
    ids=["get-vanilla", "post-vanilla", "get-unreserved", "get-header-value-trim", "post-form", "post-sts"],
)
def test_requests_are_signed_as_aws_publishes(  # noqa: PLR0913, PLR0917  the columns of its suite
    method: str, path: str, headers: dict[str, str], body: bytes, session: str, signature: str
) -> None:
    keys = Keys(access=KEYS.access, secret=KEYS.secret, session=session)
    moment = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    url = f"https://example.amazonaws.com{path}"
    found = signed(keys, method, url, headers, body, region="us-east-1", service="service", now=moment)
    assert found["authorization"].endswith(f"Signature={signature}")
    assert KEYS.secret not in repr(keys)


def test_every_reader_gets_their_own_finished_message_over_connections_that_stay_open(start: Start) -> None:
    fake, queue = start(FakeSes()), Queue(*crowd(60))
    ses = transport(fake, name="digest")

    async def drained() -> None:
        await asyncio.gather(*(ses.drain(queue) for _ in range(ses.connections)))

    asyncio.run(drained())
    assert sorted(fake.recipients) == sorted(crowd(60))
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}
    assert {one.code for one in queue.receipts.values()} == {200}
    assert all(one.detail.startswith("0107-") for one in queue.receipts.values())
    assert fake.connections == 3
    for body, mail in zip(fake.taken, fake.messages, strict=True):
        assert mail["To"].endswith(body["Destination"]["ToAddresses"][0])
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["List-Unsubscribe"].startswith("<https://")
        assert body["ConfigurationSetName"] == "digest"
        assert body["ConfigurationOverrides"]["Tracking"] == {
            "OpenTrackingEnabled": "DISABLED",
            "ClickTrackingEnabled": "DISABLED",
        }


def test_a_request_carries_our_ids_our_return_path_and_the_message_as_it_is() -> None:
    message = write(7, ANNA)
    body = request(message, "")
    assert {tag["Name"]: tag["Value"] for tag in body["EmailTags"]} == {
        "digest-issue": house.NAME,
        "digest-reader": "7",
    }
    assert body["FeedbackForwardingEmailAddress"] == message.mail_from
    assert "ConfigurationSetName" not in body
    assert refuse(body) is None


@pytest.mark.parametrize("name", ["2025-02-14", "2025-02-14+2", ""], ids=["issue", "correction", "letter"])
def test_ses_takes_the_tags_of_every_message_and_they_name_the_delivery(name: str) -> None:
    message = write(7, ANNA)
    body = request(replace(message, shared=replace(message.shared, issue=name)), "")
    assert FakeSes().refusal(body) is None
    tags = {tag["Name"]: [tag["Value"]] for tag in body.get("EmailTags", ())}
    assert delivery(tags) == (f"{name}:7" if name else None)


def test_our_dkim_signature_which_ses_would_break_is_left_out() -> None:
    plain = write(7, ANNA)
    signed_one = Message(
        **{
            **{name: getattr(plain, name) for name in plain.__dataclass_fields__},
            "build": lambda: [b"DKIM-Signature: v=1; d=x\r\n", *plain.pieces],
        }
    )
    assert request(signed_one, "")["Content"] == request(plain, "")["Content"]


def test_what_ses_would_refuse_is_refused_here_and_the_others_get_theirs(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, queue = start(FakeSes()), Queue("олена@a.test", BOHDAN)
    sent(fake, queue)
    assert queue.outcomes == {"олена@a.test": Outcome.REFUSED, BOHDAN: Outcome.ACCEPTED}
    assert len(fake.asked) == 1
    monkeypatch.setattr("newsletter.transport.ses.api._SIZE", 100)
    found = refuse(request(write(1, ANNA), ""))
    assert found is not None
    assert found.meaning is Meaning.REFUSED


@pytest.mark.parametrize(
    ("status", "kind", "message", "meaning"),
    [
        (429, "TooManyRequestsException", "Maximum sending rate exceeded.", Meaning.LATER),
        (429, "", "", Meaning.LATER),
        (400, "LimitExceededException", "Daily message quota exceeded.", Meaning.LATER),
        (503, "ServiceUnavailable", "", Meaning.LATER),
        (503, "", "<html>", Meaning.LOST),
        (500, "InternalFailure", "", Meaning.LOST),
        (504, "", "", Meaning.LOST),
        (400, "AccountSuspendedException", "x", Meaning.STOP),
        (400, "SendingPausedException", "x", Meaning.STOP),
        (400, "MailFromDomainNotVerifiedException", "x", Meaning.STOP),
        (400, "MessageRejected", "Email address is not verified. The following …", Meaning.STOP),
        (400, "MessageRejected", "Transaction failed: virus", Meaning.REFUSED),
        (400, "BadRequestException", "Illegal address", Meaning.REFUSED),
        (400, "com.amazonaws.ses#BadRequestException:http://x/", "Illegal address", Meaning.REFUSED),
        (404, "NotFoundException", "Configuration set", Meaning.STOP),
        (403, "SignatureDoesNotMatch", "", Meaning.STOP),
        (401, "", "", Meaning.STOP),
        (413, "", "", Meaning.REFUSED),
        (301, "", "", Meaning.STOP),
        (200, "", "", Meaning.LOST),
    ],
)
def test_an_answer_has_one_meaning(status: int, kind: str, message: str, meaning: Meaning) -> None:
    content = b'{"message": "%s"}' % message.encode()
    headers = {"x-amzn-errortype": kind} if kind else {}
    assert read(status, content, headers, house.NOW).meaning is meaning
    if kind:
        typed = b'{"__type": "%s", "message": "%s"}' % (kind.encode(), message.encode())
        assert read(status, typed, {}, house.NOW).meaning is meaning


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b"\xff", b"[" * 100_000, b'{"message": null}'])
def test_an_answer_that_is_not_what_it_should_be_is_read_all_the_same(content: bytes) -> None:
    assert read(400, content, {}, house.NOW).meaning is Meaning.STOP
    assert read(200, content, {}, house.NOW).meaning is Meaning.LOST


@pytest.mark.parametrize(("given", "seconds"), [("7", 7), ("9999", 120), ("soon", 4), ("", 4)])
def test_the_wait_is_what_ses_says_and_never_long(given: str, seconds: float) -> None:
    assert read(429, b"{}", {"retry-after": given}, house.NOW).wait(otherwise=4) == seconds


def test_after_a_throttle_the_same_message_goes_again(start: Start) -> None:
    slow = Told(429, "TooManyRequestsException", "rate", {"Retry-After": "0"})
    fake = start(FakeSes(answer=lambda number, _: slow if number == 0 else None))
    queue = Queue(ANNA, BOHDAN)
    sent(fake, queue)
    assert fake.recipients == [ANNA, BOHDAN]
    assert queue.certain
    assert queue.tried == 3


def test_a_throttle_without_end_stops_and_leaves_everybody_pending(start: Start) -> None:
    fake = start(FakeSes(answer=lambda *_: Told(429, "TooManyRequestsException", "rate")))
    queue = Queue(ANNA, BOHDAN)
    with pytest.raises(TransportUnavailable, match="asks to wait: 429"):
        sent(fake, queue)
    assert (queue.begun, queue.receipts, fake.taken) == ([], {}, [])


@pytest.mark.parametrize("answer", [RESET, f"{RESET} after all", HANG, f"{HANG} after all"])
def test_a_lost_answer_is_unknown_and_never_repeated(start: Start, answer: str) -> None:
    fake = start(FakeSes(answer=lambda number, _: answer if number == 0 else None))
    queue = Queue(ANNA, BOHDAN)
    sent(fake, queue, timeout=0.3)
    assert queue.outcomes == {ANNA: Outcome.UNKNOWN, BOHDAN: Outcome.ACCEPTED}
    assert len(fake.asked) == 2


def test_three_lost_answers_in_a_row_stop_the_sending(start: Start) -> None:
    fake, queue = start(FakeSes(answer=lambda *_: RESET)), Queue(*crowd(9))
    with pytest.raises(TransportUnavailable, match="no clear answer"):
        sent(fake, queue)
    assert set(queue.outcomes.values()) == {Outcome.UNKNOWN}
    assert len(fake.asked) == len(queue.outcomes) == 3


def test_nobody_listening_is_certainly_not_sent(start: Start) -> None:
    fake, queue = FakeSes(host="http://127.0.0.1:9"), Queue(ANNA)
    start(FakeSes())
    with pytest.raises(TransportUnavailable, match=r"127\.0\.0\.1:9 cannot be used"):
        sent(fake, queue)
    assert (queue.begun, queue.receipts) == ([], {})


@pytest.mark.parametrize(
    ("told", "words", "cure"),
    [
        (Told(400, "AccountSuspendedException", "x"), "suspended", "AWS Support"),
        (Told(400, "SendingPausedException", "x"), "paused", "resume"),
        (Told(400, "MailFromDomainNotVerifiedException", "x"), "MAIL FROM", "MX record"),
        (Told(400, "MessageRejected", "Email address is not verified."), "sender or reader", "sandbox"),
        (Told(404, "NotFoundException", "x"), "does not know", "configuration_set"),
        (Told(403, "SignatureDoesNotMatch", "x"), "access key: 403", "clock"),
    ],
)
def test_what_no_message_would_get_past_stops_at_once_and_names_the_cure(
    start: Start, told: Told, words: str, cure: str
) -> None:
    fake, queue = start(FakeSes(answer=lambda *_: told)), Queue(ANNA, BOHDAN)
    with pytest.raises(TransportUnavailable, match=words) as caught:
        sent(fake, queue)
    assert cure in caught.value.hint
    assert (queue.begun, queue.receipts, len(fake.asked)) == ([], {}, 1)


def test_refusals_of_readers_go_on_and_those_that_may_be_of_everybody_stop(start: Start) -> None:
    people = crowd(5)
    fake = start(FakeSes(answer=lambda *_: Told(400, "BadRequestException", "Domain contains control")))
    queue = Queue(*people)
    sent(fake, queue)
    assert queue.outcomes == dict.fromkeys(people, Outcome.REFUSED)
    fake.answer = lambda *_: Told(400, "BadRequestException", "Tag is invalid")
    queue = Queue(*people)
    with pytest.raises(TransportUnavailable, match="refused the message itself"):
        sent(fake, queue)
    assert len(queue.receipts) == 3


def test_who_has_left_gets_nothing_and_a_stop_stops(start: Start) -> None:
    fake = start(FakeSes())
    queue = Queue(ANNA, BOHDAN, VIRA, verdicts={ANNA: Verdict.SUPPRESSED, VIRA: Verdict.STOP})
    sent(fake, queue)
    assert fake.recipients == [BOHDAN]
    assert queue.outcomes == {BOHDAN: Outcome.ACCEPTED}


def test_check_sends_nothing_and_finds_out_whether_sending_would_work(start: Start) -> None:
    fake = start(FakeSes())
    ses = transport(fake)
    asyncio.run(ses.check())
    assert fake.asked == []
    fake.account |= {"SendingEnabled": False}
    with pytest.raises(TransportUnavailable, match="paused"):
        asyncio.run(ses.check())
    fake.account = {}
    with pytest.raises(TransportUnavailable, match="does not answer like"):
        asyncio.run(ses.check())
    with pytest.raises(TransportUnavailable, match="refused the access key"):
        asyncio.run(transport(fake, access="AKIDWRONG").check())


def test_once_unavailable_it_sends_nothing_until_a_check_succeeds(start: Start) -> None:
    paused = Told(400, "SendingPausedException")
    fake = start(FakeSes(answer=lambda number, _: paused if number == 0 else None))
    ses, queue = transport(fake), Queue(ANNA, BOHDAN)
    for _ in range(2):
        with pytest.raises(TransportUnavailable, match="paused"):
            asyncio.run(ses.drain(queue))
    assert len(fake.asked) == 1
    asyncio.run(ses.check())
    asyncio.run(ses.drain(queue))
    assert sorted(fake.recipients) == [ANNA, BOHDAN]


SIGNS = {"Status": "SUCCESS", "SigningEnabled": True}
GOOD: Body = {"VerifiedForSendingStatus": True, "DkimAttributes": SIGNS}


@pytest.mark.parametrize(
    ("identities", "production", "words"),
    [
        ({"news.example.org": GOOD}, True, []),
        ({"example.org": GOOD}, True, []),
        ({}, True, ["no identity for news.example.org"]),
        ({"news.example.org": {"VerifiedForSendingStatus": False}}, True, ["has not verified"]),
        ({"news.example.org": {"VerifiedForSendingStatus": True}}, True, ["does not sign"]),
        ({"example.org": GOOD}, False, ["in the sandbox"]),
    ],
)
def test_the_account_is_asked_whether_it_may_send_from_the_domain(
    start: Start, identities: dict[str, Body], production: bool, words: list[str]
) -> None:
    fake = start(FakeSes(identities=identities))
    fake.account |= {"ProductionAccessEnabled": production}
    found = account.lacks(KEYS, fake.host, "eu-central-1", "news.example.org")
    assert len(found) == len(words)
    assert all(word in one.text for word, one in zip(words, found, strict=True))
    assert all(readable(str(one.hint)) for one in found)
