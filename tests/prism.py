"""Prism before a server: lets pass what a provider's own OpenAPI document allows, in both directions.

scripts/prism installs them. The rules that are not in the documents, the fakes of the providers know.
"""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

HOME = Path(__file__).parent.parent / ".venv/prism"
LISTENING = re.compile(r"listening on (http://[\d.:]+)")
PATIENCE = 60  # seconds
needs_prism = pytest.mark.skipif(
    not (HOME / "stamp").exists(), reason="Prism is not installed (scripts/prism, which needs npm)"
)


@contextmanager
def before(host: str, folder: Path, document: dict[str, Any]) -> Iterator[str]:
    """Run Prism before the server at `host`, with its files in `folder`; give Prism's address."""
    file, log = folder / "document.json", folder / "prism.log"
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [f"{HOME}/node_modules/.bin/prism", "proxy", "--errors", "--port", "0", f"{file}", host]
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as prism:
        try:
            yield _address(prism, log)
        finally:
            prism.terminate()


def _address(prism: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while not (found := LISTENING.search(log.read_text(encoding="utf-8"))):
        assert prism.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, "Prism does not start"
        time.sleep(0.05)
    return found[1]


def sendgrid() -> dict[str, Any]:
    """Return SendGrid's document with whole paths: Prism leaves aside that of `servers`, which is /v3."""
    document = json.loads((HOME / "sendgrid.com.json").read_text(encoding="utf-8"), object_hook=_closed)
    start = urlsplit(document["servers"][0]["url"]).path
    return {**document, "paths": {start + path: calls for path, calls in document["paths"].items()}}


def postmark() -> dict[str, Any]:
    """Return Postmark's document, with the two fields of a message that are younger than it is."""
    document: dict[str, Any] = json.loads((HOME / "postmarkapp.com/server.json").read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    schemas["SendEmailRequest"]["properties"] |= {
        "MessageStream": {"type": "string"},
        "Metadata": {"type": "object", "additionalProperties": {"type": "string"}},
    }
    for name in ("SendEmailRequest", "SendEmailResponse", "Attachment", "MessageHeader"):
        schemas[name] = _closed({**schemas[name], "type": "object"})
    return document


def _closed(entry: dict[str, Any]) -> dict[str, Any]:
    """Allow no other fields than an object's own: the document itself would let a misspelt one pass."""
    if entry.get("type") == "object" and "properties" in entry:
        return {"additionalProperties": False, **entry}
    return entry
