"""Several ways: the next one takes over from one that fails, and nobody is lost or written to twice."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine, Text, cast, select, update

from newsletter.errors import TransportUnavailable
from newsletter.sending.ways import Way, Ways
from newsletter.store import ways
from newsletter.store.db import reading, writing
from newsletter.store.schema import chunk, delivery, subscriber
from newsletter.transport.sendgrid.client import SendGrid
from newsletter.transport.smtp import client
from newsletter.transport.smtp.client import Smtp
from tests.relay import Relay
from tests.sendgrid_fake import FakeSendGrid, Told, running
from tests.sending import house
from tests.web_fake import HANG

Start = Callable[[Relay], Relay]
Answer = Callable[[str, str], str | None]
READERS = 300  # two chunks
FIRST, SECOND = "first", "second"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a transport give up at once, and a way that has just worked count as one that may have failed."""
    monkeypatch.setattr(client, "_PATIENCE", ())
    monkeypatch.setattr("newsletter.sending.lane._ALIVE", -1.0)


@pytest.fixture
def relays(engine: Engine, start_relay: Start) -> dict[str, Relay]:
    """Approve the issue, and start two relays."""
    house.people(engine, READERS)
    house.approve(engine)
    return {FIRST: start_relay(Relay()), SECOND: start_relay(Relay())}


def made(
    relays: Mapping[str, Relay],
    *,
    routes: Mapping[str, Sequence[str]] | None = None,
    caps: Mapping[str, Sequence[int]] | None = None,
    **settings: object,
) -> Ways:
    """Return ways by relays, in order."""
    values: dict[str, object] = {"host": "127.0.0.1", "security": "none", "timeout": 1, "window": 1}
    values |= {"connections": 3} | settings
    return Ways(
        {
            name: Way(name, Smtp(port=relay.port, **values), (caps or {}).get(name, ()))  # type: ignore[arg-type]  # each of its field's type
            for name, relay in relays.items()
        },
        [FIRST, SECOND],
        routes or {},
    )


def send(engine: Engine, ways: Ways, *, later: timedelta = timedelta()) -> None:
    transport = ways.all[FIRST].transport
    asyncio.run(house.run(engine, transport, later=later, ways=ways).deliver())


def by_way(engine: Engine) -> dict[str, int]:
    """Return how many deliveries each way has had."""
    with reading(engine) as connection:
        return Counter(connection.execute(select(delivery.c.way)).scalars())


def out(engine: Engine) -> set[str]:
    """Return the ways that have failed."""
    with reading(engine) as connection:
        return set(ways.outs(connection))


def account(engine: Engine, relays: Mapping[str, Relay], *, unknown: int = 0) -> None:
    """Fail unless everybody has one message, but for those of whom nobody knows."""
    arrived = Counter(who for relay in relays.values() for who in relay.recipients)
    with reading(engine) as connection:
        query = select(subscriber.c.email, delivery.c.state).where(delivery.c.subscriber == subscriber.c.id)
        states = {email: state for email, state in connection.execute(query)}  # noqa: C416  typed, unlike dict()
    assert len(states) == READERS
    assert max(arrived.values()) == 1, "twice"
    assert [who for who, state in states.items() if state == "accepted" and not arrived[who]] == []
    assert sum(state == "unknown" for state in states.values()) == unknown
    assert set(states.values()) <= {"accepted", "unknown"}
    assert house.state(engine) == "sent"


def fail(relay: Relay, after: int, answer: Answer) -> None:
    """Let a relay answer otherwise, once it has taken so many messages."""
    relay.answer = lambda verb, who: answer(verb, who) if len(relay.accepted) >= after else None


def test_while_the_first_works_the_second_is_not_used(engine: Engine, relays: dict[str, Relay]) -> None:
    send(engine, made(relays))
    account(engine, relays)
    assert by_way(engine) == {FIRST: READERS}
    assert relays[SECOND].connections == 0


FAULTS: dict[str, tuple[Answer, int]] = {
    "hangs": (lambda verb, _: "hang" if verb == "MAIL" else None, 0),
    "closes": (lambda verb, _: "421 4.3.2 closing" if verb == "MAIL" else None, 0),
    "drops before the body": (lambda verb, _: "drop" if verb == "DATA" else None, 0),
    "refuses everything": (lambda verb, _: "451 4.3.0 out of order" if verb == "RCPT" else None, 0),
}
"""What the first relay does after a hundred messages, by which nothing is accepted or refused for good."""


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_first_has_not_taken_goes_by_the_second(
    engine: Engine, relays: dict[str, Relay], fault: str
) -> None:
    fail(relays[FIRST], 100, FAULTS[fault][0])
    send(engine, made(relays))
    if fault == "refuses everything":  # those that it put off are tried again later, by the second
        assert house.state(engine) == "sending"
        send(engine, made(relays), later=timedelta(minutes=7))
    account(engine, relays)
    assert 100 <= by_way(engine)[FIRST] <= 103
    assert out(engine) == {FIRST}


def test_a_first_that_refuses_the_login_is_left_alone_from_the_start(
    engine: Engine, relays: dict[str, Relay]
) -> None:
    relays[FIRST].login = ("press", "right")
    both = made(relays)
    refused = made(relays, user="press", password="wrong")  # noqa: S106  of a test
    send(engine, Ways({FIRST: refused.all[FIRST], SECOND: both.all[SECOND]}, both.order))
    account(engine, relays)
    assert by_way(engine) == {SECOND: READERS}


def test_a_lost_answer_is_unknown_and_goes_by_no_other_way(engine: Engine, relays: dict[str, Relay]) -> None:
    fail(relays[FIRST], 100, lambda verb, _: "drop after all" if verb == "." else None)
    send(engine, made(relays))
    unknown = house.outcomes(engine)["unknown"]
    assert 3 <= unknown <= 26, "until the circuit breaker opens, and what was on the wire then"
    account(engine, relays, unknown=unknown)
    with reading(engine) as connection:
        ways_of = set(
            connection.execute(select(delivery.c.way).where(delivery.c.state == "unknown")).scalars()
        )
    assert ways_of == {FIRST}


def test_after_its_pause_one_message_tries_the_first_and_then_all_go_by_it_again(
    engine: Engine, relays: dict[str, Relay]
) -> None:
    fail(relays[FIRST], 50, lambda verb, _: "421 4.3.2 closing" if verb == "MAIL" else None)
    fail(relays[SECOND], 50, lambda verb, _: "421 4.3.2 closing" if verb == "MAIL" else None)
    with pytest.raises(TransportUnavailable, match="no way works now"):
        send(engine, made(relays))
    assert out(engine) == {FIRST, SECOND}
    with pytest.raises(TransportUnavailable, match="no way works now"):
        send(engine, made(relays), later=timedelta(minutes=4))
    before = relays[FIRST].connections
    with pytest.raises(TransportUnavailable, match="no way works now"):
        send(engine, made(relays), later=timedelta(minutes=6))
    assert relays[FIRST].connections - before <= 2, "a look, and one trial"
    for relay in relays.values():
        relay.answer = lambda _verb, _who: None
    send(engine, made(relays), later=timedelta(minutes=17))
    account(engine, relays)
    assert by_way(engine)[FIRST] > 54, "it is used again"
    assert FIRST not in out(engine)


@pytest.mark.parametrize("works", [True, False])
def test_a_domain_has_its_own_way_and_the_others_when_that_fails(
    engine: Engine, relays: dict[str, Relay], start_relay: Start, works: bool
) -> None:
    with writing(engine) as connection:
        few = subscriber.c.id % 10 == 0
        other = "r" + cast(subscriber.c.id, Text) + "@ukr.test"
        connection.execute(update(subscriber).where(few).values(email=other))
    relays["own"] = start_relay(Relay())
    if not works:
        fail(relays["own"], 5, lambda verb, _: "421 4.3.2 closing" if verb == "MAIL" else None)
    send(engine, made(relays, routes={"ukr.test": ["own", FIRST, SECOND]}))
    account(engine, relays)
    assert {who.rpartition("@")[2] for who in relays["own"].recipients} == {"ukr.test"}
    assert (by_way(engine)["own"] == READERS / 10) is works
    assert relays[SECOND].connections == 0


def test_a_way_has_so_many_messages_a_day_and_the_next_one_the_rest(
    engine: Engine, relays: dict[str, Relay]
) -> None:
    send(engine, made(relays, caps={FIRST: [20, 100]}))
    account(engine, relays)
    assert by_way(engine) == {FIRST: 20, SECOND: READERS - 20}


def test_the_caps_of_the_days_follow_each_other_and_what_is_left_waits_for_tomorrow(
    engine: Engine, relays: dict[str, Relay]
) -> None:
    caps = {FIRST: [20, 100], SECOND: [30]}
    for days, taken in enumerate((50, 180, 300)):
        send(engine, made(relays, caps=caps), later=timedelta(days=days))
        assert house.outcomes(engine) == {"accepted": taken}
        send(engine, made(relays, caps=caps), later=timedelta(days=days))
        assert house.outcomes(engine) == {"accepted": taken}
    account(engine, relays)


def test_workers_share_what_a_day_allows(engine: Engine, relays: dict[str, Relay]) -> None:
    both = made(relays, caps={FIRST: [50]})

    async def two() -> None:
        runs = [house.run(engine, both.all[FIRST].transport, worker=name, ways=both) for name in "ab"]
        await asyncio.gather(*(run.deliver() for run in runs))

    asyncio.run(two())
    account(engine, relays)
    assert by_way(engine)[FIRST] == 50


def test_a_crash_leaves_what_was_on_the_wire_unknown_by_its_way(
    engine: Engine, relays: dict[str, Relay]
) -> None:
    with writing(engine) as connection:
        first = connection.execute(select(chunk.c.id).order_by(chunk.c.id)).scalars().first()
        dead = {"inflight": [[1, 1, FIRST], [2, 1, SECOND]], "worker": "dead", "epoch": 1}
        connection.execute(update(chunk).where(chunk.c.id == first).values(**dead))
    send(engine, made(relays))
    account(engine, relays, unknown=2)
    with reading(engine) as connection:
        rows = connection.execute(select(delivery.c.way).where(delivery.c.subscriber <= 2)).scalars().all()
    assert sorted(rows) == [FIRST, SECOND]


LIMIT = Told(429, "too many requests", headers={"X-RateLimit-Reset": "4102444800"})  # far ahead


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSendGrid]:
    """Start a web service that is told at once when it does not answer well."""
    monkeypatch.setattr("newsletter.transport.web_api.PATIENCE", ())
    monkeypatch.setattr("newsletter.transport.web_api.JITTER", 0)
    with running(FakeSendGrid()) as fake:
        yield fake


def beside(service: FakeSendGrid, relays: Mapping[str, Relay], cap: Sequence[int] = ()) -> Ways:
    """Return ways by the service first, then by a relay."""
    web = SendGrid(key=service.key, host=service.host, batch=20, timeout=0.5)
    relay = made(relays).all[SECOND].transport
    return Ways({FIRST: Way(FIRST, web), SECOND: Way(SECOND, relay, cap)}, [FIRST, SECOND])


def held_against(engine: Engine, service: FakeSendGrid, relay: Relay, *, unknown: int) -> None:
    """Fail unless everybody has one message, but for those of whom nobody knows."""
    arrived = Counter([*service.recipients, *relay.recipients])
    assert max(arrived.values()) == 1, "twice"
    assert house.outcomes(engine) == {"accepted": READERS - unknown} | (
        {"unknown": unknown} if unknown else {}
    )
    assert house.state(engine) == "sent"


def test_a_service_that_asks_to_wait_for_an_hour_hands_over_and_is_used_again_after_it(
    engine: Engine, relays: dict[str, Relay], service: FakeSendGrid
) -> None:
    service.answer = lambda number, _body: LIMIT if number >= 2 else None
    send(engine, beside(service, relays, [100]))
    assert house.outcomes(engine) == {"accepted": 140}
    asked = len(service.asked)
    for minutes in (3, 6, 20, 50):  # tried after 5 minutes, 10 more, 20 more
        send(engine, beside(service, relays, [100]), later=timedelta(minutes=minutes))
    assert house.outcomes(engine) == {"accepted": 140}
    assert len(service.asked) - asked == 3, "one message each time but the first"
    service.answer = lambda _number, _body: None
    send(engine, beside(service, relays, [100]), later=timedelta(minutes=100))
    held_against(engine, service, relays[SECOND], unknown=0)
    assert len(service.asked[asked + 3]["personalizations"]) == 1, "the trial"
    assert by_way(engine) == {FIRST: READERS - 100, SECOND: 100}


@pytest.mark.parametrize(
    ("answer", "uncertain"), [(Told(401, "revoked"), False), (Told(503), True), (f"{HANG} after all", True)]
)
def test_what_a_service_has_not_certainly_left_goes_by_no_other_way(
    sqlite_engine: Engine, start_relay: Start, service: FakeSendGrid, answer: Told | str, *, uncertain: bool
) -> None:
    house.people(sqlite_engine, READERS)
    house.approve(sqlite_engine)
    relay = start_relay(Relay())
    service.answer = lambda number, _body: answer if number >= 2 else None
    send(sqlite_engine, beside(service, {SECOND: relay}))
    unknown = house.outcomes(sqlite_engine).get("unknown", 0)
    assert unknown == (20 * (len(service.asked) - 2) if uncertain else 0)
    held_against(sqlite_engine, service, relay, unknown=unknown)
