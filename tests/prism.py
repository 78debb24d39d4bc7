"""Holds our requests against SendGrid's own OpenAPI document, which Prism reads: scripts/prism DOCUMENT.

Not part of the suite: the document (spec/json/tsg_mail_v3.json of twilio/sendgrid-oai) comes in no package we
know of. Prism refuses what it does not allow; tests/sendgrid_fake.py knows the rules that are not in it.
"""

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import click

from newsletter.transport.sendgrid import SendGrid
from tests.faults.scene import free_port
from tests.transport.test_sendgrid import Queue, crowd

PATIENCE = 120  # seconds for npx to fetch Prism and start it
CASES = {"one reader": 1, "one more than a request takes": 1_001, "many": 2_500}


def wait_for(port: int) -> None:
    """Wait until somebody listens on `port`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.2)
    raise SystemExit("Prism did not start")


def main() -> None:
    """Run Prism, send to it, and say what it took; what it refuses ends with its reasons."""
    parser = argparse.ArgumentParser(prog="scripts/prism", description=__doc__)
    parser.add_argument("document", type=Path)
    given = parser.parse_args()
    port = free_port()
    command = ["npx", "--yes", "@stoplight/prism-cli@5", "mock", "--errors", "--port", str(port)]
    with subprocess.Popen(
        [*command, str(given.document)], stdout=subprocess.DEVNULL, start_new_session=True
    ) as prism:
        try:
            wait_for(port)
            for words, readers in CASES.items():
                queue = Queue(*crowd(readers))
                sendgrid = SendGrid(key="SG.any", host=f"http://127.0.0.1:{port}", batch=1000)
                asyncio.run(sendgrid.drain(queue))
                click.echo(f"{words}: {dict(Counter(queue.outcomes.values()))}")
        finally:
            os.killpg(prism.pid, signal.SIGTERM)  # npx starts another program


if __name__ == "__main__":
    main()
