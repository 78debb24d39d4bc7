"""docs/adding-a-transport.md, followed: one module and one line make a transport that sends an issue."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from newsletter.cli import run
from newsletter.config import Settings, read_settings, settings_model
from newsletter.registry import TRANSPORTS
from newsletter.services import open_workspace
from newsletter.transport import describe

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/adding-a-transport.md").read_text(encoding="utf-8")
MODULE = Path(__file__).with_name("spool.py").read_text(encoding="utf-8")
LINE = "tests.transport.spool:TRANSPORT"


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the line of registration."""
    monkeypatch.setitem(TRANSPORTS, "spool", LINE)


@pytest.fixture
def press(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a workspace with the sample issue and list, which sends by the outbox as yet."""
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T12:00:00+00:00")
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    folder = tmp_path / "press"
    assert run(["init", str(folder), "--yes"]) == 0
    people = str(folder / "subscribers/example.csv")
    assert run(["-C", str(folder), "subscribers", "import", people, "--consent", "made up"]) == 0
    return folder


def say(press: Path, *lines: str) -> None:
    """Put lines into newsletter.yaml in place of its transport."""
    text = (press / "newsletter.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("transport:")]
    (press / "newsletter.yaml").write_text("\n".join([*kept, *lines, ""]), encoding="utf-8")


def issue(press: Path) -> str:
    """Return the name of the one issue."""
    (folder,) = (press / "issues").iterdir()
    return folder.name


def sent(press: Path) -> list[tuple[Any, ...]]:
    """Return the outcome of every delivery that the database holds."""
    with sqlite3.connect(press / "var/newsletter.db") as database:
        return database.execute("SELECT state, count(*) FROM delivery GROUP BY state").fetchall()


@pytest.mark.usefixtures("_registered")
def test_an_issue_is_sent_by_a_transport_of_one_module_and_one_line(
    press: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPOOL_KEY", "k1")
    say(press, "transport: spool", "spool: {file: today.mbox}")
    name = issue(press)
    assert run(["-C", str(press), "approve", name, "--by", "Олена"]) == 0
    assert run(["-C", str(press), "send", name]) == 2, "it is a real transport, which asks first"
    assert "sending by spool needs confirmation" in capsys.readouterr().err
    assert run(["-C", str(press), "send", name, "--yes"]) == 0
    spool = (press / "var/spool/today.mbox").read_bytes()
    readers = re.findall(rb"^k1 (\S+)\r$", spool, re.MULTILINE)
    assert sent(press) == [("accepted", len(readers))]
    assert len(set(readers)) == len(readers) > 1
    assert spool.count(b"\r\nMessage-ID: ") == len(readers)
    assert run(["-C", str(press), "send", name, "--yes"]) == 0
    assert (press / "var/spool/today.mbox").read_bytes() == spool, "nobody is sent to twice"


@pytest.mark.usefixtures("_registered")
def test_the_option_takes_it_and_a_missing_secret_is_told_before_anything_leaves(
    press: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = issue(press)
    assert run(["-C", str(press), "approve", name, "--by", "Олена"]) == 0
    assert run(["-C", str(press), "send", name, "--transport", "spool", "--yes"]) == 2
    assert capsys.readouterr().err == "SPOOL_KEY is not set\n  Put the key of the spool into that variable.\n"
    assert run(["-C", str(press), "send", name, "--transport", "spol", "--yes"]) == 2
    assert f"'spol' is not one of {', '.join(map(repr, TRANSPORTS))}" in capsys.readouterr().err
    assert run(["send", "--help"]) == 0
    assert f"--transport [{'|'.join(TRANSPORTS)}]" in "".join(capsys.readouterr().out.split("\n"))


@pytest.mark.usefixtures("_registered")
def test_its_settings_are_read_with_the_others_and_faults_are_told_at_their_line(press: Path) -> None:
    say(press, "transport: spool", "spool: {flie: x}")
    name, line = "newsletter.yaml", (press / "newsletter.yaml").read_text(encoding="utf-8").count("\n")
    with pytest.raises(Exception, match=rf"{name}:{line}: unknown key 'spool\.flie'") as caught:
        read_settings(press)
    assert "Did you mean 'file'?" in str(caught.value)


def test_without_its_line_it_is_refused_with_the_nearest(
    press: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    say(press, "transport: smpt")
    line = (press / "newsletter.yaml").read_text(encoding="utf-8").count("\n")
    assert run(["-C", str(press), "check"]) == 2
    told = capsys.readouterr().err
    assert (
        told == f"newsletter.yaml:{line}: transport: no transport is named 'smpt'\n  Did you mean 'smtp'?\n"
    )


def test_an_issue_that_began_by_a_transport_that_is_gone_is_told_so(
    press: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_workspace(press)
    with pytest.raises(Exception, match="no transport is named 'spool'"):
        workspace.transport("spool", workspace.closing(None))
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.k")
    monkeypatch.setenv("POSTMARK_SERVER_TOKEN", "token")
    for name in ("outbox", "smtp", "sendgrid", "postmark"):
        assert workspace.transport(name, workspace.closing(None)).name == name


def test_no_transport_takes_the_name_of_another_setting() -> None:
    assert not TRANSPORTS.keys() & Settings.model_fields.keys()
    parts = {name for name in TRANSPORTS if describe(name).settings}
    assert settings_model().model_fields.keys() == Settings.model_fields.keys() | parts


def test_reading_the_settings_loads_no_transport_s_own_libraries(press: Path) -> None:
    heavy = ("aiosmtplib", "sendgrid", "python_http_client", "httpx")
    script = (
        "import sys; from pathlib import Path; from newsletter.config import read_settings;"
        f" read_settings(Path({str(press)!r})); print(*sorted(set({heavy!r}) & set(sys.modules)))"
    )
    asked = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert asked.stdout.split() == []


def test_the_document_shows_the_code_that_is_tested_here() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        assert any(indent(block, " " * deep) in MODULE for deep in (0, 8)), block
