"""`newsletter token`: a token is shown once, then listed without its secret, then revoked."""

import json
from pathlib import Path

import pytest

from newsletter.cli import run
from newsletter.services import open_workspace, tokens
from tests.sample import ROOT


def test_a_token_is_made_listed_and_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    (tmp_path / "newsletter.yaml").write_bytes((ROOT / "newsletter.yaml").read_bytes())
    press = ("-C", str(tmp_path), "token")
    assert run([*press, "list"]) == 0
    assert "There are no tokens" in capsys.readouterr().out
    assert run([*press, "create", "website", "--scope", "items:write", "--days", "30"]) == 0
    text = capsys.readouterr().out.strip()
    workspace = open_workspace(tmp_path)
    assert tokens.recognise(workspace, text, "192.0.2.0/24")
    assert run([*press, "create", "members", "--scope", "readers:sync", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert tokens.recognise(workspace, made.pop("token"), "192.0.2.0/24")
    assert made["scopes"] == ["readers:sync"]
    assert run([*press, "list"]) == 0
    listed = capsys.readouterr().out
    assert "website" in listed
    assert "from 192.0.2.0/24" in listed
    assert text.split("_", 2)[2] not in listed
    assert run([*press, "revoke", "website"]) == 0
    assert "opens nothing" in capsys.readouterr().out
    assert tokens.recognise(workspace, text, "192.0.2.0/24") is None
    assert run([*press, "list", "--json"]) == 0
    assert [one["state"] for one in json.loads(capsys.readouterr().out)] == ["revoked", "ends"]
    assert run([*press, "revoke", "website", "--json"]) == 2
    assert "no token 'website'" in capsys.readouterr().err
    workspace.database.dispose()
