"""The Postmark transport against a server on loopback that has its limits."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from newsletter.errors import ConfigError, Problem, TransportUnavailable
from newsletter.model import Message, Outcome, Receipt, Verdict
from newsletter.sending.personal import Writer
from newsletter.slots import fill_html, fill_text
from newsletter.store.ledger import Due
from newsletter.transport import Files, describe, web_api
from newsletter.transport.postmark import PostmarkSettings, account, api
from newsletter.transport.postmark import client as postmark
from newsletter.transport.postmark.client import Postmark
from tests.drawn import image
from tests.faults.scene import free_port
from tests.postmark_fake import Entry, FakePostmark, Told, address, running
from tests.sending import house
from tests.transport.test_sendgrid import ANNA, BOHDAN, VIRA, Queue, crowd
from tests.transport.test_sendgrid_request import PAGE, write
from tests.web_fake import HANG, RESET

Start = Callable[[FakePostmark], FakePostmark]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start servers that stop with the test, for a transport that asks again at once."""
    monkeypatch.setattr(web_api, "PATIENCE", (0, 0))
    monkeypatch.setattr(web_api, "JITTER", 0)
    with ExitStack() as stack:
        yield lambda fake: stack.enter_context(running(fake))


def transport(fake: FakePostmark, *, batch: int = 100, token: str = "", timeout: float = 5) -> Postmark:
    return Postmark(
        token=token or fake.token, host=fake.host, stream="broadcast", batch=batch, timeout=timeout
    )


def against(*addresses: str, code: int, words: str) -> Callable[[Entry], tuple[int, str] | None]:
    """Return what refuses messages to these addresses."""
    return lambda entry: (code, words) if address(entry) in addresses else None


def test_a_message_is_whole_for_its_reader_and_nothing_is_counted() -> None:
    message = write(7, "o'neil@example.org", 'Олена "мер" <x>; Київ')
    entry = api.entry(message, "broadcast")
    assert entry["To"] == '"Олена мер x ; Київ" <o\'neil@example.org>'
    assert entry["From"] == f'"{house.SHARED.from_name}" <{house.SHARED.from_address}>'
    assert entry["HtmlBody"] == fill_html(PAGE.html, message.values)
    assert entry["TextBody"] == fill_text(PAGE.text, message.values)
    assert (entry["TrackOpens"], entry["TrackLinks"]) == (False, "None")
    assert entry["MessageStream"] == "broadcast"
    assert entry["Metadata"] == {"delivery_id": f"{house.NAME}:7"}
    headers = {one["Name"]: one["Value"] for one in entry["Headers"]}
    assert headers.pop("X-PM-KeepID") == "true", "else Postmark replaces the Message-ID"
    assert headers.keys() == {"Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"}
    written = b"\r\n" + message.content.replace(b"\r\n ", b" ")
    for name, value in headers.items():
        assert f"\r\n{name}: {value}\r\n".encode() in written, "as by SMTP"


def test_a_note_that_nobody_can_unsubscribe_from_does_not_say_otherwise() -> None:
    message = write(0, "editor@a.test")
    entry = api.entry(replace(message, values=dict.fromkeys(message.values, "")), "broadcast")
    assert [one["Name"] for one in entry["Headers"]] == ["Message-ID", "X-PM-KeepID", "Auto-Submitted"]


def test_pictures_are_attachments_that_the_html_shows_by_their_content_id() -> None:
    one = image(b"one")
    page = replace(PAGE, html=f'<img src="cid:{one.cid}">{PAGE.html}', pictures=(one,))
    message = Writer(page, house.SHARED, house.SIGNER).write(Due(7, "a@b.test", "", "e", 1), house.NOW)
    (attached,) = api.entry(message, "broadcast")["Attachments"]
    assert (attached["ContentID"], attached["ContentType"]) == (f"cid:{one.cid}", "image/jpeg")


@pytest.mark.parametrize(
    "reader", ["олена@a.test", "a..b@a.test", ".a@a.test", '"a b"@a.test', "a@міста.укр", "a"]
)
def test_an_address_that_postmark_takes_from_nobody_is_refused_here(start: Start, reader: str) -> None:
    fake, queue = start(FakePostmark()), Queue(ANNA, reader, VIRA)
    asyncio.run(transport(fake).drain(queue))
    assert queue.outcomes == {ANNA: Outcome.ACCEPTED, reader: Outcome.REFUSED, VIRA: Outcome.ACCEPTED}
    assert [address(entry) for entry in fake.asked[0]] == [ANNA, VIRA]


@pytest.mark.parametrize(("people", "batch", "slices"), [(1, 50, [1]), (250, 100, [50, 100, 100])])
def test_people_are_cut_into_full_requests_over_kept_connections(
    start: Start, people: int, batch: int, slices: list[int]
) -> None:
    fake, queue = start(FakePostmark()), Queue(*crowd(people))
    asyncio.run(transport(fake, batch=batch).drain(queue))
    assert sorted(map(len, fake.asked)) == slices
    assert sorted(fake.recipients) == sorted(crowd(people))
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}
    assert fake.connections <= 4
    assert "OK 00000001 e38e 4336 af7d e6c392c2f817" in {one.detail for one in queue.receipts.values()}


def test_connections_are_kept(start: Start) -> None:
    fake, queue = start(FakePostmark()), Queue(*crowd(40))
    asyncio.run(transport(fake, batch=1).drain(queue))
    assert len(fake.asked) == 40
    assert fake.connections <= 4


def test_nothing_leaves_without_leave_to_begin(start: Start) -> None:
    people = crowd(100)
    fake, queue = start(FakePostmark()), Queue(*people, verdicts=dict.fromkeys(people[5:], Verdict.STOP))
    asyncio.run(transport(fake, batch=10).drain(queue))
    assert fake.recipients == list(queue.receipts) == people[:5]


@pytest.mark.parametrize(
    "told",
    [f"{HANG} after all", f"{RESET} after all", HANG, RESET, Told(500, 500), Told(502), Told(200, 0)],
)
def test_a_lost_answer_is_unknown_for_the_whole_request_and_no_other(start: Start, told: Told | str) -> None:
    fake = start(FakePostmark(answer=lambda number, _entries: told if number == 0 else None))
    queue = Queue(*crowd(40))
    asyncio.run(transport(fake, batch=10, timeout=0.3).drain(queue))
    unknown = {address(entry) for entry in fake.asked[0]}
    assert {who for who, outcome in queue.outcomes.items() if outcome is Outcome.UNKNOWN} == unknown
    assert len(unknown) == 10
    assert Counter(queue.outcomes.values())[Outcome.ACCEPTED] == 30
    assert [len(entries) for entries in fake.asked] == [10] * 4, "nothing is asked twice"


def test_after_some_lost_answers_in_a_row_nothing_more_is_risked(start: Start) -> None:
    fake, queue = start(FakePostmark(answer=lambda _number, _entries: Told(500))), Queue(*crowd(1000))
    with pytest.raises(TransportUnavailable, match="no clear answer: 500"):
        asyncio.run(transport(fake, batch=10).drain(queue))
    assert 3 <= len(fake.asked) <= 6
    assert Counter(queue.outcomes.values()) == {Outcome.UNKNOWN: 10 * len(fake.asked)}
    assert queue.certain


@pytest.mark.parametrize(
    "told", [Told(429, headers={"Retry-After": "0"}), Told(503, 100, "Maintenance"), Told(422, 429, "slow")]
)
def test_a_storm_costs_nobody_their_message(start: Start, told: Told) -> None:
    fake = start(FakePostmark(answer=lambda number, _entries: told if number < 2 else None))
    queue = Queue(*crowd(40))
    asyncio.run(transport(fake, batch=10).drain(queue))
    assert sorted(fake.recipients) == sorted(crowd(40))
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}


def test_only_who_was_put_off_is_sent_again(start: Start) -> None:
    turns = iter([(429, "Rate limit"), None])
    fake = FakePostmark(judge=lambda entry: next(turns) if address(entry) == BOHDAN else None)
    queue = Queue(ANNA, BOHDAN, VIRA)
    asyncio.run(transport(start(fake)).drain(queue))
    assert [list(map(address, entries)) for entries in fake.asked] == [[ANNA, BOHDAN, VIRA], [BOHDAN]]
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}
    assert queue.certain


def test_a_storm_without_end_ends_the_run_and_leaves_everybody_open(start: Start) -> None:
    fake = start(FakePostmark(answer=lambda _number, _entries: Told(429, message="too many")))
    queue = Queue(*crowd(30))
    with pytest.raises(TransportUnavailable, match="asks to wait: 429"):
        asyncio.run(transport(fake, batch=10).drain(queue))
    assert queue.begun == []


def test_a_request_that_is_too_large_goes_in_halves_and_who_is_too_large_alone_is_refused(
    start: Start,
) -> None:
    fake = FakePostmark(answer=lambda _n, entries: Told(413) if ANNA in map(address, entries) else None)
    queue = Queue("refused@here@a.test", ANNA, *crowd(7))
    asyncio.run(transport(start(fake)).drain(queue))
    assert sorted(fake.recipients) == sorted(crowd(7))
    assert queue.receipts[ANNA].outcome is Outcome.REFUSED
    assert queue.certain


def test_a_request_over_the_limit_is_halved_before_it_is_sent(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmark, "LARGEST", 5000)
    fake, queue = start(FakePostmark()), Queue(*crowd(8))
    asyncio.run(transport(fake).drain(queue))
    assert sorted(fake.recipients) == sorted(crowd(8))
    assert all(len(json.dumps(entries, ensure_ascii=False).encode()) < 6000 for entries in fake.asked)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (406, "You tried to send to an inactive recipient. Found inactive addresses: bohdan@b.test."),
        (300, "Invalid 'To' address: 'bohdan@b.test'."),
        (300, "Error parsing 'To': Illegal email domain in address 'bohdan@b.test'."),
        (999, "something new about one reader"),
    ],
)
def test_one_refused_reader_is_refused_for_good_and_the_others_get_their_message(
    start: Start, code: int, words: str
) -> None:
    fake = start(FakePostmark(judge=against(BOHDAN, code=code, words=words)))
    queue = Queue(ANNA, BOHDAN, VIRA)
    asyncio.run(transport(fake).drain(queue))
    assert fake.recipients == [ANNA, VIRA]
    assert queue.receipts[BOHDAN].outcome is Outcome.REFUSED
    assert queue.receipts[BOHDAN].code == code
    assert "bohdan@" not in queue.receipts[BOHDAN].detail
    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    ("code", "words", "told", "cure"),
    [
        (300, "Invalid 'From' address.", "refused the message itself: 300", "approve"),
        (401, "Sender signature not confirmed", "refused the token or the sender: 401", "sender.address"),
        (405, "Not allowed to send: out of credits", "refused the token or the sender: 405", "paid for"),
        (412, "Account is pending", "refused the token or the sender: 412", "approved"),
    ],
)
def test_what_is_wrong_for_all_ends_the_run_and_loses_nobody(
    start: Start, code: int, words: str, told: str, cure: str
) -> None:
    fake, queue = start(FakePostmark(judge=lambda _entry: (code, words))), Queue(*crowd(1000))
    with pytest.raises(TransportUnavailable) as caught:
        asyncio.run(transport(fake, batch=10).drain(queue))
    assert told in caught.value.message
    assert cure in caught.value.hint
    assert len(fake.asked) <= 4
    assert fake.taken == []
    assert queue.begun == []


def test_a_letter_that_no_service_would_take_never_reaches_a_socket(start: Start) -> None:
    fake, queue = start(FakePostmark()), Queue(*crowd(30), pages=(replace(PAGE, subject=""),))
    with pytest.raises(TransportUnavailable, match="not sent: an empty subject"):
        asyncio.run(transport(fake).drain(queue))
    assert fake.asked == []
    assert queue.begun == []


@pytest.mark.usefixtures("start")
def test_a_service_that_cannot_be_reached_is_named_and_nobody_is_uncertain() -> None:
    nobody = transport(FakePostmark(host=f"http://127.0.0.1:{free_port()}"))
    queue = Queue(*crowd(30))
    for work in (nobody.drain(queue), nobody.check()):
        with pytest.raises(TransportUnavailable, match=r"127\.0\.0\.1:\d+ cannot be used: "):
            asyncio.run(work)
    assert queue.begun == []


def test_check_is_content_with_a_live_server_and_a_stream_for_bulk_mail(start: Start) -> None:
    fake = start(FakePostmark())
    asyncio.run(transport(fake).check())
    assert fake.asked == []


@pytest.mark.parametrize(
    ("fake", "token", "words", "cure"),
    [
        (FakePostmark(), "wrong", "refused the token or the sender: 10", "POSTMARK_SERVER_TOKEN"),
        (FakePostmark(server={"DeliveryType": "Sandbox"}), "", "a sandbox", "live server"),
        (FakePostmark(server={"TrackOpens": True}), "", "counts openings", "open tracking"),
        (FakePostmark(kind="Transactional"), "", "not one for bulk mail", "postmark.stream"),
    ],
)
def test_check_names_what_is_wrong(
    start: Start, fake: FakePostmark, token: str, words: str, cure: str
) -> None:
    with pytest.raises(TransportUnavailable) as caught:
        asyncio.run(transport(start(fake), token=token).check())
    assert words in caught.value.message
    assert cure in caught.value.hint


def test_a_stream_that_postmark_does_not_know_is_named(start: Start) -> None:
    fake = start(FakePostmark())
    with pytest.raises(TransportUnavailable, match="stream news is not one"):
        asyncio.run(Postmark(token=fake.token, host=fake.host, stream="news", batch=1).check())


@pytest.mark.parametrize(("handling", "count"), [("Custom", 1), ("Postmark", 2)])
def test_doctor_tells_of_postmark_s_own_unsubscribe_link_and_of_what_it_cannot_see(
    start: Start, handling: str, count: int
) -> None:
    fake = start(FakePostmark(handling=handling))
    found: Sequence[Problem] = account.lacks(fake.token, fake.host, "broadcast", "news.example.org")
    assert len(found) == count
    assert "news.example.org" in str(found[-1])


@pytest.mark.parametrize(
    ("token", "words"),
    [(None, "not set"), ("POSTMARK_API_TEST", "nobody gets anything"), ("a b", "like spaces")],
)
def test_a_token_that_cannot_work_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, token: str | None, words: str
) -> None:
    monkeypatch.delenv("POSTMARK_SERVER_TOKEN", raising=False)
    if token:
        monkeypatch.setenv("POSTMARK_SERVER_TOKEN", token)
    with pytest.raises(ConfigError, match=words):
        describe("postmark").make(PostmarkSettings(), Files(folder=tmp_path, prefix=""))  # type: ignore[arg-type]


def test_the_token_and_the_letter_are_in_no_log(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    fake = start(FakePostmark(answer=lambda number, _entries: Told(401, 10, "no") if number else None))
    for name in ("", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, name)
    sending = transport(fake, batch=1)
    asyncio.run(sending.check())
    with pytest.raises(TransportUnavailable) as caught:
        asyncio.run(sending.drain(Queue(ANNA, BOHDAN)))
    assert "/email/batch" in caplog.text, "the log is caught"
    shown = f"{caplog.text}{caught.value!r}{caught.value.hint}{sending!r}"
    assert fake.token not in shown
    assert ANNA not in shown


def test_a_delivery_goes_on_where_it_stopped_and_sends_nobody_twice(
    sqlite_engine: Engine, start: Start
) -> None:
    house.people(sqlite_engine, 120)
    house.approve(sqlite_engine)
    plan = (None, f"{RESET} after all", None)
    revoked = Told(401, 10, "revoked")
    fake = start(FakePostmark(answer=lambda number, _entries: plan[number] if number < 3 else revoked))
    with pytest.raises(TransportUnavailable, match="revoked"):
        house.send(sqlite_engine, transport(fake, batch=20))
    assert house.outcomes(sqlite_engine) == {"accepted": 40, "unknown": 20}
    fake.answer = lambda _number, _entries: None
    house.send(sqlite_engine, transport(fake, batch=20))
    assert house.outcomes(sqlite_engine) == {"accepted": 100, "unknown": 20}
    assert sorted(fake.recipients) == sorted(house.address(one) for one in range(1, 121))
    assert house.state(sqlite_engine) == "sent"


def test_a_message_that_waits_for_one_held_back_here_lets_that_one_go(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_api, "LULL", 0.05)

    class Careful(Queue):
        """Gives the second message when the first has been answered."""

        given, answered = 0, asyncio.Event()

        async def next(self) -> Message | None:
            self.given += 1
            if self.given > 1:
                await self.answered.wait()
            return self.ready()

        def finish(self, message: Message, receipt: Receipt) -> None:
            super().finish(message, receipt)
            self.answered.set()

    fake = start(FakePostmark())
    asyncio.run(asyncio.wait_for(transport(fake).drain(Careful(ANNA, BOHDAN)), 5))
    assert fake.recipients == [ANNA, BOHDAN]
