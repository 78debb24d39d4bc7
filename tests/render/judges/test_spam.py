"""What SpamAssassin and rspamd, as Debian ships them, hold against our mails; both without network."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.render.judges.conftest import EVERY_THEME, LETTERS, Made

MOST = 1.0
"""Points; mail is refused or marked from 5 (SpamAssassin) and 15 (rspamd)."""
PATIENCE = 120  # seconds
NAMES = [*EVERY_THEME, *LETTERS[:2]]
_VERDICT = re.compile(r"(?m)^X-Spam-Status: \w+, score=([\d.-]+) required=\S+\s+tests=([^ ]*)")
_OF_THE_TEST = re.compile(r"HFILTER_|R_DKIM_|R_SPF_|URI_COUNT_ODD|.*_FAIL$")
"""What rspamd holds against a message that came from no server and could be looked up nowhere, and against
an odd number of links: the text part does not repeat those of the contents."""
_LOOKING_UP = ("rbl", "surbl", "asn", "fuzzy_check", "neural")


@pytest.mark.skipif(not shutil.which("spamassassin"), reason="SpamAssassin is not installed")
def test_spamassassin_gives_no_mail_more_than_a_point(mail: Callable[[str], Made], tmp_path: Path) -> None:
    files = []
    for name in NAMES:
        files.append(tmp_path / name)
        files[-1].write_bytes(mail(name).mail.message)
    said = subprocess.run(
        ["spamassassin", "--local", "--test-mode", "--nocreate-prefs", *files],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        check=True,
    ).stdout.decode("utf-8", "replace")
    verdicts = dict(zip(NAMES, _VERDICT.findall(said), strict=True))
    assert {name: found for name, found in verdicts.items() if float(found[0]) > MOST} == {}


@pytest.mark.skipif(not shutil.which("rspamd"), reason="rspamd is not installed")
def test_rspamd_gives_no_mail_more_than_a_point(mail: Callable[[str], Made], tmp_path: Path) -> None:
    with rspamd(tmp_path) as ask:
        heavy = {name: symbols(ask(mail(name).mail.message)) for name in NAMES}
    assert {name: found for name, found in heavy.items() if sum(found.values()) > MOST} == {}


def symbols(verdict: Mapping[str, Any]) -> dict[str, float]:
    """Return what counts for or against a message itself."""
    return {
        name: symbol["score"]
        for name, symbol in verdict["symbols"].items()
        if symbol["score"] and not _OF_THE_TEST.match(name)
    }


@contextmanager
def rspamd(folder: Path) -> Iterator[Callable[[bytes], Mapping[str, Any]]]:
    """Run rspamd with its own rules, and give a function that asks it; it looks nothing up."""
    (folder / "suffixes").write_text("org\nua\norg.ua\n", encoding="ascii")  # the whole list: 8 s
    path = folder / "socket"
    (folder / "rspamd.conf").write_text(
        f"""
        .include "/etc/rspamd/common.conf"
        options {{
            pidfile = "{folder}/pid"; control_socket = "{folder}/control"; url_tld = "{folder}/suffixes";
            filters = "chartable,regexp"; disable_hyperscan = true;
            dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.01s; retransmits = 1; }}
        }}
        logging {{ type = "console"; level = "error"; }}
        worker "normal" {{ bind_socket = "{path} mode=0600"; count = 1; }}
        """
        + "".join(
            f"{module} {{ enabled = false; }}\n"
            for module in ("rbl", "surbl", "asn", "fuzzy_check", "neural")
        ),
        encoding="utf-8",
    )
    command = ["rspamd", "--no-fork", "--config", f"{folder}/rspamd.conf", f"--var=DBDIR={folder}"]
    if os.getuid() == 0:
        command += ["--insecure", "--user", "root", "--group", "root"]
    log = folder / "log"
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not _answers(path):
                assert process.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < deadline, "rspamd does not start"
                time.sleep(0.05)
            yield lambda message: json.loads(_post(path, "/checkv2", message))
        finally:
            process.terminate()


def _answers(path: Path) -> bool:
    with suppress(OSError, http.client.HTTPException):
        return b"pong" in _post(path, "/ping", b"")
    return False


def _post(path: Path, address: str, body: bytes) -> bytes:
    connection = http.client.HTTPConnection("localhost")
    with socket.socket(socket.AF_UNIX) as connection.sock:
        connection.sock.settimeout(PATIENCE)
        connection.sock.connect(str(path))
        connection.request("POST", address, body)
        return connection.getresponse().read()
