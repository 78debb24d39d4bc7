"""The clients of docs/api.md do what the page says, against a real server."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import make_server

from newsletter.services import Workspace, inbox, readers, tokens
from newsletter.services.readers import Search
from newsletter.web.api.versions import PREFIX

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text(encoding="utf-8")


@pytest.fixture
def served(api: Flask) -> Iterator[str]:
    """Serve the API on loopback, and return its address."""
    server = make_server("127.0.0.1", 0, api)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}{PREFIX}"
    server.shutdown()
    thread.join()
    server.server_close()


def client(language: str) -> str:
    """Return the example in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def say(press: Workspace, served: str, *command: str, scopes: tuple[str, ...]) -> str:
    """Run an example with a token of some scopes."""
    text, _ = tokens.create(press, command[0], scopes, timedelta(days=1))
    there = {"PATH": os.environ["PATH"], "API": served, "TOKEN": text}
    return subprocess.run(command, env=there, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_example_in_curl_puts_news_into_the_inbox(press: Workspace, served: str) -> None:
    before = inbox.number(press)
    shown = say(press, served, "sh", "-c", client("sh"), scopes=("items:write", "items:read"))
    assert inbox.number(press) == before + 1
    assert shown.count("Grants for communities") == 2


def test_the_example_in_python_brings_a_member(press: Workspace, served: str) -> None:
    shown = say(press, served, sys.executable, "-c", client("python"), scopes=("readers:sync",))
    assert shown.splitlines() == ["True {'new': 1} []", "False {'new': 1} []"]
    (one,) = readers.search(press, Search(external_id="M-17")).people
    assert (one.email, one.name) == ("mayor@city.example.org", "Olena Koval")
