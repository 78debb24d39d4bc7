"""Delivery by a worker: each message once, whatever happens in the middle."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Text, cast, select, update

from newsletter.errors import ContentError, StateError, StoreError, TransportUnavailable
from newsletter.model import IssueState, Message, Outcome, Receipt, Verdict
from newsletter.ports import Outgoing
from newsletter.render.edition import Editions
from newsletter.sending import claims, start
from newsletter.sending.claims import Claims
from newsletter.sending.freeze import verify
from newsletter.sending.start import take_in
from newsletter.store import commits, issues, ledger
from newsletter.store.commits import Clearance, CommitRequest
from newsletter.store.db import open_database, reading, writing
from newsletter.store.schema import chunk, delivery, subscriber
from newsletter.transport.outbox.files import Outbox
from newsletter.transport.smtp.client import Smtp
from tests.relay import Relay
from tests.sending import house

Start = Callable[[Relay], Relay]


def smtp(relay: Relay, **settings: object) -> Smtp:
    """Return a transport with windows of one, so that messages can be counted on a slow machine too."""
    values: dict[str, object] = {"host": "127.0.0.1", "port": relay.port, "security": "none", "timeout": 2}
    values["window"] = 1
    return Smtp(**values | settings)  # type: ignore[arg-type]  # each value is of its field's type


def test_every_reader_gets_one_message_and_the_issue_is_sent(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 450)
    house.approve(engine)
    relay = start_relay(Relay())
    house.send(engine, smtp(relay))
    assert sorted(relay.recipients) == sorted(house.address(n) for n in range(1, 451))
    assert house.outcomes(engine) == {"accepted": 450}
    assert house.state(engine) == "sent"


def test_sending_again_sends_nothing_again(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 30)
    house.approve(engine)
    relay = start_relay(Relay())
    house.send(engine, smtp(relay))
    house.send(engine, smtp(relay))
    assert len(relay.accepted) == 30


def test_two_workers_share_an_issue_without_overlap(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 1000)
    house.approve(engine)
    relay = start_relay(Relay())

    async def both() -> None:
        runs = [house.run(engine, smtp(relay, connections=3), worker=name) for name in ("one", "two")]
        await asyncio.gather(*(run.deliver() for run in runs))

    asyncio.run(both())
    assert max(Counter(relay.recipients).values()) == 1
    assert house.outcomes(engine) == {"accepted": 1000}


def test_a_worker_that_slept_through_its_leases_does_not_take_its_own_chunks_again(
    engine: Engine, start_relay: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (ledger, commits):
        monkeypatch.setattr(module, "LEASE", -1.0)  # over as soon as they begin
    house.people(engine, 450)
    house.approve(engine)
    relay = start_relay(Relay())
    house.send(engine, smtp(relay))
    assert max(Counter(relay.recipients).values()) == 1
    assert house.outcomes(engine) == {"accepted": 450}


def test_a_deferred_message_is_tried_again_later_under_the_same_message_id(
    engine: Engine, start_relay: Start
) -> None:
    house.people(engine, 3)
    house.approve(engine)
    relay = start_relay(
        Relay(answer=lambda verb, who: "451 later" if verb == "." and "reader2@" in who else None)
    )
    house.send(engine, smtp(relay))
    assert house.outcomes(engine) == {"accepted": 2, "deferred": 1}
    assert house.state(engine) == "sending"
    relay.answer = lambda _verb, _who: None
    house.send(engine, smtp(relay))
    assert len(relay.accepted) == 2, "not before some minutes have passed"
    house.send(engine, smtp(relay), later=timedelta(minutes=7))
    assert house.outcomes(engine) == {"accepted": 3}
    assert house.state(engine) == "sent"
    ids = [
        line
        for _, _, content in relay.accepted
        for line in content.splitlines()
        if line[:10] == b"Message-ID"
    ]
    assert len(set(ids)) == 3


def test_what_a_relay_says_is_kept_without_what_no_terminal_or_database_takes(
    engine: Engine, start_relay: Start
) -> None:
    house.people(engine, 3)
    house.approve(engine)
    relay = start_relay(Relay(answer=lambda verb, _: "550 no\0 such\x1b[2J user" if verb == "." else None))
    house.send(engine, smtp(relay))
    assert house.outcomes(engine) == {"refused": 3}
    with reading(engine) as connection:
        assert set(connection.execute(select(delivery.c.detail)).scalars()) == {"no  such [2J user"}


def test_after_three_days_a_deferred_message_is_given_up(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 2)
    house.approve(engine)
    relay = start_relay(Relay(answer=lambda verb, _: "451 later" if verb == "RCPT" else None))
    house.send(engine, smtp(relay), later=timedelta(hours=71))
    assert house.outcomes(engine) == {"deferred": 2}
    house.send(engine, smtp(relay), later=timedelta(hours=72))
    assert house.outcomes(engine) == {"refused": 2}
    assert house.state(engine) == "sent"


def test_twenty_equal_errors_in_a_row_pause_the_sending_with_the_reason(
    engine: Engine, start_relay: Start
) -> None:
    house.people(engine, 100)
    house.approve(engine)
    relay = start_relay(Relay(answer=lambda verb, who: f"550 5.7.1 <{who}> spam" if verb == "." else None))
    house.send(engine, smtp(relay, connections=1))
    assert house.state(engine) == "paused"
    assert 20 <= house.outcomes(engine)["refused"] <= 25
    with reading(engine) as connection:
        assert "20 times in a row: 550" in issues.get(connection, house.NAME).reason


@pytest.mark.parametrize("words", ["450 4.2.0 <{}>: Greylisted", "451 4.7.1 Try again later"])
def test_a_relay_that_greylists_everybody_gets_everything_at_the_second_try(
    engine: Engine, start_relay: Start, words: str
) -> None:
    tried = Counter[str]()

    def answer(verb: str, who: str) -> str | None:
        tried[who] += verb == "RCPT"
        return words.format(who) if verb == "RCPT" and tried[who] == 1 else None

    house.people(engine, 90)
    house.approve(engine)
    relay = start_relay(Relay(answer=answer))
    house.send(engine, smtp(relay))
    assert (house.state(engine), house.outcomes(engine)) == ("sending", {"deferred": 90})
    house.send(engine, smtp(relay), later=timedelta(minutes=7))
    assert (house.state(engine), house.outcomes(engine)) == ("sent", {"accepted": 90})


def test_a_relay_that_puts_everybody_off_is_left_alone_until_a_later_try_tells_what_it_is(
    engine: Engine, start_relay: Start
) -> None:
    tried = Counter[str]()

    def answer(verb: str, who: str) -> str | None:
        tried[who] += verb == "RCPT"
        return "451 please try later" if verb == "RCPT" and tried[who] == 1 else None

    house.people(engine, 90)
    house.approve(engine)
    relay = start_relay(Relay(answer=answer))
    house.send(engine, smtp(relay, connections=2))
    put_off = house.outcomes(engine)["deferred"]
    assert house.state(engine) == "sending"
    assert 20 <= put_off <= 24, "the others are not even tried"
    house.send(engine, smtp(relay, connections=2), later=timedelta(minutes=3))
    assert house.outcomes(engine)["deferred"] == put_off
    house.send(engine, smtp(relay, connections=2), later=timedelta(minutes=7))
    assert house.outcomes(engine) == {"accepted": put_off, "deferred": 90 - put_off}
    house.send(engine, smtp(relay, connections=2), later=timedelta(minutes=14))
    assert (house.state(engine), house.outcomes(engine)) == ("sent", {"accepted": 90})


def test_a_relay_that_puts_everybody_off_again_is_sick_and_the_sending_pauses(
    engine: Engine, start_relay: Start
) -> None:
    house.people(engine, 90)
    house.approve(engine)
    relay = start_relay(Relay(answer=lambda verb, _: "451 please try later" if verb == "RCPT" else None))
    house.send(engine, smtp(relay, connections=2))
    house.send(engine, smtp(relay, connections=2), later=timedelta(minutes=7))
    assert house.state(engine) == "paused"
    assert relay.verbs.count("RCPT") < 90, "not everybody was tried"


def test_one_hard_bounce_in_twenty_pauses_the_sending_after_two_hundred(
    engine: Engine, start_relay: Start
) -> None:
    house.people(engine, 400)
    house.approve(engine)
    relay = start_relay(
        Relay(answer=lambda verb, who: "550 5.1.1 nobody" if verb == "RCPT" and "5@" in who else None)
    )
    house.send(engine, smtp(relay, connections=2))
    assert house.state(engine) == "paused"
    assert 200 <= sum(house.outcomes(engine).values()) <= 215
    with writing(engine) as connection:
        issues.change_state(connection, house.NAME, IssueState.SENDING, among=[IssueState.PAUSED])
    house.send(engine, smtp(relay))
    assert max(Counter(relay.recipients).values()) == 1


def test_a_rate_holds_over_all_workers(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 60)
    house.approve(engine)
    relay = start_relay(Relay())
    rates = {f"run:{house.NAME}": 50.0}

    async def both() -> float:
        runs = [house.run(engine, smtp(relay, connections=5), worker=name, rates=rates) for name in "ab"]
        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(run.deliver() for run in runs))
        return asyncio.get_running_loop().time() - start

    assert asyncio.run(both()) >= 60 / 50 - 0.2
    assert len(relay.accepted) == 60


def test_a_domain_that_says_too_fast_is_left_alone_while_others_go_on(
    engine: Engine, start_relay: Start
) -> None:
    house.people(engine, 30)
    with writing(engine) as connection:
        even = subscriber.c.id % 2 == 0
        connection.execute(
            update(subscriber).where(even).values(email="r" + cast(subscriber.c.id, Text) + "@gmail.test")
        )
    house.approve(engine)
    relay = start_relay(
        Relay(answer=lambda verb, who: "421 4.7.28 unusual rate" if verb == "." and "gmail" in who else None)
    )
    house.send(engine, smtp(relay, connections=1))
    assert house.outcomes(engine) == {"accepted": 15, "deferred": 1}
    relay.answer = lambda _verb, _who: None
    house.send(engine, smtp(relay), later=timedelta(minutes=11))
    assert house.outcomes(engine) == {"accepted": 30}
    assert max(Counter(relay.recipients).values()) == 1


def test_a_refused_message_is_never_tried_again(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 2)
    house.approve(engine)
    relay = start_relay(
        Relay(answer=lambda verb, who: "550 no" if verb == "RCPT" and "reader1@" in who else None)
    )
    house.send(engine, smtp(relay))
    relay.answer = lambda _verb, _who: None
    house.send(engine, smtp(relay))
    assert house.outcomes(engine) == {"accepted": 1, "refused": 1}
    assert relay.recipients == [house.address(2)]


def test_a_lost_answer_is_unknown_and_never_sent_again(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 5)
    house.approve(engine)
    relay = start_relay(
        Relay(answer=lambda verb, who: "drop after all" if verb == "." and "reader3@" in who else None)
    )
    house.send(engine, smtp(relay))
    house.send(engine, smtp(relay))
    assert house.outcomes(engine) == {"accepted": 4, "unknown": 1}
    assert Counter(relay.recipients)[house.address(3)] == 1


def test_who_leaves_during_the_sending_is_not_written_to_if_unclaimed(
    engine: Engine, start_relay: Start
) -> None:
    house.people(engine, 40)
    house.approve(engine)

    def leave(verb: str, who: str) -> None:
        if verb == "RCPT" and who == house.address(5):
            with writing(engine) as connection:
                connection.execute(
                    update(subscriber).where(subscriber.c.id >= 30).values(status="suppressed")
                )

    relay = start_relay(Relay(answer=leave))
    house.send(engine, smtp(relay, connections=1))
    assert house.outcomes(engine) == {"accepted": 29, "suppressed": 11}
    assert len(relay.accepted) == 29
    assert house.state(engine) == "sent"


def test_an_erased_reader_is_suppressed(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 3)
    house.approve(engine)
    with writing(engine) as connection:
        connection.execute(subscriber.delete().where(subscriber.c.id == 2))
    house.send(engine, smtp(start_relay(Relay())))
    assert house.outcomes(engine) == {"accepted": 2, "suppressed": 1}
    assert house.outcome(engine, 2) is Outcome.SUPPRESSED


@pytest.mark.parametrize("to", [IssueState.PAUSED, IssueState.CANCELLED])
def test_a_pause_takes_effect_within_one_commit(engine: Engine, start_relay: Start, to: IssueState) -> None:
    house.people(engine, 50)
    house.approve(engine)

    def stop(verb: str, who: str) -> None:
        if verb == "RCPT" and who == house.address(10):
            with writing(engine) as connection:
                issues.change_state(connection, house.NAME, to, among=[IssueState.SENDING])

    relay = start_relay(Relay(answer=stop))
    house.send(engine, smtp(relay, connections=1))
    assert relay.recipients == [house.address(n) for n in range(1, 10)]
    assert house.outcomes(engine) == {"accepted": 9}
    assert house.state(engine) == to
    with writing(engine) as connection:
        issues.change_state(connection, house.NAME, IssueState.SENDING, among=[to])
    relay.answer = lambda _verb, _who: None
    house.send(engine, smtp(relay))
    assert sorted(relay.recipients) == sorted(house.address(n) for n in range(1, 51))


def test_a_stop_lets_what_is_on_the_wire_finish(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 300)
    house.approve(engine)
    relay = start_relay(Relay())
    first = house.run(engine, smtp(relay, connections=4))
    relay.answer = lambda _verb, _who: first.stop() if len(relay.accepted) > 20 else None
    asyncio.run(first.deliver())
    done = len(relay.accepted)
    assert 20 < done < 300
    assert house.outcomes(engine) == {"accepted": done}
    house.send(engine, smtp(relay))
    assert max(Counter(relay.recipients).values()) == 1
    assert len(relay.accepted) == 300


class Dying:
    """A transport whose process ends in the middle: bodies are begun, and nothing more is heard of them."""

    name, connections, repeatable = "smtp", 2, False

    def __init__(self, engine: Engine, after: int) -> None:
        self._engine, self._after = engine, after
        self.sent: list[str] = []

    async def check(self) -> None:
        """Be ready."""

    async def drain(self, outgoing: Outgoing) -> None:
        """Send some, then take a last one and die."""
        for _ in range(self._after):
            message = await self._begin(outgoing)
            outgoing.finish(message, Receipt(outcome=Outcome.ACCEPTED, code=250))
        await self._begin(outgoing)
        raise KeyboardInterrupt

    async def _begin(self, outgoing: Outgoing) -> Message:
        message = await outgoing.next()
        assert message
        assert await outgoing.begin([message]) == [Verdict.GO]
        self.sent.append(message.rcpt_to)
        return message


def killed(claims: Claims) -> None:
    """Take the place of `close`: a killed process records nothing more."""
    claims.failed = StoreError("killed")
    claims._closing = True  # noqa: SLF001  nothing public ends a process
    claims.wanted.set()


def test_after_a_crash_only_what_was_on_the_wire_is_unknown(
    engine: Engine, start_relay: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.people(engine, 100)
    house.approve(engine)
    monkeypatch.setattr(Claims, "close", killed)
    dying = Dying(engine, after=7)
    with pytest.raises((KeyboardInterrupt, StoreError)):
        house.send(engine, dying)
    monkeypatch.undo()
    with writing(engine) as connection:
        connection.execute(update(chunk).values(lease_until=0))
    relay = start_relay(Relay())
    house.send(engine, smtp(relay))
    counts = house.outcomes(engine)
    assert 1 <= counts["unknown"] <= dying.connections * 2
    assert counts["accepted"] + counts["unknown"] == 100
    assert not set(relay.recipients) & set(dying.sent)


def test_a_worker_that_wakes_up_after_another_took_over_sends_nothing_more(engine: Engine) -> None:
    house.people(engine, 10)
    house.approve(engine)
    verdicts: list[Verdict] = []

    class Sleepy(Dying):
        """A worker that is stopped between two messages until its lease has gone to another."""

        async def drain(self, outgoing: Outgoing) -> None:
            first = await self._begin(outgoing)
            second = await outgoing.next()
            assert second
            with writing(engine) as connection:
                connection.execute(update(chunk).values(lease_until=0))
                lease = ledger.acquire(connection, house.NAME, "other", datetime.now(UTC), set())
                assert lease
                assert ledger.settle_inflight(connection, lease, house.NOW, repeatable=False) == 1
            verdicts.extend(await outgoing.begin([second]))
            outgoing.finish(first, Receipt(outcome=Outcome.ACCEPTED, code=250))
            running.stop()

    sleepy = Sleepy(engine, 0)
    sleepy.connections = 1
    running = house.run(engine, sleepy)
    asyncio.run(running.deliver())
    assert verdicts == [Verdict.STOP]
    assert house.outcomes(engine) == {"accepted": 1}, "a late answer settles what was unknown"


def test_a_relay_that_goes_away_ends_the_run_with_its_name_and_loses_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, start_relay: Start
) -> None:
    monkeypatch.setattr("newsletter.transport.smtp.client._PATIENCE", ())
    house.people(engine, 5)
    house.approve(engine)
    with pytest.raises(TransportUnavailable, match=r"127\.0\.0\.1:1 cannot be used"):
        house.send(engine, Smtp(host="127.0.0.1", port=1, security="none", timeout=1))
    assert house.outcomes(engine) == {}
    relay = start_relay(Relay())
    house.send(engine, smtp(relay))
    assert len(relay.accepted) == 5


def test_a_relay_that_goes_away_half_way_is_told_though_much_was_sent(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, start_relay: Start
) -> None:
    monkeypatch.setattr("newsletter.transport.smtp.client._PATIENCE", ())
    house.people(engine, 20)
    house.approve(engine)
    relay = start_relay(Relay())
    relay.answer = lambda verb, _: (
        "421 4.3.2 closing" if verb == "MAIL" and len(relay.accepted) == 5 else None
    )
    with pytest.raises(TransportUnavailable, match="closes every connection"):
        house.send(engine, smtp(relay, connections=1))
    assert house.outcomes(engine) == {"accepted": 5}


def test_nothing_is_sent_that_cannot_be_recorded(engine: Engine, start_relay: Start) -> None:
    house.people(engine, 20)
    house.approve(engine)
    relay = start_relay(Relay())
    running = house.run(engine, smtp(relay, connections=1))

    def break_off(verb: str, who: str) -> None:
        if verb == "RCPT" and who == house.address(4):
            with writing(engine) as connection:
                connection.exec_driver_sql("ALTER TABLE chunk RENAME TO gone")

    relay.answer = break_off
    with pytest.raises(StoreError):
        asyncio.run(running.deliver())
    assert len(relay.accepted) == 3


def test_a_commit_that_fails_ends_every_connection_also_those_that_came_during_it(
    sqlite_engine: Engine, start_relay: Start
) -> None:
    house.people(sqlite_engine, 100)
    house.approve(sqlite_engine)
    hasty = open_database(sqlite_engine.url, patience=0.3)
    other = sqlite3.connect(str(sqlite_engine.url.database), isolation_level=None, check_same_thread=False)

    def lock(verb: str, _who: str) -> None:
        if verb == "DATA" and len(relay.accepted) >= 20 and not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    async def deliver() -> None:
        delivery = asyncio.create_task(house.run(hasty, smtp(relay, connections=30)).deliver())
        ended, _ = await asyncio.wait({delivery}, timeout=10)
        assert ended, "a connection waits for clearance that never comes"
        await delivery

    relay = start_relay(Relay(answer=lock))
    with closing(other), pytest.raises(StoreError, match="locked"):
        asyncio.run(deliver())
    hasty.dispose()


def test_where_commits_take_long_one_serves_all_connections(
    sqlite_engine: Engine, start_relay: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.people(sqlite_engine, 80)
    house.approve(sqlite_engine)
    begun = []

    def commit(connection: Connection, request: CommitRequest, now: datetime) -> Clearance | None:
        begun.append(len(request.waiting))
        time.sleep(0.2)
        return commits.commit(connection, request, now)

    def answer(verb: str, _who: str) -> None:
        if verb == ".":
            time.sleep(0.002)  # so that its answers come one after the other

    monkeypatch.setattr(claims, "commit", commit)
    house.send(sqlite_engine, smtp(start_relay(Relay(answer=answer)), connections=10))
    assert sorted(begun)[len(begun) // 2] > 5


def test_the_outbox_goes_on_after_a_crash_with_nothing_uncertain(engine: Engine, tmp_path: Path) -> None:
    house.people(engine, 12)
    house.approve(engine)
    outbox = Outbox(tmp_path / "outbox", house.NAME)
    asyncio.run(outbox.check())
    house.send(engine, outbox)
    assert house.outcomes(engine) == {"accepted": 12}
    names = sorted(path.name for path in (tmp_path / "outbox").iterdir())
    assert len(names) == 12
    assert names[0] == "2025-02-14-000001-reader1@city.example.org.eml"


def test_an_outbox_is_checked_by_many_at_once_and_nothing_stays_in_it(tmp_path: Path) -> None:
    outboxes = [Outbox(tmp_path / "outbox", house.NAME) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for checked in [pool.submit(asyncio.run, outbox.check()) for outbox in outboxes * 25]:
            checked.result()
    assert not list((tmp_path / "outbox").iterdir())


def test_who_joined_after_the_approval_can_be_taken_in_and_nobody_is_written_to_twice(
    engine: Engine, start_relay: Start
) -> None:
    house.people(engine, 5, first=10)
    house.approve(engine)
    relay = start_relay(Relay())
    house.send(engine, smtp(relay))
    assert house.state(engine) == "sent"
    house.people(engine, 3, first=20)
    house.people(engine, 2, first=1)
    house.people(engine, 1, first=12_000, sections=["sport"])
    _, added, unmatched = take_in(engine, Editions(house.issue()), house.NAME, house.SOURCES)
    assert (added, unmatched) == (5, 1)
    verify(engine, house.NAME, {})
    house.send(engine, smtp(relay))
    assert house.state(engine) == "sent"
    assert len(relay.accepted) == 10
    assert max(Counter(relay.recipients).values()) == 1
    assert take_in(engine, Editions(house.issue()), house.NAME, house.SOURCES)[1:] == (0, 1)
    assert house.state(engine) == "sent"


def test_very_many_are_taken_in_by_short_transactions_and_what_is_approved_stays_verified(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_AT_ONCE", 2)
    house.people(engine, 3, first=10)
    house.approve(engine)
    house.run(engine, Outbox(Path(), house.NAME))
    house.people(engine, 5, first=8_000)
    house.people(engine, 2, first=1)
    frozen, added, _ = take_in(engine, Editions(house.issue()), house.NAME, house.SOURCES)
    assert (added, frozen.readers) == (7, 10)
    assert verify(engine, house.NAME, {}) == frozen


def test_new_readers_are_only_taken_in_where_they_get_what_was_approved(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine)
    with pytest.raises(StateError, match="is approved"):
        take_in(engine, Editions(house.issue()), house.NAME, house.SOURCES)
    house.run(engine, Outbox(Path(), house.NAME))
    with pytest.raises(ContentError, match="changed after the approval"):
        take_in(engine, Editions(house.issue()), house.NAME, {})
