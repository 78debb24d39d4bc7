"""The command `token`: let programs use the API, see which do, and end that."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.language import words
from newsletter.cli.output import print_json, say
from newsletter.errors import Message
from newsletter.scopes import Scope

if TYPE_CHECKING:
    from newsletter.services.tokens import Token

_DAYS = 365


@click.group()
def token() -> None:
    """Tokens with which programs use the JSON API: made, listed, revoked."""


@token.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What the program may do; may be repeated.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 730),
    default=_DAYS,
    show_default=True,
    help="It ends after so many days.",
)
@click.option("--by", default="", help="Who makes it, for the journal, instead of your login name.")
@as_json
@pass_session
def create(
    session: Session, name: str, *, scopes: tuple[str, ...], days: int, by: str, as_json: bool
) -> None:
    """Make a token for the program NAME and print it, this once: only a hash of it is stored.

    \b
    Examples:
      newsletter token create website --scope items:write --scope sections:read
      newsletter token create members --scope readers:sync --days 90 --json
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services import tokens

    text, made = tokens.create(session.workspace, name, scopes, timedelta(days=days), by)
    if as_json:
        print_json({"token": text, **_shown(session, made)})
        return
    click.echo(text)
    say(
        Message(
            "Token %(number)s of %(name)s ends %(expires_at)s. It is not shown again: put it where"
            " the program"
            " reads its secrets.",
            number=made.id,
            name=made.name,
            expires_at=session.workspace.local(made.expires_at).date(),
        ),
        err=True,
    )


@token.command("list")
@as_json
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """List tokens: whose, what for, until when, and when and from where they were last used.

    Those that ended stay in the list for a month.

    \b
    Example:
      newsletter token list
    """  # noqa: D301  likewise
    from newsletter.services import tokens

    found = tokens.every(session.workspace)
    if as_json:
        print_json([_shown(session, one) for one in found])
        return
    if not found:
        say("There are no tokens. Make one: newsletter token create NAME --scope SCOPE")
    for one in found:
        shown = _shown(session, one)
        day = session.workspace.local(one.revoked_at or one.expires_at).date()
        end = f"{words(shown['state'])} {words(day)}"
        seen = session.workspace.local(one.seen_at).date() if one.seen_at else None
        used = Message("last used %(day)s from %(place)s", day=seen, place=one.seen_from)
        last = words(used if seen else "not used yet")
        click.echo(f"{one.id:>4}  {one.name}  {end}, {last}\n      {' '.join(shown['scopes'])}")


@token.command()
@click.argument("name", metavar="NAME")
@click.option("--by", default="", help="Who revokes it, for the journal, instead of your login name.")
@as_json
@pass_session
def revoke(session: Session, name: str, by: str, as_json: bool) -> None:
    """End the token with this NAME or number at once.

    \b
    Example:
      newsletter token revoke website
    """  # noqa: D301  likewise
    from newsletter.services import tokens

    found = tokens.revoke(session.workspace, name, by)
    if as_json:
        print_json({"id": found.id, "name": found.name, "state": "revoked"})
        return
    say(Message("Token %(number)s of %(name)s opens nothing any more.", number=found.id, name=found.name))


def _shown(session: Session, one: "Token") -> dict[str, Any]:
    """Return a token as data, without the hash of its secret."""
    state = "revoked" if one.revoked_at else "ends" if one.is_open(session.workspace.now()) else "expired"
    return {
        "id": one.id,
        "name": one.name,
        "state": state,
        "scopes": sorted(one.scopes),
        "created_at": one.created_at,
        "created_by": one.created_by,
        "expires_at": one.expires_at,
        "revoked_at": one.revoked_at or None,
        "last_used_at": one.seen_at or None,
        "last_used_from": one.seen_from or None,
    }


COMMANDS = {"token": token}
