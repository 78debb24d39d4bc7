"""Several messages of a connection on the wire at once, by BDAT and by DATA, against a real server."""

from collections.abc import Callable

import pytest

from newsletter.model import Outcome, Verdict
from tests.relay import DROP, HANG, SKIP, TWICE, Relay
from tests.transport.outgoing import Queue, send

Start = Callable[[Relay], Relay]
READERS = [f"reader{number}@a.test" for number in range(1, 10)]
THIRD, FOURTH, FIFTH = READERS[2:5]  # the window after the first message is of 2 to 5


def at(verb: str, reader: str, told: str) -> Callable[[str, str], str | None]:
    """Return what a relay answers that says `told` once, to the `verb` of that reader."""
    left = [told]

    def answer(seen: str, recipient: str) -> str | None:
        number = int(reader[6:-7])
        mails.append(recipient) if seen == "MAIL" else None
        theirs = len(mails) == number if seen == "MAIL" else recipient == reader
        return left.pop() if left and seen == verb and theirs else None

    mails: list[str] = []
    return answer


def queue(*readers: str, **options: dict[str, Verdict]) -> Queue:
    """Return readers to send to, whose ledger is so slow that every window is full."""
    made = Queue(*(readers or READERS), **options)  # type: ignore[arg-type]  # verdicts
    made.commit_seconds = 1
    return made


@pytest.fixture(autouse=True)
def _less_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("bdat", "data"):
        monkeypatch.setattr(f"newsletter.transport.smtp.{module}.FINAL", 1)


@pytest.mark.parametrize("chunking", [True, False])
def test_a_window_of_messages_is_begun_by_one_commit_and_each_arrives_once(
    start_relay: Start, chunking: bool
) -> None:
    relay = start_relay(Relay(chunking=chunking))
    sent = send(relay, queue(), window=4)
    assert sent.together == 4
    assert relay.recipients == READERS
    assert relay.accepted[4] == ("b+x@news.example.org", FIFTH, b"Subject: 5\r\n\r\nHello\r\n")
    assert set(sent.outcomes.values()) == {Outcome.ACCEPTED}
    assert relay.verbs.count("BDAT") == chunking * len(READERS)
    assert relay.connections == 1


def test_where_commit_and_round_trip_are_quick_a_window_is_one_message(start_relay: Start) -> None:
    sent = Queue(*READERS)
    assert send(start_relay(Relay()), sent, window=4).together == 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "."])
@pytest.mark.parametrize("reply", ["550 5.1.1 no such user", "451 4.7.1 greylisted"])
def test_a_refusal_amid_a_window_concerns_its_message_only(start_relay: Start, verb: str, reply: str) -> None:
    relay = start_relay(Relay(chunking=True, answer=at(verb, THIRD, reply)))
    sent = send(relay, queue())
    assert sent.receipts[THIRD].code == int(reply[:3])
    assert relay.recipients == [reader for reader in READERS if reader != THIRD]
    assert list(sent.outcomes.values()).count(Outcome.ACCEPTED) == len(READERS) - 1
    assert relay.connections == 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "."])
def test_a_421_amid_a_window_is_about_the_connection_and_leaves_nothing_unknown(
    start_relay: Start, verb: str
) -> None:
    relay = start_relay(Relay(chunking=True, answer=at(verb, THIRD, "421 4.3.2 closing")))
    sent = send(relay, queue())
    deferred = {THIRD} if verb == "." else set()
    assert {reader for reader, outcome in sent.outcomes.items() if outcome is Outcome.DEFERRED} == deferred
    assert sorted(relay.recipients) == sorted(set(READERS) - deferred)
    assert set(sent.outcomes) == set(READERS)
    assert Outcome.UNKNOWN not in sent.outcomes.values()


@pytest.mark.parametrize("told", [HANG, DROP, "drop after all", "hang after all"])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "BDAT", "."])
def test_a_connection_lost_amid_a_window_leaves_what_has_no_answer_unknown_and_data_goes_on(
    start_relay: Start, caplog: pytest.LogCaptureFixture, verb: str, told: str
) -> None:
    relay = start_relay(Relay(chunking=True, answer=at(verb, THIRD, told)))
    sent = send(relay, queue(), timeout=0.5)
    unknown = [reader for reader, outcome in sent.outcomes.items() if outcome is Outcome.UNKNOWN]
    assert set(READERS[2:5]) <= set(unknown) <= set(READERS[1:5]), "a reset may cost the second's answer"
    assert set(sent.outcomes) == set(READERS)
    arrived = {THIRD} if verb == "." and "after" in told else set()
    assert sorted(relay.recipients) == sorted(set(READERS) - {THIRD, FOURTH, FIFTH} | arrived)
    assert relay.verbs.count("DATA") == len(READERS) - 5
    assert caplog.text.count("messages go by DATA from now on") == 1


@pytest.mark.parametrize("chunking", [True, False])
def test_a_connection_lost_at_any_event_loses_nobody_and_sends_to_nobody_twice(
    start_relay: Start, chunking: bool
) -> None:
    for event in range(4 * len(READERS)):  # MAIL, RCPT, DATA or BDAT, and the body's end of each
        left = [event]

        def answer(verb: str, _recipient: str, left: list[int] = left) -> str | None:
            left[0] -= 1
            return None if left[0] != -1 else "drop after all" if verb == "." else DROP

        relay = start_relay(Relay(chunking=chunking, answer=answer))
        sent = send(relay, queue())
        accepted = {reader for reader, outcome in sent.outcomes.items() if outcome is Outcome.ACCEPTED}
        unknown = set(READERS) - accepted
        assert set(sent.outcomes) == set(READERS)
        assert len(relay.recipients) == len(set(relay.recipients))
        assert accepted <= set(relay.recipients) <= accepted | unknown
        assert len(unknown) <= (4 if chunking else 1)


@pytest.mark.parametrize("told", ["502 5.5.1 what is BDAT?", "500 5.5.2 syntax"])
def test_a_relay_that_does_not_know_bdat_after_all_gets_everything_by_data(
    start_relay: Start, caplog: pytest.LogCaptureFixture, told: str
) -> None:
    relay = start_relay(Relay(chunking=True, answer=lambda verb, _: told if verb == "BDAT" else None))
    sent = send(relay, queue())
    assert set(sent.outcomes.values()) == {Outcome.ACCEPTED}
    assert relay.recipients == READERS
    assert relay.verbs.count("BDAT") == 1
    assert f"it answers BDAT with {told}" in caplog.text


@pytest.mark.parametrize("told", [f"{TWICE}250 fine", SKIP, "what now", "354 go on"])
@pytest.mark.parametrize("reader", [READERS[0], FIFTH])
def test_a_relay_whose_replies_do_not_match_gets_the_rest_by_data_and_nobody_twice(
    start_relay: Start, caplog: pytest.LogCaptureFixture, reader: str, told: str
) -> None:
    relay = start_relay(Relay(chunking=True, answer=at(".", reader, told)))
    sent = send(relay, queue(), timeout=0.5)
    assert len(relay.recipients) == len(set(relay.recipients))
    assert set(sent.outcomes) == set(READERS)
    assert set(sent.outcomes.values()) <= {Outcome.ACCEPTED, Outcome.UNKNOWN}
    accepted = {one for one, outcome in sent.outcomes.items() if outcome is Outcome.ACCEPTED}
    assert accepted <= set(relay.recipients)
    assert accepted >= set(READERS) - {reader}
    assert "DATA" in relay.verbs
    assert caplog.text.count("messages go by DATA from now on") == 1


def test_who_left_before_the_commit_gets_nothing_and_the_window_goes_on(start_relay: Start) -> None:
    relay = start_relay(Relay(chunking=True))
    send(relay, queue(verdicts={THIRD: Verdict.SUPPRESSED}))
    assert relay.recipients == [reader for reader in READERS if reader != THIRD]
    assert relay.connections == 1


@pytest.mark.parametrize("chunking", [True, False])
def test_a_stop_ends_a_connection_before_its_next_window(start_relay: Start, chunking: bool) -> None:
    relay = start_relay(Relay(chunking=chunking))
    sent = send(relay, queue(verdicts=dict.fromkeys(READERS[5:], Verdict.STOP)))
    assert relay.recipients == list(sent.receipts) == READERS[:5]
    assert relay.verbs[-1] == "QUIT", "no DATA was open"


def test_a_connection_lost_by_data_costs_only_the_message_whose_body_was_sent(start_relay: Start) -> None:
    relay = start_relay(Relay(answer=at(".", THIRD, DROP)))
    sent = send(relay, queue())
    assert sent.outcomes[THIRD] is Outcome.UNKNOWN
    assert relay.recipients == [reader for reader in READERS if reader != THIRD]
    assert list(sent.outcomes.values()).count(Outcome.UNKNOWN) == 1


def test_a_connection_takes_no_more_messages_than_it_may_also_by_bdat(start_relay: Start) -> None:
    relay = start_relay(Relay(chunking=True, per_connection=3))
    send(relay, queue(), per_connection=3)
    assert relay.recipients == READERS
    assert relay.connections == 3
