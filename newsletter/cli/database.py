"""The commands `database copy` and `database upgrade`: move to another database, or upgrade this one."""

import sys
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.language import words
from newsletter.cli.output import confirm, print_json, say
from newsletter.errors import Message

if TYPE_CHECKING:
    from sqlalchemy import Engine


@click.group()
def database() -> None:
    """Copy everything to another database, or upgrade this one.

    \b
    Example:
      newsletter database copy postgresql://press@db.example.org/newsletter --dry-run
    """  # noqa: D301  click's mark for text that is not re-wrapped


@database.command()
@click.argument("url", metavar="URL")
@click.option("--dry-run", is_flag=True, help="Print what would be copied; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@pass_session
def copy(session: Session, url: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Copy everything to the empty database URL, compare the two, and close this one.

    It copies between SQLite and PostgreSQL in either direction, or from one PostgreSQL to another. First stop
    `serve` and workers; no issue may be being sent. An interrupted copy leaves both databases as they were,
    or is finished when it is run again. Afterwards set NEWSLETTER_DATABASE to URL.

    \b
    Examples:
      newsletter database copy postgresql://press@db.example.org/newsletter --dry-run
      newsletter database copy postgresql://press@db.example.org/newsletter
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.store import copying
    from newsletter.store.database_url import shown
    from newsletter.store.db import open_database
    from newsletter.store.readonly import ReadOnlyDatabase

    source = open_database(session.workspace.address, moved=True)
    counts = copying.count(source)
    if dry_run:
        there = copying.count(ReadOnlyDatabase(url).engine)
        copying.refuse_sending(source)
        _print(counts, sum(there.values()), as_json=as_json)
        return
    copying.refuse_sending(source)
    target = open_database(url, moved=True)
    if not yes:
        total = sum(counts.values())
        confirm(
            Message(
                "Copy %(total)s rows to %(url)s, and close %(source)s?",
                total=total,
                url=shown(target.url),
                source=shown(source.url),
            ),
            abort=True,
            err=True,
        )
    copied = _copy(source, target, sum(counts.values()))
    if as_json:
        print_json({"target": shown(target.url), "rows": copied})
        return
    for name, rows in copied.items():
        click.echo(f"{rows:>10}  {name}")
    say(Message("Copied and compared. Now set NEWSLETTER_DATABASE to it: %(url)s", url=shown(target.url)))


def _copy(source: "Engine", target: "Engine", total: int) -> dict[str, int]:
    from newsletter.store import copying

    with click.progressbar(
        length=total, label=words("Copying"), file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        copied = copying.copy(source, target, bar.update)
    source.dispose()
    target.dispose()
    return {name: content.rows for name, content in copied.items()}


def _print(counts: dict[str, int], there: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": True, "rows": counts, "target_rows": there})
        return
    for name, rows in counts.items():
        click.echo(f"{rows:>10}  {name}")
    say(
        "The target is empty."
        if not there
        else Message("The target is not empty: it has %(there)s rows.", there=there)
    )


@database.command()
@pass_session
def upgrade(session: Session) -> None:
    """Upgrade the database's schema, or create the database.

    Commands that change the database do so automatically; commands that only read never do.

    \b
    Example:
      newsletter database upgrade
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.store.db import HEAD

    session.workspace.database  # noqa: B018  opening it upgrades it
    say(Message("The database is up to date (schema %(head)s).", head=HEAD))


COMMANDS = {"database": database}
