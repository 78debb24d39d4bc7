"""Kill -9 of a sender while one way takes over from another, which hangs in the middle, and then refuses."""

import random
from collections.abc import Mapping

import click

from tests.faults.scene import CONNECTIONS, DEADLINE, Moment, Scene, free_port, later, scenes

_TAKEN = 60  # messages that the first way takes before it hangs
_BEFORE_A_BODY = ("MAIL", "RCPT", "DATA")  # where it does: of what it has not begun, the outcome is certain
_READERS, _KILLS = 3_000, 20  # of each issue in the long form
_APART = 70  # minutes between two senders: a way that has failed is tried again after an hour at most


MOMENTS = (
    Moment("while the first way hangs", delay=(0, 1)),
    Moment("while the first way refuses", delay=(1, 3)),
    Moment("before the second way's answer to MAIL", "MAIL"),
    Moment("after the body, before the second way takes it", "."),
    Moment("after the second way took it, before its answer", "accepted"),
    Moment("after the second way's answer, about the next commit", "accepted", (0.0002, 0.01)),
)


def second_way(port: int) -> Mapping[str, object]:
    """Return the settings by which a relay on `port` takes over from the first."""
    relay = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none", "timeout": 1}
    return {
        "transport": ["smtp", "second"],
        "ways": {"second": {**relay, "connections": CONNECTIONS, "window": 1}},
    }


def kill(scene: Scene, port: int, moment: Moment, dice: random.Random, now: str) -> int | None:
    """Start a sender, and kill it at `moment` of the handover to the relay on `port`.

    Return how many messages it left on the wire; None when it came to its end before.
    """
    where = dice.choice(_BEFORE_A_BODY)
    failing = f"{where}:{_TAKEN + CONNECTIONS}+:421 4.3.2 closing", f"{where}:{_TAKEN}+:hang"
    with scene.sink(*failing) as first, scene.sink(port=port) as second, scene.sender(now=now) as sender:
        delay = dice.uniform(*moment.delay)
        if moment.event:
            second.kill(sender.pid, moment.event, dice.randint(1, 3 * CONNECTIONS), delay)
        else:
            first.kill(sender.pid, where, _TAKEN, delay)
        sender.wait(DEADLINE)
    return scene.left_by(sender)


def hand_over_repeatedly(kills: int, dice: random.Random) -> bool:
    """Kill senders over SQLite and PostgreSQL in turn; print a line for each issue, tell if all is well."""
    struck = lost = twice = unknown = left = 0
    port = free_port()
    with scenes(_READERS, lambda _number: second_way(port)) as made:
        while struck < kills:
            kind, scene = next(made)
            for one in range(min(_KILLS, kills - struck)):
                moment = MOMENTS[struck % len(MOMENTS)]
                on_the_wire = kill(scene, port, moment, dice, later(minutes=_APART * one))
                assert on_the_wire is not None, f"not struck {moment.words}"
                struck, left = struck + 1, left + on_the_wire
            with scene.sink(), scene.sink(port=port):
                account = scene.send(now=later(minutes=_APART * (_KILLS + 1)))
            lost, twice = lost + len(account.lost), twice + len(account.twice)
            unknown += len(account.unknown)
            click.echo(
                f"{kind}, two ways: {struck} kills by now, {lost} lost, {twice} twice, {unknown} unknown"
                f" of {left} on the wire"
            )
    return not lost and not twice and unknown <= left <= 2 * CONNECTIONS * struck
