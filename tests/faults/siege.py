"""A hostile hour in short: attacks, an import, a sending and a restart of the database side by side.

Everything is real and on loopback: `newsletter serve` over PostgreSQL, a relay with a log of its own, and the
command line. At the end the relay's log is held against the ledger, and what readers asked for against what
is recorded.
"""

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import click
from sqlalchemy import func, select

from newsletter.model import SubscriberStatus, SubscriptionState
from newsletter.services import open_workspace
from newsletter.store.db import open_database, reading
from newsletter.store.schema import subscriber, subscription
from tests import postgres
from tests.faults.account import Account
from tests.faults.attacks import Attack, Seen, Site, Size
from tests.faults.scene import DEADLINE, Scene, approve, free_port, workspace
from tests.sending import house


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it."""

    account: Account
    seen: dict[str, Seen]
    down: tuple[float, float]
    forgotten: int
    condemned: int
    imported: int

    @property
    def failures(self) -> int:
        """How often the site failed while the database was there."""
        start, end = self.down
        return sum(not start <= at <= end for seen in self.seen.values() for at in seen.failures)

    @property
    def held(self) -> bool:
        """True when nothing was lost, repeated, forgotten or brought down."""
        bad = len(self.account.lost) + len(self.account.twice) + self.forgotten + self.condemned
        return self.account.state == "sent" and not bad and not self.failures


def besiege(size: Size, seed: int) -> Verdict:
    """Run all of it, and return what came of it."""
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        root = Path(folder)
        scene = Scene(root, server.get_uri(), free_port())
        pace = {"run": max(50, size.readers // 15)}
        workspace(root, scene.port, serve={"proxies": 1}, pace=pace)
        approve(scene, size.readers)
        signer = open_workspace(root).signer
        with scene.sink(), serving(scene) as port:
            site = Site(port)
            dice = random.Random(seed)  # noqa: S311  repeatable, not secret

            def attack() -> Attack:
                return Attack(site, scene, signer, size, random.Random(dice.random()))  # noqa: S311  likewise

            assert scene.run("send", house.NAME, "--yes", "--now", "--detach") == 0, scene.said()
            threads = [
                Side(side)
                for side in (
                    attack().forged_tokens,
                    attack().fuzzed_requests,
                    attack().hostile_forms,
                    attack().wishes,
                    attack().forged_bounces,
                    attack().an_import,
                )
            ]
            time.sleep(2)
            down = time.monotonic()
            server.stop()
            time.sleep(1)
            server.ensure_postgres_running()
            while site.ask("health", "GET", "/health")[0] != HTTPStatus.OK:
                assert time.monotonic() < down + DEADLINE
                time.sleep(0.2)
            up = time.monotonic()
            for thread in threads:
                thread.end()
            deadline = time.monotonic() + 2 * DEADLINE
            while (account := _account(scene)).state != "sent":
                assert time.monotonic() < deadline, account.state
                time.sleep(1)
        return Verdict(account, site.seen, (down, up), *_recorded(scene, size))


class Side(threading.Thread):
    """A side of the siege at work; its failure is raised at its end."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work
        self._failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Work, and keep what goes wrong."""
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  raised by end
            self._failure = error

    def end(self) -> None:
        """Wait for the end of the work."""
        self.join()
        if self._failure:
            raise self._failure


@contextmanager
def serving(scene: Scene) -> Iterator[int]:
    """Run `newsletter serve` until the end of the block, and give its port."""
    port = free_port()
    with scene.command("serve", "--port", str(port)) as process:
        try:
            for _ in range(100):
                time.sleep(0.1)
                if Site(port).ask("health", "GET", "/health")[0] == HTTPStatus.OK:
                    break
            yield port
        finally:
            process.terminate()
            try:
                process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()


def _account(scene: Scene) -> Account:
    """Return the account of the issue, without the letters that the relay took beside it."""
    whole = scene.account()
    return Account(whole.state, whole.ledger, [line for line in whole.log if line[0] in whole.ledger])


def _recorded(scene: Scene, size: Size) -> tuple[int, int, int]:
    """Return how many wishes are forgotten, how many readers something else befell, and how many are new."""
    engine = open_database(scene.database)
    with reading(engine) as connection:
        left = set(
            connection.execute(
                select(subscription.c.subscriber).where(subscription.c.state == SubscriptionState.LEFT)
            ).scalars()
        )
        suppressed = connection.execute(
            select(func.count()).where(subscriber.c.status == SubscriberStatus.SUPPRESSED)
        ).scalar_one()
        new = connection.execute(
            select(func.count()).where(subscriber.c.email.like("new%@village%"))
        ).scalar_one()
    engine.dispose()
    wished = set(range(1, size.wishes + 1))
    return len(wished - left), len(left - wished) + suppressed, new


@click.command()
@click.option("--seed", default=1, show_default=True, help="Another seed attacks in other ways.")
@click.option("--readers", type=click.IntRange(min=100), default=Size().readers, show_default=True)
def main(seed: int, readers: int) -> None:
    """Besiege a press for about a minute, and print what came of it."""
    size = Size(readers=readers)
    verdict = besiege(size, seed)
    for kind, seen in sorted(verdict.seen.items()):
        answers = ", ".join(f"{count} × {status or 'none'}" for status, count in sorted(seen.answers.items()))
        click.echo(f"{seen.asked:>6} {kind:<16} {answers}")
    start, end = verdict.down
    click.echo(f"the database was away for {end - start:.1f} s")
    click.echo(f"{verdict.imported:>6} of {size.people} imported; {len(verdict.account.unknown)} unknown")
    click.echo(
        f"{len(verdict.account.lost)} lost, {len(verdict.account.twice)} twice, {verdict.forgotten} wishes"
        f" forgotten, {verdict.condemned} readers condemned, {verdict.failures} × 5xx with the database there"
    )
    sys.exit(0 if verdict.held and verdict.imported == size.people else 1)


if __name__ == "__main__":
    main()
