"""The command `subscribers restore`: mail goes again to an address that was stopped."""

import sys
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.person import Address
from newsletter.errors import ConfigError, ContentError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.services import Workspace
    from newsletter.store.people import Record


@click.command()
@click.argument("address", metavar="ADDRESS", type=Address())
@click.option(
    "--reason", "--because", "why", metavar="WORDS", required=True, help="How you know; `show` tells it."
)
@click.option("--yes", is_flag=True, help="Do not ask, also where a complaint stopped it.")
@pass_session
def restore(session: Session, address: str, why: str, yes: bool) -> None:
    """Let mail go again to an address that was stopped.

    As when a full mailbox was emptied, a post was handed over by mistake, or a complaint was not the
    reader's own. What was reported before is forgotten. After a complaint it asks first: mail services
    count letters to who complained. Whoever has left chooses anew by themselves. The opt-out of somebody
    who is no reader, recorded by mistake, is lifted.

    \b
    Example:
      newsletter subscribers restore olena@example.org --reason "She called: the mailbox works again"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.store import events
    from newsletter.store.choices import has_left
    from newsletter.store.db import reading, writing

    context = session.context
    if _restore_stranger(context, address, yes=yes):
        return
    with reading(context.database) as connection:
        stopped = _stopped(connection, address)
    if stopped.reason.startswith(events.COMPLAINED) and not yes:
        _ask(address, stopped.reason)
    with writing(context.database) as connection:
        person = _stopped(connection, address)
        events.restore(connection, person.id, f"{why} (it was {person.reason})", context.now())
    if has_left(person.choices):
        click.echo(f"{address} may be written to again, but has left: they choose anew on the sign-up page.")
    else:
        click.echo(f"{address} gets the digest again.")


def _restore_stranger(context: "Workspace", address: str, *, yes: bool) -> bool:
    """Lift the opt-out of somebody who is no reader; False where there is none."""
    from newsletter.store import optouts, people
    from newsletter.store.db import reading, writing

    with reading(context.database) as connection:
        found = optouts.find(connection, [address], context.signer).get(address)
        if found is None or people.find(connection, address):
            return False
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError(
                f"{address} {found}, so this needs a yes", "If that is a mistake, run this with --yes."
            )
        click.confirm(f"{address} {found}. Is that a mistake?", abort=True)
    with writing(context.database) as connection:
        optouts.lift(connection, address, context.signer)
    click.echo(f"{address} is no longer held back: lists and `subscribers add` may take them in.")
    return True


def _stopped(connection: "Connection", address: str) -> "Record":
    """Return who has `address` and was stopped. Raises ContentError."""
    from newsletter.model import SubscriberStatus
    from newsletter.store import people

    person = people.find(connection, address)
    if person is None:
        raise ContentError(f"{address} is not here", "See who is: newsletter subscribers list")
    if person.status is not SubscriberStatus.SUPPRESSED:
        raise ContentError(f"{address} is not stopped", f"See: newsletter subscribers show {address}")
    return person


def _ask(address: str, reason: str) -> None:
    """Go on only with a yes. Raises ConfigError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise ConfigError(
            f"{address} was reported as calling the digest spam, so this needs a yes",
            "Ask the reader. If they did not mean it, run this with --yes.",
        )
    click.confirm(f"{address} {reason}. Did the reader ask for this? Write to them again?", abort=True)
