"""The SMTP transport against Debian's own Postfix, which offers CHUNKING and PIPELINING."""

import asyncio
from collections.abc import Iterator

import pytest

from newsletter.errors import TransportUnavailable
from newsletter.model import Outcome, Verdict
from newsletter.transport.smtp.client import Smtp
from tests.postfix import Postfix, needs_postfix, running
from tests.transport.outgoing import Queue

READERS = [f"reader{number}@a.test" for number in range(1, 13)]
GONE, BUSY, CLOSING = "gone@a.test", "busy@a.test", "closing@a.test"
REPLIES = {
    GONE: "550 5.1.1 no such user",
    BUSY: "451 4.7.1 greylisted",
    CLOSING: "421 4.3.2 try another connection",
}

pytestmark = needs_postfix


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """Run Postfix, which refuses some recipients, and the fifth message for a header."""
    with running(REPLIES, header="^Subject: 5$") as started:
        yield started


def test_windows_of_whole_transactions_are_answered_reader_by_reader(postfix: Postfix) -> None:
    people = [*READERS[:2], GONE, *READERS[2:5], BUSY, *READERS[5:]]
    refused = people[4]
    queue = Queue(*people, verdicts={READERS[-2]: Verdict.SUPPRESSED})
    queue.commit_seconds = 1
    asyncio.run(Smtp(host="127.0.0.1", port=postfix.port, security="none").drain(queue))
    expected = dict.fromkeys(people, Outcome.ACCEPTED)
    expected |= {GONE: Outcome.REFUSED, refused: Outcome.REFUSED, BUSY: Outcome.DEFERRED}
    del expected[READERS[-2]]
    assert queue.outcomes == expected
    assert queue.receipts[GONE].code == 550
    assert queue.receipts[refused].detail.startswith("5.7.1 message content rejected")
    accepted = [one for one, outcome in expected.items() if outcome is Outcome.ACCEPTED]
    arrived = postfix.arrived(accepted)
    assert {one: arrived[one] for one in people} == {one: int(one in accepted) for one in people}
    assert "data=" not in postfix.commands[-1]
    assert f"mail={len(people) - 1} " in postfix.commands[-1], "one connection took all of them"


def test_a_connection_that_postfix_closes_amid_a_window_leaves_nothing_unknown(
    postfix: Postfix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.transport.smtp.client._PATIENCE", ())
    people = [f"later{number}@a.test" for number in range(8)]
    queue = Queue(*people[:3], CLOSING, *people[3:])
    queue.commit_seconds = 1
    with pytest.raises(TransportUnavailable, match=r"before taking a message: 421 4\.3\.2"):
        asyncio.run(Smtp(host="127.0.0.1", port=postfix.port, security="none").drain(queue))
    assert queue.outcomes == dict.fromkeys(people[:3], Outcome.ACCEPTED)
    assert queue.begun == people[:3], "the others were withdrawn"
    arrived = postfix.arrived(people[:3])
    assert {one: arrived[one] for one in people} == {one: int(one in queue.outcomes) for one in people}
