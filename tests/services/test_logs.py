"""Addresses are in no log: what is logged of a person is masked."""

import ast
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.redaction import masked
from newsletter.services import open_workspace
from newsletter.services.letters import send_letters
from newsletter.store import letters
from newsletter.store.db import writing
from tests.relay import Relay

ROOT = Path(__file__).parents[2]
Start = Callable[[Relay], Relay]
EDITOR = "desk.editor@news.example.org"
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
_PERSONAL = {"address", "email", "mail_from", "rcpt_to", "recipient", "to"}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("olena@example.org", "o***@example.org"),
        ("o@example.org", "o***@example.org"),
        ('"a@b"@example.org', '"***@example.org'),
        ("@example.org", "***@example.org"),
        ("olena", "***"),
        ("", "***"),
    ],
)
def test_a_masked_address_shows_one_letter_and_the_domain(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_an_editor_who_refuses_a_note_is_logged_masked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, start_relay: Start
) -> None:
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    relay = start_relay(Relay(answer=lambda verb, _: "550 5.1.1 nobody here" if verb == "RCPT" else None))
    settings = (ROOT / "newsletter.yaml").read_text(encoding="utf-8")
    settings = settings.replace("transport: outbox", "transport: smtp")
    settings = settings.replace("port: 25, security: starttls", f"port: {relay.port}, security: none")
    (tmp_path / "newsletter.yaml").write_text(settings, encoding="utf-8")
    shutil.copy(ROOT / "logo.png", tmp_path)
    context = open_workspace(tmp_path)
    with writing(context.database) as connection:
        letters.put_note(connection, [EDITOR], "Held", "The issue is held.", context.now())
    with caplog.at_level("INFO"):
        send_letters(context)
    context.database.dispose()
    assert "(note) to d***@news.example.org: refused" in caplog.text
    assert EDITOR not in caplog.text


def test_no_logging_call_is_given_an_address_as_it_is() -> None:
    found = [
        f"{path.name}:{node.lineno}"
        for path in ROOT.glob("newsletter/**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS
        if {getattr(one, "id", getattr(one, "attr", "")) for one in node.args} & _PERSONAL
    ]
    assert found == [], "use model.masked"
