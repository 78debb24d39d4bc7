"""Our requests before SendGrid's own OpenAPI document, as Prism reads it, and the server on loopback."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from newsletter.model import Outcome
from newsletter.transport.sendgrid.api import request
from tests.drawn import image
from tests.prism import before, needs_prism, sendgrid
from tests.sendgrid_fake import Body, FakeSendGrid, running
from tests.transport.test_sendgrid import Queue, crowd, transport
from tests.transport.test_sendgrid_request import write

pytestmark = needs_prism

READER = write(7, "o'neil&co@example.org", "Олена Київ")
NOTE = replace(write(0, "editor@a.test"), values=dict.fromkeys(READER.values, ""))


@pytest.fixture(scope="module")
def behind_prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeSendGrid]:
    """Run the server, whose address is Prism's."""
    with (
        running(FakeSendGrid()) as fake,
        before(fake.host, tmp_path_factory.mktemp("prism"), sendgrid()) as fake.host,
    ):
        yield fake


@pytest.fixture
def fake(behind_prism: FakeSendGrid) -> FakeSendGrid:
    """Give the server, which nobody has asked yet."""
    behind_prism.asked.clear()
    behind_prism.taken.clear()
    return behind_prism


def post(fake: FakeSendGrid, body: Body) -> tuple[int, str]:
    """Return the answer to `body`, sent by SendGrid's client as the transport does."""
    client = SendGridAPIClient(api_key=fake.key, host=fake.host).client
    client.timeout = 10
    try:
        answer = client.mail.send.post(request_body=body)
    except HTTPError as error:
        answer = error
    return answer.status_code, answer.body.decode()


@pytest.mark.parametrize(("people", "slices"), [(1, [1]), (1_001, [1_000, 1]), (2_500, [1_000, 1_000, 500])])
def test_the_document_allows_what_we_send(fake: FakeSendGrid, people: int, slices: list[int]) -> None:
    queue = Queue(*crowd(people))
    asyncio.run(transport(fake, batch=1_000, timeout=30).drain(queue))
    assert fake.slices == slices
    assert sorted(fake.recipients) == sorted(crowd(people))
    assert {(one.outcome, one.code) for one in queue.receipts.values()} == {(Outcome.ACCEPTED, 202)}
    assert len(queue.receipts) == people


def test_the_document_allows_all_that_a_request_can_hold(fake: FakeSendGrid) -> None:
    body = request([READER, NOTE])
    assert post(fake, body) == (202, "")
    assert fake.taken == [body]
    reader, note = body["personalizations"]
    assert reader["headers"].keys() == {"Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"}
    assert note["headers"].keys() == {"Message-ID", "Auto-Submitted"}
    assert reader["to"][0].keys() == {"email", "name"}
    assert reader["substitutions"]
    assert reader["custom_args"].keys() == {"delivery_id"}


def test_the_document_allows_pictures_in_the_html(fake: FakeSendGrid) -> None:
    one = image()
    page = replace(READER.page, html=f'<img src="cid:{one.cid}">{READER.page.html}', pictures=(one,))
    body = request([replace(READER, load=lambda: page)])
    assert body["attachments"][0]["content_id"] == one.cid
    assert post(fake, body) == (202, "")


def test_the_document_allows_to_ask_what_the_key_may_do(fake: FakeSendGrid) -> None:
    asyncio.run(transport(fake).check())


def without(*names: str) -> Body:
    return {name: value for name, value in request([READER]).items() if name not in names}


def for_one(**changed: Any) -> Body:
    body = request([READER])
    return {**body, "personalizations": [{**body["personalizations"][0], **changed}]}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (without("content"), "must have required property 'content'"),
        (without("personalizations"), "must have required property 'personalizations'"),
        ({**without(), "custom_args": {"issue": "2025-02-14"}}, "property custom_args must be string"),
        ({**without(), "content": [{"type": "text/plain", "value": ""}]}, "fewer than 1 characters"),
        ({**without(), "replyto": {"email": "a@a.test"}}, "must NOT have additional properties"),
        ({**without(), "tracking_settings": {"open_tracking": {"enable": "no"}}}, "must be boolean"),
        (for_one(to=[{"name": "Anna"}]), "must have required property 'email'"),
        (for_one(to=[{"email": "anna"}]), "must match format"),
        (for_one(headers=["X-A: b"]), "headers must be object"),
        (for_one(send_at="tomorrow"), "send_at must be integer"),
        (request([READER] * 1_001), "must NOT have more than 1000 items"),
    ],
)
def test_what_the_document_does_not_allow_never_comes_to_the_server(
    fake: FakeSendGrid, body: Body, reason: str
) -> None:
    status, said = post(fake, body)
    assert status == 422
    assert reason in said
    assert fake.asked == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (for_one(headers={"Reply-To": "a@a.test"}), "override this header"),
        (request([READER, READER]), "only be included once"),
        ({**without(), "content": request([READER])["content"][::-1]}, "must be first"),
    ],
)
def test_what_the_document_does_not_know_is_refused_in_its_words(
    fake: FakeSendGrid, body: Body, reason: str
) -> None:
    status, said = post(fake, body)
    assert (status, fake.asked, fake.taken) == (400, [body], [])
    assert reason in said
