"""The Mailgun transport against a server on loopback that has its rules: nobody twice, nobody lost."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from newsletter.errors import ConfigError, Severity, TransportUnavailable
from newsletter.model import Message, Outcome, Verdict
from newsletter.transport import Files, describe, web_api
from newsletter.transport.mailgun import MailgunSettings
from newsletter.transport.mailgun.account import lacks
from newsletter.transport.mailgun.api import read
from newsletter.transport.mailgun.client import Mailgun
from newsletter.transport.web_answer import Meaning
from tests.faults.scene import free_port
from tests.mailgun_fake import FakeMailgun, Fields, Told, running
from tests.sending import house
from tests.transport.outgoing import Queue as Plain
from tests.web_fake import HANG, RESET

Start = Callable[..., FakeMailgun]
ANNA, BOHDAN, VIRA = "anna@a.test", "bohdan@b.test", "vira@c.test"
NOW = datetime(2025, 2, 14, 18, 0, tzinfo=UTC)


class Queue(Plain):
    """Also takes a message off the wire when it is put back."""

    def put_back(self, message: Message) -> None:
        assert message.rcpt_to not in self.receipts
        self.begun = [one for one in self.begun if one != message.rcpt_to]
        super().put_back(message)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start servers that stop with the test, for a transport that asks again at once."""
    monkeypatch.setattr(web_api, "PATIENCE", (0, 0))
    monkeypatch.setattr(web_api, "JITTER", 0)
    with ExitStack() as stack:
        yield lambda **values: stack.enter_context(running(FakeMailgun(**values)))


def transport(fake: FakeMailgun, **settings: object) -> Mailgun:
    values: dict[str, object] = {"key": fake.key, "host": fake.host, "domain": fake.domain, "timeout": 5}
    return Mailgun(**values | settings)  # type: ignore[arg-type]  # each value is of its parameter's type


def drained(fake: FakeMailgun, queue: Queue, **settings: object) -> Queue:
    asyncio.run(transport(fake, **settings).drain(queue))
    return queue


def test_each_reader_gets_the_very_bytes_over_one_connection_without_tracking(start: Start) -> None:
    fake = start()
    queue = drained(fake, Queue(ANNA, BOHDAN))
    assert fake.recipients == [ANNA, BOHDAN]
    assert fake.connections == 1
    assert queue.together == 1
    assert fake.taken[0] == {
        "to": b"anna@a.test",
        "o:tracking": b"no",
        "o:tracking-clicks": b"no",
        "o:tracking-opens": b"no",
        "v:delivery_id": b"2025-02-14:1",
        "message": b"Subject: 1\r\n\r\nHello\r\n",
    }
    receipt = queue.receipts[ANNA]
    assert (receipt.outcome, receipt.code) == (Outcome.ACCEPTED, 200)
    assert receipt.detail == "Queued. Thank you. <1@mailgun.test>"


def test_who_has_left_is_passed_over_and_a_stop_ends_it(start: Start) -> None:
    fake = start()
    queue = Queue(ANNA, BOHDAN, VIRA, verdicts={ANNA: Verdict.SUPPRESSED, VIRA: Verdict.STOP})
    assert list(drained(fake, queue).receipts) == fake.recipients == [BOHDAN]


@pytest.mark.parametrize(
    "told",
    [f"{HANG} after all", f"{RESET} after all", HANG, Told(500), Told(502), Told(503), Told(200, "Hi")],
)
def test_a_lost_answer_is_unknown_and_never_repeated(start: Start, told: Told | str) -> None:
    fake = start(answer=lambda number, _fields: told if number == 0 else None)
    queue = drained(fake, Queue(ANNA, BOHDAN), timeout=0.3)
    assert queue.outcomes == {ANNA: Outcome.UNKNOWN, BOHDAN: Outcome.ACCEPTED}
    assert [fields["to"] for fields in fake.asked] == [ANNA.encode(), BOHDAN.encode()]


def test_after_three_lost_answers_nothing_more_is_risked(start: Start) -> None:
    fake = start(answer=lambda _number, _fields: Told(500, "oops"))
    queue = Queue(*(f"{one}@x.test" for one in "abcdefgh"))
    with pytest.raises(TransportUnavailable, match="no clear answer: 500 oops"):
        drained(fake, queue)
    assert len(fake.asked) == len(queue.begun) == 3


@pytest.mark.parametrize(
    "told", [Told(429, "slow", {"Retry-After": "0"}), Told(503, "", {"Retry-After": "0"})]
)
def test_who_is_asked_to_wait_is_off_the_wire_and_gets_it_once(start: Start, told: Told) -> None:
    fake = start(answer=lambda number, _fields: told if number < 2 else None)
    queue = drained(fake, Queue(ANNA, BOHDAN))
    assert fake.recipients == queue.begun == [ANNA, BOHDAN]


@pytest.mark.parametrize(
    ("told", "words", "cure"),
    [
        (Told(429, "slow"), "asks to wait: 429 slow", "later"),
        (Told(400, "from is missing"), "refused the message itself: 400 from is missing", "approve"),
        (Told(401, "Forbidden"), "the key or the account: 401 Forbidden", "MAILGUN_API_KEY"),
        (Told(402, "pay"), "402 pay", "paid"),
        (Told(403, "not allowed to send"), "403 not allowed to send", "verified"),
        (Told(404, "Domain not found"), "does not know the domain", "api.eu.mailgun.net"),
        (Told(308, ""), "cannot be used: 308", "mailgun.host"),
    ],
)
def test_what_is_wrong_for_all_ends_the_run_and_nobody_is_uncertain(
    start: Start, told: Told, words: str, cure: str
) -> None:
    fake, queue = start(answer=lambda _number, _fields: told), Queue(ANNA, BOHDAN)
    with pytest.raises(TransportUnavailable) as caught:
        drained(fake, queue)
    assert words in caught.value.message
    assert cure in caught.value.hint
    assert queue.begun == fake.recipients == []


def test_a_service_that_cannot_be_reached_leaves_everybody_open(start: Start) -> None:
    fake, queue = start(), Queue(ANNA)
    with pytest.raises(TransportUnavailable, match="cannot be used"):
        drained(fake, queue, host=f"http://127.0.0.1:{free_port()}")
    assert queue.begun == []


def test_one_bad_address_is_refused_and_the_others_get_theirs(start: Start) -> None:
    fake = start()
    queue = drained(fake, Queue("nobody@x.invalid", "a@x.test,b@x.test", VIRA))
    assert fake.recipients == [VIRA], "a comma would have made two of one reader"
    assert queue.receipts["nobody@x.invalid"].detail.startswith("'to' parameter is not a valid address")
    assert queue.receipts["a@x.test,b@x.test"].detail == "not sent: not one address"
    assert len(fake.asked) == 2


def test_what_is_too_large_never_reaches_a_socket(start: Start) -> None:
    fake = start()
    queue = drained(fake, Queue(ANNA, size=25_000_000))
    assert (queue.receipts[ANNA].outcome, queue.receipts[ANNA].code) == (Outcome.REFUSED, 413)
    assert fake.asked == []


def test_a_check_sends_nothing_and_names_the_cure(start: Start) -> None:
    fake = start()
    asyncio.run(transport(fake).check())
    assert fake.taken == []
    for wrong, words in (({"key": "no"}, "401 Forbidden"), ({"domain": "other.example"}, "the domain: 404")):
        with pytest.raises(TransportUnavailable, match=words):
            asyncio.run(transport(fake, **wrong).check())


def test_a_failure_holds_until_a_check_succeeds(start: Start) -> None:
    fake = start(answer=lambda number, _fields: Told(403, "no") if number == 0 else None)
    sending = transport(fake)
    for _ in range(2):
        with pytest.raises(TransportUnavailable):
            asyncio.run(sending.drain(Queue(ANNA)))
    assert len(fake.asked) == 1
    asyncio.run(sending.check())
    asyncio.run(sending.drain(Queue(ANNA)))
    assert fake.recipients == [ANNA]


def test_the_account_is_asked_whether_the_domain_is_verified(start: Start) -> None:
    fake = start()
    assert lacks(fake.key, fake.host, fake.domain) == []
    fake.state = "unverified"
    [problem] = lacks(fake.key, fake.host, fake.domain)
    assert (problem.severity, "it is unverified" in str(problem.text)) == (Severity.ERROR, True)
    fake.state = None
    [problem] = lacks(fake.key, fake.host, fake.domain)
    assert problem.severity is Severity.WARNING
    with pytest.raises(TransportUnavailable, match="Domain not found"):
        lacks(fake.key, fake.host, "other.example")


def test_domain_and_key_are_asked_for_and_the_key_of_a_way_is_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = Files(folder=tmp_path_factory.getbasetemp(), prefix="")
    make = describe("mailgun").make
    known = MailgunSettings(domain="news.example.org")
    monkeypatch.delenv("MAILGUN_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="domain is not set"):
        make(MailgunSettings(), files)
    with pytest.raises(ConfigError, match="MAILGUN_API_KEY is not set"):
        make(known, files)
    monkeypatch.setenv("MAILGUN_API_KEY", "a b")
    with pytest.raises(ConfigError, match="characters that no key has"):
        make(known, files)
    monkeypatch.setenv("MAILGUN_API_KEY", "key")
    assert make(known, files).connections == describe("mailgun").at_risk(known) == 4


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("99999999999999", 120),
        ("Fri, 14 Feb 2025 18:00:07 GMT", 7),
        ("Fri, 14 Feb 2025 17:00:00 GMT", 0),
        ("soon", 4),
        ("", 4),
    ],
)
def test_the_wait_is_what_mailgun_says_and_never_long(header: str, seconds: float) -> None:
    assert read(429, b"", {"Retry-After": header}, NOW).wait(otherwise=4) == seconds


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"id": null}'])
def test_an_answer_that_is_not_what_it_should_be_is_unknown(content: bytes) -> None:
    assert read(200, content, {}, NOW).meaning is Meaning.LOST


def test_a_whole_issue_reaches_everybody_once_whatever_happens(sqlite_engine: Engine, start: Start) -> None:
    def trouble(number: int, _fields: Fields) -> Told | str | None:
        return Told(429, "slow") if number == 3 else f"{RESET} after all" if number == 7 else None

    house.people(sqlite_engine, 40)
    house.approve(sqlite_engine)
    fake = start(answer=trouble)
    for _ in range(2):
        house.send(sqlite_engine, transport(fake))
    assert house.outcomes(sqlite_engine) == {"accepted": 39, "unknown": 1}
    assert sorted(fake.recipients) == sorted(house.address(one) for one in range(1, 41))
    message = fake.taken[0]["message"]
    for header in (
        b"Message-ID: <",
        b"List-Unsubscribe: <https://",
        b"List-Unsubscribe-Post: List-Unsubscribe=One",
    ):
        assert header in message
