"""Health and metrics: what they tell, and to whom."""

from http import HTTPStatus

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from newsletter.services import Workspace
from newsletter.store.db import writing
from newsletter.web.readers.app import create_site
from tests.sending import house


def test_the_site_is_well_while_the_database_answers(client: FlaskClient, context: Workspace) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json) == (HTTPStatus.OK, {"status": "ok"})
    with writing(context.database) as connection:
        connection.execute(text("ALTER TABLE issue RENAME TO gone"))
    answer = client.get("/health")
    assert (answer.status_code, answer.json) == (503, {"status": "the database does not answer"})


def test_metrics_tell_of_requests_readers_and_deliveries(client: FlaskClient, context: Workspace) -> None:
    house.people(context.database, 2)
    house.approve(context.database)
    client.get("/health")
    client.get("/nothing")
    found = client.get("/metrics")
    assert found.content_type.startswith("text/plain")
    for line in (
        'newsletter_requests_total{endpoint="status.health",status="200"} 1.0',
        'newsletter_requests_total{endpoint="none",status="404"} 1.0',
        'newsletter_request_seconds_count{endpoint="status.health"} 1.0',
        'newsletter_subscribers{status="active"} 2.0',
        f'newsletter_deliveries{{issue="{house.NAME}",outcome="pending"}} 2.0',
        "newsletter_letters_waiting 0.0",
        "newsletter_open_chunk_seconds 0.0",
        "newsletter_database_up 1.0",
    ):
        assert line in found.text.splitlines()


def test_metrics_tell_of_requests_also_without_a_database(client: FlaskClient, context: Workspace) -> None:
    with writing(context.database) as connection:
        connection.execute(text("ALTER TABLE issue RENAME TO gone"))
    found = client.get("/metrics")
    assert found.status_code == HTTPStatus.OK
    assert "newsletter_database_up 0.0" in found.text


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("203.0.113.7", {}),
        ("203.0.113.7", {"Authorization": "Bearer wrong"}),
        ("203.0.113.7", {"Authorization": "Bearer "}),
        ("203.0.113.7", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}),
        ("127.0.0.1", {"Host": "news.example.org"}),
    ],
)
def test_metrics_are_no_page_for_the_world_nor_through_a_proxy(
    context: Workspace, monkeypatch: pytest.MonkeyPatch, peer: str, headers: dict[str, str]
) -> None:
    for token in ("", "right"):
        monkeypatch.setenv("NEWSLETTER_METRICS_TOKEN", token)
        for proxies in (0, 1):
            serve = context.settings.serve.model_copy(update={"proxies": proxies})
            context.settings = context.settings.model_copy(update={"serve": serve})
            client = create_site(context).test_client()
            answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
            assert answer.status_code == HTTPStatus.NOT_FOUND


def test_metrics_are_for_who_has_the_token(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_METRICS_TOKEN", "right")
    answer = client.get(
        "/metrics",
        headers={"Authorization": "Bearer right", "X-Forwarded-For": "198.51.100.1"},
        environ_base={"REMOTE_ADDR": "203.0.113.7"},
    )
    assert answer.status_code == HTTPStatus.OK
