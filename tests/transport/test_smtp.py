"""The SMTP transport against a real server on loopback."""

import asyncio
import ssl
from collections.abc import Callable

import aiosmtplib
import pytest
import trustme

from newsletter.errors import TransportUnavailable
from newsletter.model import Outcome, Verdict
from tests.relay import DROP, HANG, Relay
from tests.transport.outgoing import Queue, send, smtp

Start = Callable[[Relay], Relay]


ANNA, BOHDAN, VIRA = "anna@a.test", "bohdan@b.test", "vira@c.test"


@pytest.mark.parametrize("pipelining", [True, False])
def test_every_message_arrives_once_and_as_it_was(start_relay: Start, pipelining: bool) -> None:
    relay = start_relay(Relay(pipelining=pipelining))
    queue = send(relay, Queue(ANNA, BOHDAN, VIRA))
    assert relay.recipients == [ANNA, BOHDAN, VIRA]
    assert relay.accepted[0] == ("b+x@news.example.org", ANNA, b"Subject: 1\r\n\r\nHello\r\n")
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}
    assert relay.connections == 1
    assert relay.verbs[-1] == "QUIT"


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [("550 5.1.1 no such user", Outcome.REFUSED), ("451 4.7.1 greylisted", Outcome.DEFERRED)],
)
def test_a_refusal_concerns_its_message_only(
    start_relay: Start, pipelining: bool, verb: str, reply: str, outcome: Outcome
) -> None:
    seen: list[str] = []

    def answer(at: str, _recipient: str) -> str | None:
        seen.append(at)
        return reply if at == verb and seen.count(verb) == 2 else None

    relay = start_relay(Relay(pipelining=pipelining, answer=answer))
    queue = send(relay, Queue(ANNA, BOHDAN, VIRA))
    assert queue.outcomes == {ANNA: Outcome.ACCEPTED, BOHDAN: outcome, VIRA: Outcome.ACCEPTED}
    assert queue.receipts[BOHDAN].code == int(reply[:3])
    assert relay.recipients == [ANNA, VIRA]


def test_a_refused_recipient_gets_no_empty_message_where_data_is_allowed_all_the_same(
    start_relay: Start,
) -> None:
    def answer(verb: str, _recipient: str) -> str | None:
        return "354 go on" if verb == "DATA" else ("550 no" if verb == "RCPT" else None)

    relay = start_relay(Relay(answer=answer))
    assert send(relay, Queue(ANNA)).outcomes == {ANNA: Outcome.REFUSED}
    assert relay.accepted == []


def test_a_relay_that_closes_after_some_messages_is_connected_to_again(start_relay: Start) -> None:
    relay = start_relay(Relay(per_connection=2))
    addresses = [f"reader{number}@a.test" for number in range(7)]
    queue = send(relay, Queue(*addresses))
    assert relay.recipients == addresses
    assert relay.connections == 4
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}


def test_a_connection_takes_no_more_messages_than_it_is_told_to(start_relay: Start) -> None:
    relay = start_relay(Relay())
    addresses = [f"reader{number}@a.test" for number in range(7)]
    send(relay, Queue(*addresses), per_connection=3)
    assert relay.recipients == addresses
    assert relay.connections == 3
    assert relay.verbs.count("QUIT") == 3, "it leaves before it is thrown out"
    assert relay.verbs.count("MAIL") == 7


def test_a_421_in_the_middle_is_about_the_connection_and_not_the_message(start_relay: Start) -> None:
    answers = iter([None, "421 4.3.2 closing"])
    relay = start_relay(Relay(answer=lambda verb, _: next(answers, None) if verb == "MAIL" else None))
    queue = send(relay, Queue(ANNA, BOHDAN))
    assert queue.outcomes == {ANNA: Outcome.ACCEPTED, BOHDAN: Outcome.ACCEPTED}


@pytest.mark.parametrize("told", ["hang after all", "drop after all", HANG, DROP])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_lost_answer_to_a_body_is_unknown_and_never_sent_again(
    start_relay: Start, told: str, pipelining: bool
) -> None:
    relay = start_relay(
        Relay(
            pipelining=pipelining,
            answer=lambda verb, who: told if verb == "." and who == ANNA else None,
        )
    )
    queue = send(relay, Queue(ANNA, BOHDAN), timeout=0.1)
    assert queue.outcomes == {ANNA: Outcome.UNKNOWN, BOHDAN: Outcome.ACCEPTED}
    assert relay.recipients.count(ANNA) == ("after" in told)


@pytest.mark.parametrize("told", [HANG, DROP])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_body_costs_nothing(start_relay: Start, told: str, verb: str) -> None:
    lost: list[str] = []

    def answer(at: str, _recipient: str) -> str | None:
        if at == verb and not lost:
            lost.append(at)
            return told
        return None

    relay = start_relay(Relay(answer=answer))
    queue = send(relay, Queue(ANNA, BOHDAN), timeout=0.6)
    assert relay.recipients == [ANNA, BOHDAN]
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}


def test_a_relay_that_turns_every_connection_away_is_named_with_its_words(
    start_relay: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.transport.smtp.client._PATIENCE", (0, 0))
    relay = start_relay(Relay(answer=lambda verb, _: "421 4.7.0 too many" if verb == "MAIL" else None))
    with pytest.raises(TransportUnavailable, match=r"before taking a message: 421 4\.7\.0 too many"):
        send(relay, Queue(ANNA))
    assert relay.connections == 3


def test_nothing_leaves_without_leave_to_begin(start_relay: Start) -> None:
    relay = start_relay(Relay())
    queue = send(relay, Queue(ANNA, BOHDAN, VIRA, verdicts={BOHDAN: Verdict.SUPPRESSED}))
    assert relay.recipients == [ANNA, VIRA]
    assert queue.begun == [ANNA, VIRA]


def test_a_stop_ends_the_connection_before_the_next_body(start_relay: Start) -> None:
    relay = start_relay(Relay())
    queue = send(relay, Queue(ANNA, BOHDAN, VIRA, verdicts={BOHDAN: Verdict.STOP}))
    assert relay.recipients == [ANNA]
    assert list(queue.receipts) == [ANNA]


def test_what_the_relay_says_it_cannot_take_is_refused_here(start_relay: Start) -> None:
    relay = start_relay(Relay(size=40))
    queue = send(relay, Queue(ANNA, size=100))
    assert queue.receipts[ANNA].code == 552
    assert send(relay, Queue("анна@a.test")).receipts["анна@a.test"].code == 553
    assert send(relay, Queue("a@b.test>\r\nDATA")).receipts["a@b.test>\r\nDATA"].code == 553
    assert relay.accepted == []
    assert "MAIL" not in relay.verbs


def test_a_relay_that_is_not_there_is_named(start_relay: Start) -> None:
    relay = start_relay(Relay())
    nobody = smtp(relay, port=1)
    with pytest.raises(TransportUnavailable, match=r"127\.0\.0\.1:1 cannot be used"):
        asyncio.run(nobody.check())


def test_a_relay_that_closes_at_the_end_of_its_greeting_is_a_relay_that_cannot_be_used(
    start_relay: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    ehlo = aiosmtplib.SMTP.ehlo

    async def ehlo_and_lose(client: aiosmtplib.SMTP) -> None:
        await ehlo(client)
        client.close()  # as it does itself when the relay closes

    monkeypatch.setattr(aiosmtplib.SMTP, "ehlo", ehlo_and_lose)
    with pytest.raises(TransportUnavailable, match="closed after the greeting"):
        asyncio.run(smtp(start_relay(Relay())).check())


def test_a_wrong_password_is_told_before_anything_is_sent(start_relay: Start) -> None:
    relay = start_relay(Relay(login=("press", "secret")))
    with pytest.raises(TransportUnavailable, match="refused the login of press: 535") as caught:
        asyncio.run(smtp(relay, user="press", password="wrong").check())  # noqa: S106  a planted one
    assert "NEWSLETTER_SMTP_PASSWORD" in caught.value.hint
    assert "wrong'" not in str(caught.value)
    asyncio.run(smtp(relay, user="press", password="secret").check())  # noqa: S106  likewise


def test_a_token_logs_in_by_xoauth2(start_relay: Start) -> None:
    relay = start_relay(Relay(login=("press", "the-token")))
    asyncio.run(smtp(relay, user="press", token="the-token").check())  # noqa: S106  a planted one
    with pytest.raises(TransportUnavailable, match="refused the login of press"):
        asyncio.run(smtp(relay, user="press", token="stale").check())  # noqa: S106  likewise


def test_login_where_the_relay_has_none_is_told(start_relay: Start) -> None:
    relay = start_relay(Relay())
    with pytest.raises(TransportUnavailable, match="does not offer"):
        asyncio.run(smtp(relay, user="press", password="secret").check())  # noqa: S106  a planted one


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_for(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_starttls_with_a_trusted_certificate_sends(start_relay: Start, authority: trustme.CA) -> None:
    relay = start_relay(Relay(tls=tls_for(authority, "127.0.0.1")))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    queue = send(relay, Queue(ANNA, BOHDAN), security="starttls", tls=trusting)
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}
    assert relay.recipients == [ANNA, BOHDAN]


@pytest.mark.parametrize("name", ["127.0.0.1", "other.test"])
def test_a_certificate_that_is_not_to_be_trusted_stops_everything(
    start_relay: Start, authority: trustme.CA, name: str
) -> None:
    relay = start_relay(Relay(tls=tls_for(authority, name)))
    with pytest.raises(TransportUnavailable, match="certificate"):
        asyncio.run(smtp(relay, security="starttls").check())
    assert "MAIL" not in relay.verbs


def test_starttls_is_never_given_up_where_it_is_not_offered(start_relay: Start) -> None:
    relay = start_relay(Relay())
    with pytest.raises(TransportUnavailable, match="does not offer"):
        asyncio.run(smtp(relay, security="starttls").check())
    assert "MAIL" not in relay.verbs
