"""The command `subscribers restore`: lift the suppression or opt-out of an address."""

import sys
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.person import Address
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.services.person import Blocked


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
    from newsletter.services.person import Restored, blocked
    from newsletter.services.person import restore as restore_person

    workspace = session.workspace
    if not yes:
        _confirm(address, blocked(workspace, address))
    done = restore_person(workspace, address, why)
    click.echo(
        {
            Restored.OPT_OUT_LIFTED: f"The opt-out of {address} is lifted: imports and `subscribers add` may"
            " add them.",
            Restored.READER: f"{address} gets the digest again.",
            Restored.HAS_LEFT: f"{address} is no longer suppressed, but has left: they can subscribe again on"
            " the sign-up page.",
        }[done]
    )


def _confirm(address: str, found: "Blocked") -> None:
    """Ask before lifting an opt-out or a complaint. Raises ConfigError when there is no terminal."""
    from newsletter.services.person import Block

    if found.block is Block.SUPPRESSION:
        return
    if found.block is Block.OPT_OUT:
        error = ConfigError(
            f"{address} {found.reason}, so this needs --yes", "If that is a mistake, run this with --yes."
        )
        question = f"{address} {found.reason}. Is that a mistake?"
    else:
        error = ConfigError(
            f"{address} reported the digest as spam, so this needs --yes",
            "Ask the reader. If they did not mean it, run this with --yes.",
        )
        question = f"{address} {found.reason}. Did the reader ask for this? Write to them again?"
    if not sys.stdin.isatty():
        raise error
    click.confirm(question, abort=True)
