"""The command `subscribers restore`: mail goes again to an address that was stopped."""

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.person import Address
from newsletter.errors import ContentError


@click.command()
@click.argument("address", metavar="ADDRESS", type=Address())
@click.option("--because", "why", metavar="WORDS", required=True, help="How you know; `show` tells it.")
@pass_session
def restore(session: Session, address: str, why: str) -> None:
    """Let mail go again to an address that was stopped.

    As when a full mailbox was emptied, or a post was handed over by mistake. What bounced before is
    forgotten. Nobody is brought back who complained of spam, and whoever has left chooses anew by
    themselves.

    \b
    Example:
      newsletter subscribers restore olena@example.org --because "She called: the mailbox works again"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.model import SubscriberStatus
    from newsletter.store import events, people
    from newsletter.store.choices import has_left
    from newsletter.store.db import writing

    context = session.context
    with writing(context.database) as connection:
        person = people.find(connection, address)
        if person is None:
            raise ContentError(f"{address} is not here", "See who is: newsletter subscribers list")
        if person.status is not SubscriberStatus.SUPPRESSED:
            raise ContentError(f"{address} is not stopped", f"See: newsletter subscribers show {address}")
        if person.reason.startswith(events.COMPLAINED):
            raise ContentError(
                f"{address} called the digest spam", "No command brings them back: mail services forbid it."
            )
        events.restore(connection, person.id, why, context.now())
    if has_left(person.choices):
        click.echo(f"{address} may be written to again, but has left: they choose anew on the sign-up page.")
    else:
        click.echo(f"{address} gets the digest again.")
