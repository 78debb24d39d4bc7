"""Debian's Postfix on loopback, its configuration and queue its own; it throws away what it accepts."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwnam

import pytest

from tests.faults.scene import free_port

_DAEMONS = Path("/usr/lib/postfix/sbin")
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = {daemons}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.test
mydestination =
mynetworks = 127.0.0.0/8
default_transport = discard
alias_maps =
alias_database =
local_recipient_maps =
smtpd_recipient_restrictions = check_recipient_access inline:{{{access}}}, permit_mynetworks, reject
header_checks = regexp:{folder}/etc/headers
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_DISCARDED = re.compile(r"postfix/discard\[\d+\]: \w+: to=<(\S+)>.* status=sent")
_SAID = re.compile(r"disconnect from .*? (ehlo=.*)")

needs_postfix = pytest.mark.skipif(
    not (_DAEMONS / "master").exists() or os.getuid() != 0,
    reason="Postfix is not installed (Debian: postfix), or we are not root, as its master has to be",
)


@dataclass(frozen=True)
class Postfix:
    """A running Postfix: its port, and its log."""

    port: int
    log: Path

    def arrived(self, recipients: Iterable[str]) -> Counter[str]:
        """Return how often each recipient's message was taken, once these have theirs."""
        deadline = time.monotonic() + 60
        while set(recipients) - (found := Counter(_DISCARDED.findall(self.log.read_text()))).keys():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return found

    @property
    def commands(self) -> list[str]:
        """The counts of commands of each connection that has ended, like `ehlo=1 mail=2 …`."""
        return _SAID.findall(self.log.read_text())


@contextmanager
def running(access: dict[str, str], header: str = "") -> Iterator[Postfix]:
    """Run it; `access` has replies to recipients, `header` is a pattern of headers that it refuses."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # it works as a user of its own
        for part in ("etc", "queue", "data"):
            (folder / part).mkdir()
        os.chown(folder / "data", getpwnam("postfix").pw_uid, -1)
        pairs = ", ".join(f"{{{recipient} = {reply}}}" for recipient, reply in access.items())
        main = _MAIN.format(folder=folder, daemons=_DAEMONS, access=pairs)
        (folder / "etc/main.cf").write_text(main)
        (folder / "etc/master.cf").write_text(_MASTER.format(port=port))
        (folder / "etc/headers").write_text(f"/{header}/ REJECT\n" if header else "")
        command = [shutil.which("postfix") or "/usr/sbin/postfix", "-c", str(folder / "etc"), "start-fg"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                log = folder / "log"
                deadline = time.monotonic() + 60
                while not (log.exists() and "daemon started" in log.read_text()):
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
                yield Postfix(port, log)
            finally:
                process.terminate()
