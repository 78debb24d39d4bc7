"""Our requests before Postmark's own OpenAPI document, as Prism reads it, and the server on loopback."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from newsletter.model import Outcome
from newsletter.transport.postmark.api import entry
from newsletter.transport.postmark.client import connected, document
from tests.drawn import image
from tests.postmark_fake import FakePostmark, running
from tests.prism import before, needs_prism, postmark
from tests.transport.test_postmark import transport
from tests.transport.test_sendgrid import Queue, crowd
from tests.transport.test_sendgrid_request import write

pytestmark = needs_prism

READER = write(7, "o'neil&co@example.org", "Олена Київ")
ONE = image()
PAGE = replace(READER.page, html=f'<img src="cid:{ONE.cid}">{READER.page.html}', pictures=(ONE,))
WHOLE = entry(replace(READER, load=lambda: PAGE), "broadcast")


@pytest.fixture(scope="module")
def behind_prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakePostmark]:
    """Run the server, whose address is Prism's."""
    folder = tmp_path_factory.mktemp("prism")
    with running(FakePostmark()) as fake, before(fake.host, folder, postmark()) as fake.host:
        yield fake


@pytest.fixture
def fake(behind_prism: FakePostmark) -> FakePostmark:
    """Give the server, which nobody has asked yet."""
    behind_prism.asked.clear()
    behind_prism.taken.clear()
    return behind_prism


def post(fake: FakePostmark, *entries: dict[str, Any]) -> httpx.Response:
    """Return the answer to a request of these messages."""
    return httpx.post(
        f"{fake.host}/email/batch", json=entries, headers={"X-Postmark-Server-Token": fake.token}, timeout=10
    )


def test_the_document_allows_what_we_send_and_what_the_server_answers(fake: FakePostmark) -> None:
    queue = Queue(*crowd(250))
    asyncio.run(transport(fake, batch=100, timeout=30).drain(queue))
    assert sorted(map(len, fake.asked)) == [50, 100, 100]
    assert sorted(fake.recipients) == sorted(crowd(250))
    assert set(queue.outcomes.values()) == {Outcome.ACCEPTED}


def test_the_document_allows_all_that_a_message_can_hold(fake: FakePostmark) -> None:
    note = replace(write(0, "editor@a.test"), values=dict.fromkeys(READER.values, ""))
    assert WHOLE["Attachments"]
    assert post(fake, WHOLE, entry(note, "broadcast")).status_code == 200
    assert len(fake.taken) == 2


def test_the_document_allows_to_ask_how_the_server_is_set(fake: FakePostmark) -> None:
    async def asked() -> dict[str, Any]:
        async with connected(fake.token, fake.host, 10) as client:
            return await document(client, "/server")

    assert asyncio.run(asked()) == fake.server


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"To": ["anna@a.test"]}, "must be string"),
        ({"Metadata": "2025-02-14:7"}, "Metadata must be object"),
        ({"TrackLinks": "No"}, "must be equal to one of the allowed values"),
        ({"TrackOpens": "no"}, "must be boolean"),
        ({"Replyto": "a@a.test"}, "must NOT have additional properties"),
        ({"Headers": {"X-A": "b"}}, "must be array"),
        ({"Headers": [{"Name": "X-A", "value": "b"}]}, "must NOT have additional properties"),
        ({"Attachments": [{"Cid": "x"}]}, "must NOT have additional properties"),
    ],
)
def test_what_the_document_does_not_allow_never_comes_to_the_server(
    fake: FakePostmark, changed: dict[str, Any], reason: str
) -> None:
    answer = post(fake, {**WHOLE, **changed})
    assert answer.status_code == 422
    assert reason in answer.text
    assert fake.asked == []
