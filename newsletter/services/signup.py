"""Somebody signs up, on the site or through a program: a letter asks them to confirm, and nothing else."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from newsletter.audience import networks as queue
from newsletter.audience.asking import Act
from newsletter.audience.optin import sign_up
from newsletter.store import letters
from newsletter.store.db import writing
from newsletter.store.letters import Lane

if TYPE_CHECKING:
    from newsletter.audience.forms import Answers
    from newsletter.services import Workspace
    from newsletter.store.consent import Wording

LONGEST = 360 * 60
"""Seconds that a letter may wait: where it would wait longer, nobody is asked."""


def ask(
    workspace: "Workspace",
    answers: "Answers",
    words: "Wording",
    *,
    source: str,
    networks: Sequence[str] = (),
) -> float:
    """Record a sign-up unless its letter would wait longer than LONGEST; return that wait in seconds.

    `networks` are those of the person, narrowest first, where they are known: each has its turn.
    """
    signer, now = workspace.signer, workspace.now()
    with writing(workspace.database) as connection:
        turn = queue.turn(connection, networks, signer, now.timestamp())
        seconds = letters.wait(connection, Lane.VISITOR, turn, now)
        if seconds <= LONGEST:
            act = Act(connection, now, signer, workspace.settings.optional_sections)
            ip = signer.digest(networks[0]) if networks else None
            sign_up(act, answers, words, source=source, ip=ip, turn=turn)
    return seconds
