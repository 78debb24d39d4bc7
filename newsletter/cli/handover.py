"""The command `subscribers handover`: hand a post over to a successor, at an editor's request."""

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.output import print_json
from newsletter.cli.person import Address


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
    from newsletter.services.handover import ask, look

    workspace = session.workspace
    if not yes:
        found = look(workspace, old, new)
        what = f"{', '.join(found.post.values())}; sections {' '.join(found.sections)}"
        click.echo(f"{found.holder}: {what}", err=as_json)
        click.confirm(f"Ask {new} to take this over?", abort=True, err=as_json)
    done = ask(workspace, old, new, name, "subscribers handover")
    if as_json:
        data = {"holder": done.holder, "successor": new, "post": done.post, "sections": done.sections}
        print_json(data)
    else:
        click.echo(f"A letter asks {new}; `newsletter worker` or `serve` sends it.")
        click.echo(f"Until they confirm, within 7 days, {done.holder} gets the digest as before.")
