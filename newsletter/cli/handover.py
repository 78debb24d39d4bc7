"""The command `subscribers handover`: hand a post over to a successor, at an editor's request."""

from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.output import print_json
from newsletter.cli.person import Address
from newsletter.errors import ConfigError, ContentError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.config import Settings
    from newsletter.store.people import Record


@click.command()
@click.argument("old", metavar="OLD", type=Address())
@click.argument("new", metavar="NEW", type=Address())
@click.option("--name", metavar="NAME", default="", help="The successor's name.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@pass_session
def handover(  # noqa: PLR0917  as many as options
    session: Session, old: str, new: str, name: str, yes: bool, as_json: bool
) -> None:
    """Ask NEW, by a letter, to take over the post of OLD.

    Nothing changes until NEW confirms. Then NEW gets the digest instead of OLD. OLD is not asked: make sure
    that they agree, or have left the post.

    \b
    Example:
      newsletter subscribers handover old.mayor@example.org new.mayor@example.org --name "Iryna Tkach"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.audience.asking import Act
    from newsletter.audience.entries import clean
    from newsletter.audience.handover import ask_successor, post_of
    from newsletter.audience.optin import wording
    from newsletter.store.choices import wanted_of
    from newsletter.store.db import reading, writing

    name = clean(name)
    if not name.isprintable():
        raise ConfigError("--name is not readable text", "Type it again.")
    workspace = session.workspace
    with reading(workspace.database) as connection:
        holder = _holder(connection, old, new, workspace.settings)
    post, sections = post_of(holder, workspace.settings), sorted(wanted_of(holder.choices))
    if not yes:
        click.echo(f"{holder.email}: {', '.join(post.values())}; sections {' '.join(sections)}", err=as_json)
        click.confirm(f"Ask {new} to take this over?", abort=True, err=as_json)
    with writing(workspace.database) as connection:
        holder = _holder(connection, old, new, workspace.settings)
        act = Act(connection, workspace.now(), workspace.signer, workspace.settings.optional_sections)
        asked = ask_successor(
            act,
            holder,
            post=post_of(holder, workspace.settings),
            email=new,
            name=name,
            words=wording(workspace.settings, holder.language or workspace.settings.language),
            source="subscribers handover",
        )
        if not asked:
            raise ContentError(
                f"no letter is sent to {new}: suppressed, or asked within a day or three times already",
                f"See: newsletter subscribers show {new}",
            )
    if as_json:
        print_json({"holder": holder.email, "successor": new, "post": post, "sections": sections})
    else:
        click.echo(f"A letter asks {new}; `newsletter worker` or `serve` sends it.")
        click.echo(f"Until they confirm, within 7 days, {holder.email} gets the digest as before.")


def _holder(connection: "Connection", old: str, new: str, settings: "Settings") -> "Record":
    """Return the subscriber `old` if they hold a post that `new` can take over. Raises ContentError."""
    from newsletter.audience.handover import holds_post, post_fields
    from newsletter.model import SubscriberStatus
    from newsletter.store.choices import has_left
    from newsletter.store.people import find, key

    holder = find(connection, old)
    if holder is None:
        raise ContentError(f"{old} is not a subscriber", "See the subscribers: newsletter subscribers list")
    if key(old) == key(new):
        raise ContentError(
            "the successor has the same address as the holder", "Give the successor's own address."
        )
    if holder.status is SubscriberStatus.SUPPRESSED:
        raise ContentError(
            f"{old} is suppressed ({holder.reason})", f"Add the successor: newsletter subscribers add {new}"
        )
    if has_left(holder.choices):
        raise ContentError(
            f"{old} has left: there are no sections to hand over",
            f"Add the successor: newsletter subscribers add {new}",
        )
    if not holds_post(holder, settings):
        needed = post_fields(settings)
        if not needed:
            raise ContentError(
                "newsletter.yaml has no field of kind post, so there are no posts to hand over",
                "Say which field is one, like position: {label: …, kind: post}",
            )
        raise ContentError(
            f"{old} holds no post: {' and '.join(needed)} must be known",
            f"Add them: newsletter subscribers add {old} --field {needed[0]}=…",
        )
    return holder
