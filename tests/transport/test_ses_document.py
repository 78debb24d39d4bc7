"""Our requests to Amazon SES, and the answers of the server on loopback, by AWS's own model and signer."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import TransportUnavailable
from newsletter.transport.ses import account
from tests.ses_fake import FakeSes, Told, running
from tests.transport.test_sendgrid import Queue
from tests.transport.test_ses import ANNA, BOHDAN, GOOD, KEYS, VIRA, transport

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venv/botocore"
pytestmark = pytest.mark.skipif(
    not (HOME / "stamp").exists(), reason="botocore is not installed (scripts/botocore)"
)
PAUSED = Told(400, "SendingPausedException", "x")


def judged(exchanges: list[dict[str, Any]], secret: str = KEYS.secret) -> list[str]:
    """Return what botocore has against them."""
    told = json.dumps({"exchanges": exchanges, "secret": secret, "region": "eu-central-1"})
    command = [sys.executable, "-W", "ignore", str(ROOT / "tests/botocore_judge.py")]
    environment = {**os.environ, "PYTHONPATH": str(HOME)}
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.splitlines()


def test_aws_itself_finds_nothing_wrong_with_what_is_asked_and_answered() -> None:
    with running(FakeSes(identities={"example.org": GOOD})) as fake:
        asyncio.run(transport(fake).check())
        account.lacks(KEYS, fake.host, "eu-central-1", "news.example.org")
        asyncio.run(transport(fake, name="digest").drain(Queue(ANNA, "o'neil&co@b.test")))
        with pytest.raises(TransportUnavailable):
            asyncio.run(transport(fake, name="none").drain(Queue(VIRA)))
        fake.answer = lambda *_: PAUSED
        with pytest.raises(TransportUnavailable):
            asyncio.run(transport(fake).drain(Queue(BOHDAN)))
    assert len(fake.exchanges) == 8
    assert judged(fake.exchanges) == []
    wrong = {**fake.exchanges[-1], "body": '{"Contents": {}, "FromEmailAddress": 7}'}
    said = "\n".join(judged([wrong]))
    assert all(word in said for word in ("Content", "FromEmailAddress", "the signature is another"))
