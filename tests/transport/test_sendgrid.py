"""The SendGrid transport against a server on loopback that has its limits."""

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import pytest

from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Outcome, Receipt, Rendered, Verdict
from newsletter.sending.personal import Writer
from newsletter.store.ledger import Due
from newsletter.transport import web_api
from newsletter.transport.sendgrid.client import SendGrid
from tests.faults.scene import free_port
from tests.sendgrid_fake import Body, FakeSendGrid, Told, running
from tests.sending import house
from tests.transport.test_sendgrid_request import PAGE
from tests.web_fake import HANG, RESET

Start = Callable[[FakeSendGrid], FakeSendGrid]
ANNA, BOHDAN, VIRA = "anna@a.test", "bohdan@b.test", "vira@c.test"


class Queue:
    """An `Outgoing` over a list: remembers what was begun and what became of it."""

    def __init__(
        self,
        *recipients: str,
        verdicts: dict[str, Verdict] | None = None,
        pages: tuple[Rendered, ...] = (PAGE,),
    ) -> None:
        writers = [Writer(page, house.SHARED, house.SIGNER) for page in pages]
        self._left = [
            writers[number % len(pages)].write(Due(number, address, "", "", 1), house.NOW)
            for number, address in enumerate(recipients)
        ]
        self._verdicts = verdicts or {}
        self.tried = 0
        self.commit_seconds = 0.0
        self.together: list[int] = []
        self.begun: list[str] = []
        self.receipts: dict[str, Receipt] = {}

    async def next(self) -> Message | None:
        return self.ready()

    def ready(self) -> Message | None:
        return self._left.pop(0) if self._left else None

    async def begin(self, messages: Sequence[Message]) -> Sequence[Verdict]:
        self.tried += len(messages)
        self.together.append(len(messages))
        verdicts = {one.rcpt_to: self._verdicts.get(one.rcpt_to, Verdict.GO) for one in messages}
        self.begun += (reader for reader, verdict in verdicts.items() if verdict is Verdict.GO)
        return list(verdicts.values())

    def finish(self, message: Message, receipt: Receipt) -> None:
        assert message.rcpt_to in self.begun
        assert message.rcpt_to not in self.receipts
        self.receipts[message.rcpt_to] = receipt

    def withdraw(self, message: Message) -> None:
        self.begun.remove(message.rcpt_to)

    def put_back(self, message: Message) -> None:
        assert message.rcpt_to not in self.receipts
        if message.rcpt_to in self.begun:
            self.begun.remove(message.rcpt_to)
        self._left.append(message)

    @property
    def certain(self) -> bool:
        """True when something is known of everyone whose message was begun."""
        return set(self.receipts) == set(self.begun)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return {address: receipt.outcome for address, receipt in self.receipts.items()}


def transport(fake: FakeSendGrid, *, batch: int = 100, key: str = "SG.right", timeout: float = 5) -> SendGrid:
    return SendGrid(key=key, host=fake.host, batch=batch, timeout=timeout)


def crowd(number: int) -> list[str]:
    return [house.address(one) for one in range(number)]


@pytest.mark.parametrize(
    ("people", "batch", "slices"),
    [
        (1, 100, [1]),
        (250, 100, [100, 100, 50]),
        (1001, 1000, [1000, 1]),
        (2500, 1000, [1000, 1000, 500]),
        (1001, 100, [100] * 10 + [1]),
    ],
)
def test_people_are_cut_into_full_requests(start: Start, people: int, batch: int, slices: list[int]) -> None:
    fake, queue = start(FakeSendGrid()), Queue(*crowd(people))
    asyncio.run(transport(fake, batch=batch).drain(queue))
    assert fake.slices == slices
    assert sorted(fake.recipients) == sorted(crowd(people))
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}
    assert {receipt.code for receipt in queue.receipts.values()} == {202}


def test_each_request_holds_one_edition_only(start: Start) -> None:
    pages = tuple(
        Rendered(edition=key, subject=key, html=PAGE.html, text=PAGE.text, sha256=key) for key in "abc"
    )
    fake, queue = start(FakeSendGrid()), Queue(*crowd(700), pages=pages)
    asyncio.run(transport(fake, batch=50).drain(queue))
    sent: dict[str, list[str]] = defaultdict(list)
    for body in fake.taken:
        sent[body["subject"]] += [person["to"][0]["email"] for person in body["personalizations"]]
    assert {key: sorted(found) for key, found in sent.items()} == {
        key: sorted(crowd(700)[number::3]) for number, key in enumerate("abc")
    }
    assert len(fake.taken) == 5 + 5 + 5
    assert len(queue.receipts) == 700


def test_editions_of_few_readers_do_not_wait_until_they_fill_a_request(start: Start) -> None:
    pages = tuple(
        Rendered(edition=str(key), subject="x", html=PAGE.html, text=PAGE.text, sha256="")
        for key in range(40)
    )
    fake, queue = start(FakeSendGrid()), Queue(*crowd(200), pages=pages)
    asyncio.run(transport(fake, batch=5).drain(queue))
    assert len(queue.receipts) == 200
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}


def test_a_body_begins_for_all_in_the_request_together(start: Start) -> None:
    fake, queue = start(FakeSendGrid()), Queue(ANNA, BOHDAN, VIRA)
    asyncio.run(transport(fake).drain(queue))
    assert fake.slices == queue.together == [3]


def test_nothing_leaves_without_leave_to_begin(start: Start) -> None:
    fake = start(FakeSendGrid())
    queue = Queue(ANNA, BOHDAN, VIRA, verdicts={BOHDAN: Verdict.SUPPRESSED})
    asyncio.run(transport(fake).drain(queue))
    assert fake.recipients == [ANNA, VIRA]
    assert list(queue.receipts) == [ANNA, VIRA]


def test_a_stop_sends_who_has_begun_and_nobody_after(start: Start) -> None:
    people = crowd(100)
    fake, queue = start(FakeSendGrid()), Queue(*people, verdicts=dict.fromkeys(people[5:], Verdict.STOP))
    asyncio.run(transport(fake, batch=10).drain(queue))
    assert fake.recipients == people[:5]
    assert list(queue.receipts) == people[:5]
    assert queue.tried <= 40, "each of four requests ends there"


@pytest.mark.parametrize(
    "told", [f"{HANG} after all", f"{RESET} after all", HANG, RESET, Told(500), Told(503)]
)
def test_a_lost_answer_is_unknown_for_the_whole_request_and_no_other(start: Start, told: Told | str) -> None:
    fake = start(FakeSendGrid(answer=lambda number, _body: told if number == 0 else None))
    queue = Queue(*crowd(40))
    asyncio.run(transport(fake, batch=10, timeout=0.3).drain(queue))
    unknown = {person["to"][0]["email"] for person in fake.asked[0]["personalizations"]}
    assert {who for who, outcome in queue.outcomes.items() if outcome is Outcome.UNKNOWN} == unknown
    assert len(unknown) == 10
    assert sorted(queue.outcomes.values()).count(Outcome.ACCEPTED) == 30
    assert [len(body["personalizations"]) for body in fake.asked] == [10] * 4, "nothing is asked twice"


def test_after_some_lost_answers_in_a_row_nothing_more_is_risked(start: Start) -> None:
    fake, queue = start(FakeSendGrid(answer=lambda _number, _body: Told(500))), Queue(*crowd(1000))
    sending = transport(fake, batch=10)
    with pytest.raises(TransportUnavailable, match="no clear answer: 500"):
        asyncio.run(sending.drain(queue))
    assert 3 <= len(fake.asked) <= 6
    assert Counter(queue.outcomes.values()) == {Outcome.UNKNOWN: 10 * len(fake.asked)}
    assert queue.certain
    with pytest.raises(TransportUnavailable, match="no clear answer: 500"):
        asyncio.run(sending.drain(queue))
    assert len(queue.begun) == 10 * len(fake.asked), "what has given up begins nothing more"


def test_a_slow_answer_counts(start: Start) -> None:
    def slow(_number: int, _body: Body) -> None:
        time.sleep(0.1)

    fake, queue = start(FakeSendGrid(answer=slow)), Queue(ANNA)
    asyncio.run(transport(fake).drain(queue))
    assert queue.outcomes == {ANNA: Outcome.ACCEPTED}


def test_a_storm_of_429_costs_nobody_their_message(start: Start) -> None:
    seen: Counter[str] = Counter()

    def storm(_number: int, body: Body) -> Told | None:
        first = body["personalizations"][0]["to"][0]["email"]
        seen[first] += 1
        reset = {"X-RateLimit-Reset": str(int(time.time()))}
        return Told(429, "too many requests", headers=reset) if seen[first] <= 2 else None

    fake, queue = start(FakeSendGrid(answer=storm)), Queue(*crowd(100))
    asyncio.run(transport(fake, batch=30).drain(queue))
    assert len(fake.asked) == 3 * 4
    assert sorted(fake.recipients) == sorted(crowd(100))
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}


def test_who_waits_after_a_429_is_not_on_the_wire(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[int] = []

    class Watched(Queue):
        """Counts who is on the wire whenever somebody comes back."""

        def withdraw(self, message: Message) -> None:
            super().withdraw(message)
            waiting.append(len(self.begun))

    monkeypatch.setattr(web_api, "PATIENCE", (0, 0))
    fake = start(FakeSendGrid(answer=lambda number, _body: None if number else Told(429, "too many")))
    queue = Watched(*crowd(10))
    asyncio.run(transport(fake).drain(queue))
    assert waiting == list(range(9, -1, -1)), "once, and then nobody"
    assert sorted(fake.recipients) == sorted(queue.begun) == sorted(crowd(10))


def test_a_message_that_waits_for_one_held_back_here_lets_that_one_go(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_api, "LULL", 0.05)

    class Careful(Queue):
        """Gives a message when the one before has been answered."""

        async def next(self) -> Message | None:
            async with self.turn:
                if self.given:
                    await self.finished.wait()
                self.given = True
                return self.ready()

        def finish(self, message: Message, receipt: Receipt) -> None:
            super().finish(message, receipt)
            self.finished.set()

        given, turn, finished = False, asyncio.Lock(), asyncio.Event()

    fake, queue = start(FakeSendGrid()), Careful(ANNA, BOHDAN)
    asyncio.run(asyncio.wait_for(transport(fake).drain(queue), 5))
    assert fake.recipients == [ANNA, BOHDAN]


def test_a_429_without_end_ends_the_run_and_leaves_everybody_open(start: Start) -> None:
    fake, queue = start(FakeSendGrid(answer=lambda _number, _body: Told(429, "too many"))), Queue(*crowd(30))
    with pytest.raises(TransportUnavailable, match="asks to wait: 429 too many"):
        asyncio.run(transport(fake, batch=10).drain(queue))
    assert queue.begun == []


def test_a_request_that_is_too_large_goes_in_halves(start: Start) -> None:
    def small(_number: int, body: Body) -> Told | None:
        return Told(413, "too large") if len(body["personalizations"]) > 3 else None

    fake, queue = start(FakeSendGrid(answer=small)), Queue(*crowd(10))
    asyncio.run(transport(fake).drain(queue))
    assert sorted(fake.recipients) == sorted(crowd(10))
    assert fake.slices == [3, 3, 2, 2]


def test_who_is_too_large_alone_is_refused(start: Start) -> None:
    fake, queue = start(FakeSendGrid(answer=lambda _number, _body: Told(413, "too large"))), Queue(ANNA)
    asyncio.run(transport(fake).drain(queue))
    assert queue.receipts == {ANNA: Receipt(outcome=Outcome.REFUSED, code=413, detail="too large")}


def test_one_bad_address_is_refused_and_the_others_get_their_message(start: Start) -> None:
    people = crowd(100)
    people[37] = "олена@a.test"
    fake, queue = start(FakeSendGrid()), Queue(*people)
    asyncio.run(transport(fake).drain(queue))
    refused = {who: receipt for who, receipt in queue.receipts.items() if receipt.outcome is Outcome.REFUSED}
    assert list(refused) == ["олена@a.test"]
    assert "Does not contain a valid address" in refused["олена@a.test"].detail
    assert sorted(fake.recipients) == sorted(set(people) - {"олена@a.test"})


def test_an_address_that_two_readers_share_goes_in_two_requests_and_none_is_refused(start: Start) -> None:
    fake, queue = start(FakeSendGrid()), Queue("anna@a.test", BOHDAN, VIRA, "Anna@a.test")
    asyncio.run(transport(fake).drain(queue))
    assert sorted(fake.recipients) == ["Anna@a.test", ANNA, BOHDAN, VIRA]
    assert fake.asked == fake.taken, "found here, before SendGrid refuses the whole request"


@pytest.mark.parametrize(
    ("told", "words", "cure"),
    [
        (Told(400, "must be first", "content"), "refused the message itself: 400 must be first", "approve"),
        (Told(401, "credits exceeded"), "401 credits exceeded", "SENDGRID_API_KEY"),
        (Told(403, "not a verified sender", "from"), "403 not a verified sender", "sender.address"),
        (Told(404, "not found"), "cannot be used: 404", "sendgrid.host"),
    ],
)
def test_what_is_wrong_for_all_ends_the_run_and_loses_nobody(
    start: Start, told: Told, words: str, cure: str
) -> None:
    fake, queue = start(FakeSendGrid(answer=lambda _number, _body: told)), Queue(*crowd(1000))
    with pytest.raises(TransportUnavailable) as caught:
        asyncio.run(transport(fake, batch=10).drain(queue))
    assert words in caught.value.message
    assert cure in caught.value.hint
    assert len(fake.asked) <= 4, "not once for everybody"
    assert fake.taken == []
    assert queue.begun == []


def test_a_letter_that_no_service_would_take_never_reaches_a_socket(start: Start) -> None:
    empty = Rendered(edition="a", subject="", html=PAGE.html, text=PAGE.text, sha256="")
    fake, queue = start(FakeSendGrid()), Queue(*crowd(30), pages=(empty,))
    with pytest.raises(TransportUnavailable, match=r"not sent: an empty subject \(subject\)"):
        asyncio.run(transport(fake).drain(queue))
    assert fake.asked == []
    assert queue.begun == []


@pytest.mark.usefixtures("start")
def test_a_service_that_cannot_be_reached_is_named_and_nobody_is_uncertain() -> None:
    nobody = SendGrid(key="SG.right", host=f"http://127.0.0.1:{free_port()}", batch=10)
    queue = Queue(*crowd(30))
    with pytest.raises(TransportUnavailable, match=r"127\.0\.0\.1:\d+ cannot be used: .*refused"):
        asyncio.run(nobody.drain(queue))
    assert queue.begun == []
    with pytest.raises(TransportUnavailable, match=r"127\.0\.0\.1:\d+ cannot be used: .*refused"):
        asyncio.run(nobody.check())


def test_a_service_that_comes_back_in_time_takes_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Telling(Queue):
        """Tells when the first message has begun."""

        first = asyncio.Event()

        async def begin(self, messages: Sequence[Message]) -> Sequence[Verdict]:
            self.first.set()
            return await super().begin(messages)

    monkeypatch.setattr(web_api, "PATIENCE", (0.2,) * 50)
    fake, port, queue = FakeSendGrid(), free_port(), Telling(*crowd(30))

    async def late() -> None:
        sending = asyncio.create_task(
            SendGrid(key=fake.key, host=f"http://127.0.0.1:{port}", batch=10).drain(queue)
        )
        await queue.first.wait()
        with running(fake, port):
            await sending

    asyncio.run(late())
    assert sorted(fake.recipients) == sorted(crowd(30))
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}


def test_check_is_content_with_a_key_that_may_send(start: Start) -> None:
    fake = start(FakeSendGrid())
    asyncio.run(transport(fake).check())
    assert fake.asked == []


@pytest.mark.parametrize(
    ("fake", "key", "words", "cure"),
    [
        (FakeSendGrid(), "SG.wrong", "refused the key or the sender: 401", "SENDGRID_API_KEY"),
        (FakeSendGrid(scopes=("alerts.read",)), "SG.right", "may not send mail", "Mail Send"),
        (FakeSendGrid(scopes=None), "SG.right", "does not answer like SendGrid", "sendgrid.host"),
    ],
)
def test_check_names_what_is_wrong_with_the_key_or_the_host(
    start: Start, fake: FakeSendGrid, key: str, words: str, cure: str
) -> None:
    with pytest.raises(TransportUnavailable) as caught:
        asyncio.run(transport(start(fake), key=key).check())
    assert words in caught.value.message
    assert cure in caught.value.hint


def test_the_key_and_the_letter_are_in_no_log(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    fake = start(FakeSendGrid(answer=lambda number, _body: Told(401, "no") if number else None))
    for name in ("", "python_http_client", "python_http_client.client", "sendgrid"):
        caplog.set_level(logging.DEBUG, name)
    logging.getLogger("test").debug("this is caught")
    sending = transport(fake, batch=1)
    asyncio.run(sending.check())
    with pytest.raises(TransportUnavailable) as caught:
        asyncio.run(sending.drain(Queue(ANNA, BOHDAN)))
    assert "this is caught" in caplog.text
    shown = f"{caplog.text}{caught.value!r}{caught.value.hint}{sending!r}"
    assert fake.key not in shown
    assert ANNA not in shown
