"""How long letters of readers and of honest sign-ups take while forms are sent in masses from many networks.

A real `newsletter serve`, its sender and a relay; forms come at a fixed rate over HTTP. Ends with 1 when a
reader's own letter takes over 30 s, an honest sign-up's over 2 minutes, or when the server fails to answer.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from threading import local
from urllib.parse import urlencode

from newsletter.audience.optin import wording
from newsletter.links import Purpose
from newsletter.services import Workspace, open_workspace
from newsletter.store import letters
from newsletter.store.db import reading
from tests.bench.web import site
from tests.faults.scene import free_port
from tests.relay import Relay, running
from tests.sending import house

ROOT = Path(__file__).parents[2]
READER, HONEST = 30, 120  # seconds that their letters may take
_FAILURE = 500


@dataclass
class Post:
    """What was asked for, when, and when the relay had the letter; times of one clock."""

    asked: dict[str, float] = field(default_factory=dict)
    came: dict[str, float] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)

    def note(self, verb: str, recipient: str) -> None:
        """Take the time of a letter that the relay accepts."""
        if verb == ".":
            self.came.setdefault(recipient, time.monotonic())

    def waits(self, addresses: Sequence[str]) -> list[float]:
        """Return how long each letter took, or has been waiting."""
        return [self.came.get(one, time.monotonic()) - self.asked[one] for one in addresses]


def workspace(root: Path, relay: int, readers: int) -> Workspace:
    """Make a workspace with readers, whose letters go to the relay."""
    changed = {
        "transport": "smtp",
        "smtp": {"host": "127.0.0.1", "port": relay, "security": "none"},
        "serve": {"proxies": 1},
    }
    lines = (ROOT / "newsletter.yaml").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition(":")[0] not in changed]
    added = [f"{key}: {json.dumps(value)}" for key, value in changed.items()]
    (root / "newsletter.yaml").write_text("\n".join([*kept, *added]), encoding="utf-8")
    shutil.copy(ROOT / "logo.png", root)
    context = open_workspace(root)
    house.people(context.database, readers)
    return context


class Visitors:
    """Sends forms from networks that a proxy names."""

    def __init__(self, context: Workspace, port: int, post: Post) -> None:
        self._context, self._port, self._post = context, port, post
        self._consent = wording(context.settings, "en").version
        self._here = local()

    def sign_up(self, visitor: str, email: str) -> None:
        """Send a sign-up that was opened ten seconds ago."""
        then = datetime.now(UTC) - timedelta(seconds=10)
        stamp = self._context.signer.token(Purpose.FORM, int(then.timestamp()), then.date())
        form = {"stamp": stamp, "email": email, "take": "all", "consent": self._consent}
        self._send("/signup?lang=en", visitor, form, email)

    def ask_link(self, number: int) -> None:
        """Have the link to their own page mailed, as a reader who has a letter."""
        token = self._context.signer.token(Purpose.UNSUBSCRIBE, number, datetime.now(UTC).date())
        self._send(f"/unsubscribe/{token}/link", "192.0.2.7", {}, house.address(number))

    def _send(self, path: str, visitor: str, form: dict[str, str], email: str) -> None:
        self._post.asked[email] = time.monotonic()
        headers = {"X-Forwarded-For": visitor, "Content-Type": "application/x-www-form-urlencoded"}
        if not hasattr(self._here, "connection"):
            self._here.connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            self._here.connection.request("POST", path, urlencode(form), headers)
            answer = self._here.connection.getresponse()
            answer.read()
            self._post.answers[str(answer.status)] += 1
        except OSError as error:
            self._post.answers[type(error).__name__] += 1
            self._here.connection.close()


@contextmanager
def stage(readers: int) -> Iterator[tuple[Workspace, Visitors, Post]]:
    """Run a site and its relay until the end of the block."""
    root, post = Path(tempfile.mkdtemp(prefix="signups")), Post()
    try:
        with running(Relay(answer=post.note)) as relay:
            context, port = workspace(root, relay.port, readers), free_port()
            with site(root, port) as process:
                yield context, Visitors(context, port, post), post
            process.wait()
            context.database.dispose()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def siege(seconds: int, rate: int, networks: int) -> bool:
    """Send `rate` hostile forms a minute for `seconds`; print the waits; tell whether they are short."""
    every = 20  # seconds between two readers, and between two honest visitors
    readers = list(range(1, seconds // every + 1))
    honest = [f"honest{number}@example.org" for number in readers]
    with stage(len(readers)) as (context, visitors, post), ThreadPoolExecutor(8) as pool:
        begun = time.monotonic()
        for number in range(rate * seconds // 60):
            time.sleep(max(0, begun + number * 60 / rate - time.monotonic()))
            visitor = f"203.{number % networks}.113.{number // networks % 250}"
            pool.submit(visitors.sign_up, visitor, f"victim{number}@example.org")
            if (number + 1) % (rate * every // 60) == 0:
                turn = (number + 1) // (rate * every // 60)
                pool.submit(visitors.ask_link, turn)
                pool.submit(visitors.sign_up, f"198.51.{turn}.7", f"honest{turn}@example.org")
        late = time.monotonic() - begun - seconds
        wanted = {*honest, *(house.address(number) for number in readers)}
        end = time.monotonic() + HONEST
        while wanted - post.came.keys() and time.monotonic() < end:
            time.sleep(0.2)
        with reading(context.database) as connection:
            left = letters.waiting(connection)
    own, theirs = post.waits([house.address(n) for n in readers]), post.waits(honest)
    failed = sum(n for answer, n in post.answers.items() if not answer.isdigit() or int(answer) >= _FAILURE)
    print(f"{rate} hostile forms a minute from {networks} networks for {seconds} s (done {late:.1f} s late)")
    print(f"  answers                       {dict(sorted(post.answers.items()))}")
    print(f"  letters: left, waiting        {len(post.came)}, {left}")
    print(f"  a reader's own letter         {max(own):.1f} s at most of {len(own)} (aim: {READER})")
    print(f"  an honest sign-up's           {max(theirs):.1f} s at most of {len(theirs)} (aim: {HONEST})")
    return max(own) <= READER and max(theirs) <= HONEST and not failed


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--rate", type=int, default=1000, help="hostile forms a minute")
    parser.add_argument("--networks", type=int, default=64)
    given = parser.parse_args()
    return 0 if siege(given.seconds, given.rate, given.networks) else 1


if __name__ == "__main__":
    sys.exit(main())
