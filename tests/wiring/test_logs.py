"""Addresses are in no log: what is logged of a person is masked."""

import ast
import shutil
import socket
from pathlib import Path

import pytest

from newsletter.model import masked
from newsletter.wiring import open_workspace
from newsletter.wiring.scheduler import week

ROOT = Path(__file__).parents[2]
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


def test_an_editor_who_cannot_be_told_is_logged_masked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # closed again before anyone connects
    settings = (ROOT / "newsletter.yaml").read_text(encoding="utf-8")
    settings = settings.replace("transport: outbox", f"transport: smtp\neditors: [{EDITOR}]")
    settings = settings.replace("port: 25, security: starttls", f"port: {port}, security: none")
    (tmp_path / "newsletter.yaml").write_text(settings, encoding="utf-8")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    context = open_workspace(tmp_path)
    week(context).tell("Held", "The issue is held.")
    context.database.dispose()
    assert "d***@news.example.org was not told" in caplog.text
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
