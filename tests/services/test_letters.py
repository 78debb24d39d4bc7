"""Letters on their way: due ones leave by the workspace's transport, and what cannot leave stays due."""

import json
import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from newsletter.audience.forms import Answers
from newsletter.audience.optin import sign_up, wording
from newsletter.errors import TransportUnavailable
from newsletter.links import Purpose
from newsletter.services import Workspace, open_workspace
from newsletter.services.letters import send_letters
from newsletter.store import requests
from newsletter.store.db import reading, writing
from newsletter.store.schema import letter
from tests.relay import Relay
from tests.transport.test_dkim import KEY, pem, verifies
from tests.web.readers.people import act

NOW = datetime(2025, 2, 14, 10, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
Start = Callable[[Relay], Relay]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Set the clock to a while after NOW."""
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.isoformat())
    return lambda later: monkeypatch.setenv("NEWSLETTER_NOW", (NOW + later).isoformat())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with the sample's settings."""
    shutil.copy(ROOT / "newsletter.yaml", tmp_path)
    shutil.copy(ROOT / "logo.png", tmp_path)
    return tmp_path


def by_smtp(workspace: Path, relay: Relay, *more: str) -> Workspace:
    """Open the workspace, which sends through `relay`."""
    file = workspace / "newsletter.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("smtp:", "transport:"))]
    smtp = {"host": "127.0.0.1", "port": relay.port, "security": "none"}
    own = ["transport: smtp", f"smtp: {json.dumps(smtp)}", *more]
    file.write_text("\n".join([*kept, *own]) + "\n", encoding="utf-8")
    return open_workspace(workspace)


def ask(context: Workspace, *emails: str) -> None:
    """Sign up each address."""
    with writing(context.database) as connection:
        for email in emails:
            words = wording(context.settings, "uk")
            doing = act(context, connection, context.now())
            sign_up(doing, Answers(email=email), words, source="test", ip=None)


def states(context: Workspace) -> list[tuple[bool, int, str]]:
    """Return of each letter whether it is settled, its tries, and what was said of it."""
    with reading(context.database) as connection:
        rows = connection.execute(select(letter).order_by(letter.c.id)).all()
    return [(bool(row.sent_at), row.tries, row.detail) for row in rows]


@pytest.mark.usefixtures("at")
def test_a_letter_reaches_its_address_with_the_link_that_confirms(
    workspace: Path, start_relay: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NEWSLETTER_DKIM_KEY", pem(KEY))
    relay = start_relay(Relay())
    context = by_smtp(workspace, relay, "dkim: {selector: s1, domain: news.example.org}")
    ask(context, "olena@konotop.example.org", "ivan@izium.example.org")
    with caplog.at_level(logging.INFO):
        assert send_letters(context) == 2
        assert send_letters(context) == 0
    assert sorted(relay.recipients) == ["ivan@izium.example.org", "olena@konotop.example.org"]
    assert relay.connections == 2, "a look before letters are taken, and one that sends"
    sender, to, content = relay.accepted[0]
    assert sender == "digest@news.example.org"
    assert verifies(content)
    message = message_from_bytes(content, policy=policy.default)
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    plain, html = (body.get_content() for body in bodies if body)
    link = next(line for line in plain.splitlines() if line.startswith("https://"))
    assert f'href="{link}"' in html
    path = urlsplit(link).path
    number, day = context.signer.read(Purpose.CONFIRM, path.removeprefix("/confirm/"))
    with reading(context.database) as connection:
        asked = requests.find(connection, number, NOW)
    assert asked
    assert (asked.email, day) == (to, NOW.date())
    assert "o***@konotop.example.org" in caplog.text
    assert "olena" not in caplog.text
    context.database.dispose()


def test_a_letter_that_is_put_off_is_tried_again_under_the_same_message_id(
    workspace: Path, start_relay: Start, at: Callable[[timedelta], None]
) -> None:
    replies = iter(["drop after taking it", "451 4.7.1 greylisted", None])
    relay = start_relay(Relay(answer=lambda verb, _: next(replies) if verb == "." else None))
    context = by_smtp(workspace, relay)
    ask(context, "olena@konotop.example.org")
    sent = []
    for minutes in (0, 5, 11, 22, 33):
        at(timedelta(minutes=minutes))
        sent.append(send_letters(context))
    assert sent == [0, 0, 0, 1, 0]
    identities = {message_from_bytes(content)["Message-ID"] for _, _, content in relay.accepted}
    assert (len(relay.accepted), len(identities)) == (2, 1)
    assert states(context) == [(True, 3, "250 2.0.0 queued")]
    context.database.dispose()


def test_a_refused_letter_is_not_tried_again(
    workspace: Path, start_relay: Start, at: Callable[[timedelta], None]
) -> None:
    relay = start_relay(Relay(answer=lambda verb, _: "550 5.1.1 nobody here" if verb == "RCPT" else None))
    context = by_smtp(workspace, relay)
    ask(context, "olena@konotop.example.org")
    assert send_letters(context) == 0
    at(timedelta(minutes=11))
    assert send_letters(context) == 0
    assert states(context) == [(True, 1, "550 5.1.1 nobody here")]
    context.database.dispose()


@pytest.mark.usefixtures("at")
def test_while_the_relay_is_away_letters_stay_due_and_lose_no_try(
    workspace: Path, start_relay: Start
) -> None:
    relay = start_relay(Relay(login=("nobody", "else")))
    away = by_smtp(workspace, Relay(port=1))
    ask(away, "olena@konotop.example.org")
    for _ in range(2):
        with pytest.raises(TransportUnavailable):
            send_letters(away)
    assert states(away) == [(False, 0, "")]
    relay.login = None
    assert send_letters(by_smtp(workspace, relay)) == 1
    away.database.dispose()


@pytest.mark.usefixtures("at")
def test_a_letter_whose_request_is_settled_is_dropped(workspace: Path, start_relay: Start) -> None:
    relay = start_relay(Relay())
    context = by_smtp(workspace, relay)
    ask(context, "olena@konotop.example.org", "ivan@izium.example.org")
    with writing(context.database) as connection:
        requests.confirm(connection, 1, NOW)
    assert send_letters(context) == 1
    assert relay.recipients == ["ivan@izium.example.org"]
    assert len(states(context)) == 1
    context.database.dispose()


@pytest.mark.usefixtures("at")
def test_the_outbox_has_a_folder_for_letters(workspace: Path) -> None:
    context = open_workspace(workspace)
    ask(context, "olena@konotop.example.org")
    assert send_letters(context) == 1
    (file,) = (workspace / "var/outbox/letters").glob("*.eml")
    assert "olena@konotop.example.org" in file.name
    context.database.dispose()


@pytest.mark.usefixtures("at")
def test_without_letters_the_transport_is_not_even_asked(workspace: Path) -> None:
    context = by_smtp(workspace, Relay(port=1))
    assert send_letters(context) == 0
    context.database.dispose()
