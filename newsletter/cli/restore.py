"""The command `subscribers restore`: lift the suppression or opt-out of an address."""

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
    "--reason", "--because", "why", metavar="WORDS", required=True, help="How you know; `show` prints it."
)
@click.option("--yes", is_flag=True, help="Do not ask, even after a complaint.")
@pass_session
def restore(session: Session, address: str, why: str, yes: bool) -> None:
    """Lift the suppression of an address, so that it gets mail again.

    For example when a full mailbox was emptied, a post was handed over by mistake, or a complaint was not
    the reader's own. Earlier bounces no longer count. After a complaint it asks first: mail services count
    messages to people who complained. Readers who have left must subscribe again themselves. For an address
    that is not a reader's, it lifts an opt-out that was recorded by mistake.

    \b
    Example:
      newsletter subscribers restore olena@example.org --reason "She called: the mailbox works again"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.store import events
    from newsletter.store.choices import has_left
    from newsletter.store.db import reading, writing

    workspace = session.workspace
    if _restore_stranger(workspace, address, yes=yes):
        return
    with reading(workspace.database) as connection:
        stopped = _stopped(connection, address)
    if stopped.reason.startswith(events.COMPLAINED) and not yes:
        _ask(address, stopped.reason)
    with writing(workspace.database) as connection:
        person = _stopped(connection, address)
        events.restore(connection, person.id, f"{why} (it was {person.reason})", workspace.now())
    if has_left(person.choices):
        click.echo(
            f"{address} is no longer suppressed, but has left: they can subscribe again on the sign-up page."
        )
    else:
        click.echo(f"{address} gets the digest again.")


def _restore_stranger(workspace: "Workspace", address: str, *, yes: bool) -> bool:
    """Lift the opt-out of an address that is not a reader's; return False if there is none."""
    from newsletter.store import optouts, people
    from newsletter.store.db import reading, writing

    with reading(workspace.database) as connection:
        found = optouts.find(connection, [address], workspace.signer).get(address)
        if found is None or people.find(connection, address):
            return False
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError(
                f"{address} {found}, so this needs --yes", "If that is a mistake, run this with --yes."
            )
        click.confirm(f"{address} {found}. Is that a mistake?", abort=True)
    with writing(workspace.database) as connection:
        optouts.lift(connection, address, workspace.signer)
    click.echo(f"The opt-out of {address} is lifted: imports and `subscribers add` may add them.")
    return True


def _stopped(connection: "Connection", address: str) -> "Record":
    """Return the suppressed subscriber at `address`. Raises ContentError if there is none."""
    from newsletter.model import SubscriberStatus
    from newsletter.store import people

    person = people.find(connection, address)
    if person is None:
        raise ContentError(f"{address} is not a subscriber", "See: newsletter subscribers list")
    if person.status is not SubscriberStatus.SUPPRESSED:
        raise ContentError(f"{address} is not suppressed", f"See: newsletter subscribers show {address}")
    return person


def _ask(address: str, reason: str) -> None:
    """Ask for confirmation, or abort. Raises ConfigError when there is no terminal."""
    if not sys.stdin.isatty():
        raise ConfigError(
            f"{address} reported the digest as spam, so this needs --yes",
            "Ask the reader. If they did not mean it, run this with --yes.",
        )
    click.confirm(f"{address} {reason}. Did the reader ask for this? Write to them again?", abort=True)
