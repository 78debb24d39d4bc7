"""Reports that somebody made up: each party writes all that it can know, and stops nobody but itself."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product

import pytest
from sqlalchemy import Engine, select

from newsletter.feedback.parse import read
from newsletter.feedback.process import process
from newsletter.links import Purpose
from newsletter.model import Outcome, Receipt, SubscriberStatus
from newsletter.store import events, issues, ledger, people
from newsletter.store.choices import has_left
from newsletter.store.db import reading, writing
from newsletter.store.events import Kind
from newsletter.store.ledger import Result
from newsletter.store.schema import event, subscriber
from tests.feedback import mails
from tests.sending import house

NOW = datetime(2025, 2, 14, 18, 0, tzinfo=UTC)
VICTIM, ATTACKER = 1, 2


def tokens(reader: int, *purposes: Purpose) -> tuple[str, ...]:
    return mails.SIGNER.tokens(purposes, reader, mails.CLOSING)


_REPLY = tokens(VICTIM, Purpose.MESSAGE)
_FORWARDED = tokens(VICTIM, Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.VIEW)
KNOWN = {
    "nobody": ["A" * 31],
    "who got a reply": _REPLY,
    "who got the letter forwarded": _FORWARDED,
    "who got both": [*_REPLY, *_FORWARDED],
    "another reader with a reply": [*_REPLY, *_FORWARDED],
}
"""The tokens of the victim that each party has seen."""

PLACES = {
    "message-id": "Message-ID: <2025-02-14.{}@news.example.org>",
    "unsubscribe": "List-Unsubscribe: <https://news.example.org/unsubscribe/{}>",
    "return-path": "Return-Path: <b+{}@news.example.org>",
    "report": "CFBL-Feedback-ID: {}",
    "in-reply-to": "In-Reply-To: <2025-02-14.{}@news.example.org>",
    "x": "X-HmXmrOriginalRecipient: olena@rada.example\nMessage-ID: <2025-02-14.{}@news.example.org>",
}
DSN = (
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.rada.example\n\n"
    "Final-Recipient: rfc822; olena@rada.example\nAction: {}\nStatus: {}\nDiagnostic-Code: smtp; {}\n"
)
REPORTS = {
    "hard": DSN.format("failed", "5.1.1", "550 5.1.1 no such user"),
    "soft": DSN.format("failed", "5.2.2", "552 5.2.2 mailbox full"),
    "delivered": DSN.format("delivered", "2.0.0", "250 2.0.0 delivered"),
    "abuse": "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x\nVersion: 1\n",
    "opt-out": "Content-Type: message/feedback-report\n\nFeedback-Type: opt-out\nUser-Agent: x\nVersion: 1\n",
    "words": "Content-Type: text/plain\n\n550 5.1.1 <olena@rada.example>: no such user here\n",
}


def forged(place: str, report: str, token: str, *, encoded: bool = False) -> bytes:
    """Return a mail by which somebody pretends that a server or a provider reports."""
    mark = PLACES[place].format(token)
    returned = f"{mark}\nSubject: Digest\n\nDigest\n"
    kind = "message/rfc822"
    if encoded:
        kind = "text/plain; charset=utf-8\nContent-Transfer-Encoding: base64"
        returned = b64encode(returned.encode()).decode()
    head = "" if place == "message-id" else f"{mark}\n"
    return (
        f"From: MAILER-DAEMON@mx.rada.example\nTo: bounces@news.example.org\n{head}"
        f"Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\n\n--x\n'
        f"{REPORTS[report]}\n--x\nContent-Type: {kind}\n\n{returned}\n--x--\n"
    ).encode()


def variants() -> Iterator[tuple[str, bytes]]:
    """Yield a name and a mail for whatever each party can put together."""
    for (who, known), place, report in product(KNOWN.items(), PLACES, REPORTS):
        if report == "opt-out" and place == "unsubscribe" and who not in {"nobody", "who got a reply"}:
            continue  # that link lets its holder leave at once, by a click as by a mail
        for number, token in enumerate(known):
            for encoded in (False, True):
                yield (
                    f"{who}, {place}, {report}, {number}, {encoded}",
                    forged(place, report, token, encoded=encoded),
                )
    for address in ("b+{}@news.example.org", "B+{}@NEWS.example.org"):
        for token in _REPLY + _FORWARDED:
            content = forged("x", "hard", token).replace(
                b"bounces@news.example.org", address.format(token).encode()
            )
            yield address, content


FORGED = list(variants())


@pytest.fixture
def sent(engine: Engine) -> Engine:
    """Have an issue that two readers got."""
    house.people(engine, 2)
    house.approve(engine)
    with writing(engine) as connection:
        issues.begin(connection, house.NAME, "smtp", house.NOW)
        taken = Receipt(outcome=Outcome.ACCEPTED, code=250)
        ledger.record(connection, house.NAME, [Result(n, 1, taken) for n in (VICTIM, ATTACKER)], house.NOW)
    return engine


def report(engine: Engine, *contents: bytes) -> None:
    found = [read(content, mails.SIGNER).event(NOW) for content in contents]
    with writing(engine) as connection:
        events.put(connection, filter(None, found))
    process(engine, NOW)


def person(engine: Engine, number: int) -> people.Record:
    with reading(engine) as connection:
        found = people.get(connection, number)
    assert found
    return found


def test_no_forged_report_does_anything_to_a_reader_whatever_its_writer_can_know(sent: Engine) -> None:
    assert len({content for _, content in FORGED}) >= 300
    believed = [
        name for name, content in FORGED if (one := read(content, mails.SIGNER)).subscriber and one.proven
    ]
    assert believed == []
    report(sent, *(content for _, content in FORGED))
    victim = person(sent, VICTIM)
    assert (victim.status, victim.reason) == (SubscriberStatus.ACTIVE, "")
    assert not has_left(victim.choices)
    assert house.outcomes(sent) == {"accepted": 2}
    with reading(sent) as connection:
        kinds = connection.execute(select(event.c.kind)).scalars().all()
    assert set(kinds) == {Kind.UNVERIFIED}
    assert len(kinds) <= len(REPORTS), "one a kind, however many are sent"


def test_a_reader_s_own_marks_stop_nobody_else(sent: Engine) -> None:
    bounce, mark = tokens(ATTACKER, Purpose.BOUNCE, Purpose.REPORT)
    for place, token in (("return-path", bounce), ("report", mark)):
        content = forged(place, "abuse", token)
        for other in _REPLY + _FORWARDED:
            stuffed = content.replace(b"Subject: Digest", f"References: <2025-02-14.{other}@a.b>".encode())
            assert read(stuffed, mails.SIGNER).subscriber == ATTACKER
    report(sent, forged("report", "abuse", mark))
    assert person(sent, ATTACKER).reason == "complained: abuse"
    assert person(sent, VICTIM).status is SubscriberStatus.ACTIVE


@pytest.mark.parametrize("purpose", [Purpose.BOUNCE, Purpose.REPORT])
def test_a_complaint_is_believed_by_a_mark_that_only_servers_see(purpose: Purpose) -> None:
    place = "return-path" if purpose is Purpose.BOUNCE else "report"
    for encoded in (False, True):
        for token in (tokens(7, purpose)[0], tokens(7, purpose)[0].lower()):
            content = forged(place, "abuse", token, encoded=encoded)
            weak = f"Subject: <2025-02-14.{tokens(7, Purpose.MESSAGE)[0]}@news.example.org>\n".encode()
            found = read(weak + content, mails.SIGNER)
            assert (found.kind, found.subscriber, found.proven) == (Kind.COMPLAINT, 7, True)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("Subject: Out of office\nAuto-Submitted: auto-replied\n", Kind.AUTO_REPLY),
        ("Subject: Re: Digest\n", Kind.UNREADABLE),
    ],
)
def test_an_answer_that_cites_a_letter_is_no_report_at_all(head: str, kind: Kind) -> None:
    cites = f"In-Reply-To: <2025-02-14.{_REPLY[0]}@news.example.org>\n"
    found = read(f"From: olena@rada.example\n{head}{cites}\nThank you.\n".encode(), mails.SIGNER)
    assert (found.kind, found.proven, found.event(NOW)) == (kind, True, None)


def test_no_token_is_kept_in_any_words(sent: Engine) -> None:
    secret = tokens(VICTIM, Purpose.UNSUBSCRIBE)[0]
    said = f"550 5.1.1 no such user, see https://news.example.org/unsubscribe/{secret}?x=3D{secret} ok"
    report(sent, mails.bounce(VICTIM, said), forged("unsubscribe", "hard", secret))
    refused = Receipt(outcome=Outcome.REFUSED, code=554, detail=said)
    with writing(sent) as connection:
        ledger.record(connection, house.NAME, [Result(3, 1, refused)], house.NOW)
    with reading(sent) as connection:
        kept = [*connection.execute(select(subscriber.c.reason)).scalars()]
        kept += connection.execute(select(event.c.detail)).scalars()
    kept.append(refused.detail)
    assert "bounced: 550 5.1.1 no such user, see https://news.example.org/unsubscribe/…?x=… ok" in kept
    assert not any(secret in words for words in kept)
