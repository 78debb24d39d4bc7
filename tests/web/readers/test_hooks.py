"""Providers' webhooks: SendGrid's, as SendGrid asks it, and one that the tests add."""

import json
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from newsletter.feedback import Provider, ses
from newsletter.registry import PROVIDERS
from newsletter.services import Workspace
from newsletter.store.db import reading, timestamp
from newsletter.store.events import Event, Kind
from newsletter.store.schema import event
from newsletter.web.readers.app import create_site
from tests.feedback import signing, sns, test_postmark
from tests.feedback import test_mailgun as mailgun

NOW = datetime(2025, 2, 14, 18, 0, tzinfo=UTC)


class PlainEvents:
    """A provider whose requests carry its key, and whose body is `issue subscriber`."""

    def __init__(self, key: str, now: datetime) -> None:
        self._key, self._now = key, now

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the request carries the key."""
        return headers.get("X-Plain-Key") == self._key and bool(body)

    def parse(self, body: bytes) -> list[Event]:
        """Return the one event of `body`."""
        issue, number = body.decode().split()
        at = timestamp(self._now)
        return [Event(id=f"plain:{number}", source="plain", kind=Kind.HARD, subscriber=int(number),
                      issue=issue, code="5.1.1", detail="", at=at)]  # fmt: skip


PLAIN = Provider(key=lambda: "open sesame", events=PlainEvents, told=lambda _one: (None, None))


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.isoformat())
    monkeypatch.setenv("SENDGRID_WEBHOOK_KEY", signing.PUBLIC)


def post(client: FlaskClient, content: bytes, *, at: datetime = NOW) -> TestResponse:
    return client.post(
        "/hooks/sendgrid",
        data=content,
        content_type="application/json",
        headers=signing.headers(content, at),
    )


def kept(context: Workspace) -> list[str]:
    with reading(context.database) as connection:
        return list(connection.execute(select(event.c.id).order_by(event.c.id)).scalars())


def test_events_are_kept_once_whatever_comes_twice_and_in_what_order(
    context: Workspace, client: FlaskClient
) -> None:
    events = [signing.event("bounce", n, type="bounce", reason="550 5.1.1 unknown") for n in range(1, 21)]
    random.Random(7).shuffle(events)  # noqa: S311  any order will do
    assert post(client, signing.body(*events, *events)).status_code == 200
    assert post(client, signing.body(*reversed(events), signing.event("spamreport", 1))).status_code == 200
    assert len(kept(context)) == 21
    with reading(context.database) as connection:
        rows = connection.execute(select(event)).mappings().all()
    assert {row["processed_at"] for row in rows} == {""}
    assert "city.example.org" not in json.dumps([dict(row) for row in rows])


def test_a_token_of_mailgun_s_counts_once_whatever_comes_with_it(
    context: Workspace, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = mailgun.body(mailgun.event("delivered"))
    assert client.post("/hooks/mailgun", data=content).status_code == 404, "no key is set"
    monkeypatch.setenv("MAILGUN_WEBHOOK_KEY", mailgun.KEY)
    for kind in ("delivered", "complained"):
        content = mailgun.body(mailgun.event(kind))
        assert client.post("/hooks/mailgun", data=content).status_code == 200
    assert client.post("/hooks/mailgun", data=content.replace(b"token", b"taken")).status_code == 403
    with reading(context.database) as connection:
        assert connection.execute(select(event.c.kind)).scalars().all() == [Kind.DELIVERED]


def test_what_sns_signed_for_our_topic_of_amazon_ses_is_kept_once(
    context: Workspace, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ses.certificates, sns.CERTIFICATE, sns.PEM)
    content = sns.body(sns.event("Complaint", 3, feedbackId="f"))
    assert client.post("/hooks/ses", data=content).status_code == 404, "no topic is set"
    monkeypatch.setenv("SES_TOPIC_ARN", "digest")
    assert client.post("/hooks/ses", data=content).status_code == 503
    monkeypatch.setenv("SES_TOPIC_ARN", sns.TOPIC)
    for _ in range(2):
        assert client.post("/hooks/ses", data=content, content_type="text/plain").status_code == 200
    assert client.post("/hooks/ses", data=content.replace(b"Complaint", b"Delivery")).status_code == 403
    assert kept(context) == ["ses:f"]


def test_kinds_nobody_knows_and_events_of_others_are_taken_and_not_kept(
    context: Workspace, client: FlaskClient
) -> None:
    content = signing.body(signing.event("open"), signing.event("new thing"), {"event": "bounce"})
    assert post(client, content).status_code == 200
    assert kept(context) == []


def test_without_a_key_there_is_no_such_page(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SENDGRID_WEBHOOK_KEY")
    assert post(client, signing.body()).status_code == 404


def test_a_key_that_is_none_keeps_events_at_sendgrid(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENDGRID_WEBHOOK_KEY", "nonsense")
    assert post(client, signing.body()).status_code == 503


def test_the_key_may_be_a_file_in_pem_form(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = (
        "-----BEGIN PUBLIC KEY-----",
        signing.PUBLIC[:64],
        signing.PUBLIC[64:],
        "-----END PUBLIC KEY-----",
    )
    (tmp_path / "key").write_text("\n".join(lines))
    monkeypatch.delenv("SENDGRID_WEBHOOK_KEY")
    monkeypatch.setenv("SENDGRID_WEBHOOK_KEY_FILE", str(tmp_path / "key"))
    assert post(client, signing.body()).status_code == 200


def test_what_sendgrid_did_not_sign_is_refused(context: Workspace, client: FlaskClient) -> None:
    content = signing.body(signing.event("bounce"))
    headers = signing.headers(content, NOW)
    for data, given in (
        (content, {}),
        (content[:-20], headers),
        (content + b" ", headers),
        (json.dumps(json.loads(content)).encode(), headers),
        (content, {name: headers[name] for name in list(headers)[:1]}),
        (content, {name: headers[name] for name in list(headers)[1:]}),
    ):
        assert client.post("/hooks/sendgrid", data=data, headers=given).status_code == 403
    assert post(client, content, at=NOW - timedelta(hours=26)).status_code == 403
    assert kept(context) == []


def test_signed_nonsense_is_told_so(client: FlaskClient) -> None:
    assert post(client, b"{}").status_code == 400


def test_a_body_over_a_megabyte_is_refused(context: Workspace, client: FlaskClient) -> None:
    assert post(client, b"[" + b" " * (1 << 20) + b"]").status_code == 413
    assert kept(context) == []


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("provider", ["nobody", "SendGrid", "sendgrid/", ""])
def test_a_provider_that_is_not_registered_has_no_page(
    client: FlaskClient, method: str, provider: str
) -> None:
    assert getattr(client, method)(f"/hooks/{provider}").status_code == 404


def test_one_line_adds_a_provider(context: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROVIDERS, "plain", f"{__name__}:PLAIN")
    client = create_site(context).test_client()
    body, key = b"2025-02-14 7", {"X-Plain-Key": "open sesame"}
    assert client.post("/hooks/plain", data=body).status_code == 403
    assert client.post("/hooks/plain", data=b"nonsense", headers=key).status_code == 400
    assert client.post("/hooks/plain", data=body, headers=key).status_code == 200
    assert kept(context) == ["plain:7"]


def test_postmark_has_a_page_once_a_secret_is_set_and_only_who_knows_it_is_heard(
    context: Workspace, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = test_postmark.bounce("HardBounce", Inactive=True)

    def tell(secret: str) -> int:
        return client.post("/hooks/postmark", json=one, headers=test_postmark.login(secret)).status_code

    assert tell(test_postmark.SECRET) == 404
    monkeypatch.setenv("POSTMARK_WEBHOOK_SECRET", test_postmark.SECRET)
    assert tell("postmark:another-password") == 403
    assert [tell(test_postmark.SECRET), tell(test_postmark.SECRET)] == [200, 200]
    assert kept(context) == ["postmark:Bounce:42"]


@pytest.mark.parametrize("method", ["get", "head", "put"])
def test_only_post_is_answered(client: FlaskClient, method: str) -> None:
    assert getattr(client, method)("/hooks/sendgrid").status_code == 405


def test_a_database_that_fails_keeps_events_at_sendgrid(context: Workspace, client: FlaskClient) -> None:
    def fail(*_arguments: object) -> None:
        raise OperationalError("insert", {}, Exception("database is locked"))

    sqlalchemy_event.listen(context.database, "before_cursor_execute", fail)
    assert post(client, signing.body(signing.event("bounce"))).status_code == 503
    sqlalchemy_event.remove(context.database, "before_cursor_execute", fail)
    assert post(client, signing.body(signing.event("bounce"))).status_code == 200


def test_ten_thousand_events_are_kept_long_before_sendgrid_loses_patience(
    context: Workspace, client: FlaskClient
) -> None:
    events = [
        {"event": "bounce", "delivery_id": f"2025-02-14:{n}", "sg_event_id": f"e{n}", "timestamp": 1739548800}
        for n in range(1, 10_001)
    ]
    content = json.dumps(events, separators=(",", ":")).encode()
    assert len(content) < 1 << 20
    begun = time.process_time()
    assert post(client, content).status_code == 200
    assert time.process_time() - begun < 5, "SendGrid waits ten seconds"
    with reading(context.database) as connection:
        assert connection.execute(select(func.count()).select_from(event)).scalar_one() == 10_000
