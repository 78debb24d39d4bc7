"""The webhooks' page: how each stands, and what its buttons do."""

from flask.testing import FlaskClient

from newsletter.services import Workspace, webhooks
from newsletter.services import journal as service
from newsletter.store.journal import Wanted
from tests.web.desk.visit import send


def test_a_webhook_is_shown_paused_and_resumed_and_a_test_says_why_it_failed(
    context: Workspace, client: FlaskClient
) -> None:
    assert "/desk/webhooks" not in client.get("/desk/jobs").text
    assert "Їх немає" in client.get("/desk/webhooks").text
    file = context.root / "newsletter.yaml"
    hook = "webhooks:\n  - {name: register, url: https://127.0.0.1/secret-path}\n"
    file.write_text(f"{file.read_text('utf-8')}\n{hook}", "utf-8")
    page = client.get("/desk/webhooks").text
    assert "register" in page
    assert "працює" in page
    assert "secret-path" not in page
    assert send(client, "/desk/webhooks/register", {"act": "pause"}).location == "/desk/webhooks"
    assert "Вебхук register призупинено" in client.get("/desk/jobs").text
    assert "Продовжити" in client.get("/desk/webhooks").text
    send(client, "/desk/webhooks/register", {"act": "resume"})
    assert "призупинено" not in client.get("/desk/jobs").text
    send(client, "/desk/webhooks/register", {"act": "test"})
    assert "NEWSLETTER_WEBHOOK_SECRET" in client.get("/desk/webhooks").text
    send(client, "/desk/webhooks/register", {"act": "replay"})
    assert send(client, "/desk/webhooks/nobody", {"act": "pause"}).status_code == 303
    entries = service.entries(context, Wanted(), limit=9)
    assert [(one.did, one.subject, one.details["did"]) for one in entries] == [
        ("webhook", "register", act) for act in ("replay", "resume", "pause")
    ]
    assert webhooks.trouble(context) == []
