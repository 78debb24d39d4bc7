"""Kill -9 of the sender at chosen moments; run as a program, over and over, with a table."""

import random
import time
from collections import Counter
from dataclasses import replace

import click

from tests.faults.failovers import fail_over_repeatedly
from tests.faults.handovers import hand_over_repeatedly
from tests.faults.scene import CONNECTIONS, DEADLINE, WINDOW, Moment, Scene, Sink, scenes

MOMENTS = (
    Moment("at any time from the program's start", delay=(0.3, 2)),
    Moment("before the answer to MAIL", "MAIL"),
    Moment("before the answer to RCPT", "RCPT"),
    Moment("before the answer to DATA, or to the line BDAT", "DATA"),
    Moment("after the body, before the relay takes it", "."),
    Moment("after the relay took it, before its answer", "accepted"),
    Moment("after the answer, about the next commit", "accepted", (0.0002, 0.01)),
)
_FARTHEST = 60  # the latest event to strike at
_READERS, _KILLS = 5_000, 35  # of each issue in the long form


def kill(scene: Scene, sink: Sink, moment: Moment, dice: random.Random, now: str = "") -> int | None:
    """Start a sender, by the clock `now` if given, and kill it at `moment`.

    Return how many messages it left on the wire; None when it came to its end before.
    """
    with scene.sender(now=now) as sender:
        delay = dice.uniform(*moment.delay)
        if moment.event:
            sink.kill(sender.pid, moment.event, dice.randint(1, _FARTHEST), delay)
            sender.wait(DEADLINE)
        else:
            time.sleep(delay)
            sender.kill()
            sender.wait()
    return scene.left_by(sender)


def _window(number: int) -> int:
    """Return the window of the scene of this number: two by DATA and two by windows of BDAT."""
    return WINDOW if number // 2 % 2 else 1


@click.command()
@click.option("--kills", type=click.IntRange(min=1), default=200, show_default=True)
@click.option(
    "--failovers", type=click.IntRange(min=0), default=0, help="Of a PostgreSQL server, afterwards."
)
@click.option(
    "--handovers", type=click.IntRange(min=0), default=0, help="Kills while a way takes over, afterwards."
)
@click.option("--seed", default=1, show_default=True, help="Another seed strikes at other moments.")
def main(kills: int, failovers: int, handovers: int, seed: int) -> None:
    """Kill senders over SQLite and PostgreSQL in turn, and hold the relay's log against the ledger."""
    dice = random.Random(seed)  # noqa: S311  repeatable, not secret
    left = Counter[str]()  # by moment: messages on the wire
    struck = Counter[str]()
    lost = twice = unknown = bound = 0
    with scenes(_READERS, lambda number: {"window": _window(number)}) as made:
        for number, (kind, scene) in enumerate(made):
            window = _window(number)
            with scene.sink(*(["CHUNKING"] if window > 1 else [])) as sink:
                for _ in range(min(_KILLS, kills - struck.total())):
                    moment = MOMENTS[struck.total() % len(MOMENTS)]
                    if window > 1 and moment.event == "DATA":
                        moment = replace(moment, event="BDAT")
                    on_the_wire = kill(scene, sink, moment, dice)
                    if on_the_wire is None:
                        break
                    struck[moment.words] += 1
                    left[moment.words] += on_the_wire
                    bound += CONNECTIONS * window
                account = scene.send()
            arrived = sum(account.arrived[reader] for reader in account.unknown)
            lost, twice = lost + len(account.lost), twice + len(account.twice)
            unknown += len(account.unknown)
            click.echo(
                f"{kind}, windows of {window}: {struck.total()} kills by now, {lost} lost, {twice} twice,"
                f" {unknown} unknown; "
                f"of this issue's {len(account.unknown)} unknown {arrived} have arrived"
            )
            if struck.total() == kills:
                break
    for moment in MOMENTS:
        words = moment.words
        click.echo(f"{struck[words]:>6} killed {words:<44} left {left[words]:>5} messages on the wire")
    click.echo(f"{kills} kills: {lost} lost, {twice} twice, {unknown} unknown")
    bad = lost or twice or unknown > left.total() or left.total() > bound
    good = [fail_over_repeatedly(failovers, dice), hand_over_repeatedly(handovers, dice)]
    if bad or not all(good):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
