"""The command `bounces`: read mail that came back."""

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.output import print_json, some
from newsletter.cli.progress import progress
from newsletter.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from newsletter.feedback.mailboxes import Source
    from newsletter.services import Workspace

_BATCH = 100
_NO_PROOF = "that shows neither our return path nor our header for reports: kept, but it does nothing"
_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: a mail server keeps the mail and tries again


@dataclass(slots=True)
class _Tally:
    """What was read, and what came of it."""

    kinds: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)
    unverified: dict[str, str] = field(default_factory=dict)
    new: int = 0
    suppressed: int = 0
    left: int = 0


@click.command()
@click.argument("source", metavar="FILE|MAILDIR|-", required=False)
@click.option("--imap", is_flag=True, help="Read the mailbox of newsletter.yaml instead.")
@click.option("--dry-run", is_flag=True, help="Say what the mails are; change nothing.")
@as_json
@pass_session
def bounces(session: Session, source: str | None, imap: bool, dry_run: bool, as_json: bool) -> int:
    """Read mail that came back: bounces, complaints, and wishes to leave.

    It is known whose they are by the signed return path, or by the header that letters have for reports. Who
    does not exist or complains is not written to again, nor whose mailbox refuses on five days without a
    week between; who asks to leave has left. A report that shows only what replies and forwarded letters do
    is unverified: it is told, kept, and does nothing. Reading a mail twice changes nothing. - is one mail,
    as a mail server hands it over: then trouble with the database or the settings is exit 75, and the server
    tries again. Exit 1 while mails are unreadable.

    \b
    Examples:
      newsletter bounces /var/mail/bounces
      newsletter bounces --imap
    """  # noqa: D301  click's mark for text that is not re-wrapped
    if (source is None) != imap:
        raise click.UsageError("Name a file, a Maildir or -, or say --imap.")
    try:
        tally = _Tally()
        with _open(session, source) as mails:
            _read(session.context, mails, tally, dry_run=dry_run)
        if not dry_run:
            _work(session.context, tally)
    except (ConfigError, StoreError) as error:
        if source != "-":
            raise
        click.echo(str(error), err=True)
        return _AGAIN
    _print(tally, as_json=as_json)
    return FINDINGS if tally.unreadable else 0


def _open(session: Session, source: str | None) -> "AbstractContextManager[Source]":
    from newsletter.feedback.mailboxes import from_path, from_stdin
    from newsletter.services.feedback import bounce_mailbox

    if source is None:
        return bounce_mailbox(session.context)
    return nullcontext(from_stdin()) if source == "-" else from_path(Path(source))


def _read(context: "Workspace", mails: "Source", tally: _Tally, *, dry_run: bool) -> None:
    """Read all mails and keep what they say; each batch is settled where it lies once it is kept."""
    from newsletter.services.feedback import keep, read
    from newsletter.store.events import Kind

    rest = iter(mails)
    with progress(len(mails), "Reading") as told:
        while batch := {mail.name: read(context, mail) for mail in islice(rest, _BATCH)}:
            tally.kinds.update(one.kind if one.proven else Kind.UNVERIFIED for one in batch.values())
            unreadable = {name: one.detail for name, one in batch.items() if one.kind is Kind.UNREADABLE}
            tally.unreadable |= unreadable
            tally.unverified |= {
                name: f"{one.kind} {_NO_PROOF}" for name, one in batch.items() if not one.proven
            }
            if not dry_run:
                tally.new += keep(context, batch.values())
                mails.settle([name for name in batch if name not in unreadable], list(unreadable))
            told(tally.kinds.total())


def _work(context: "Workspace", tally: _Tally) -> None:
    from newsletter.services.feedback import work_on_events

    done = work_on_events(context)
    tally.suppressed, tally.left = done.suppressed, done.left


def _print(tally: _Tally, *, as_json: bool) -> None:
    mails = tally.kinds.total()
    if as_json:
        data: dict[str, Any] = {
            "mails": mails,
            "kinds": dict(sorted(tally.kinds.items())),
            "new": tally.new,
            "suppressed": tally.suppressed,
            "left": tally.left,
            "unreadable": [{"mail": name, "text": text} for name, text in tally.unreadable.items()],
            "unverified": [{"mail": name, "text": text} for name, text in tally.unverified.items()],
        }
        print_json(data)
        return
    for name, text in (*tally.unreadable.items(), *tally.unverified.items()):
        click.echo(f"{name}: {text}", err=True)
    for kind, number in sorted(tally.kinds.items()):
        click.echo(f"{number:>8}  {kind}")
    click.echo(
        f"{some(mails, 'mail')}, {tally.new} new; {some(tally.suppressed, 'reader')} suppressed,"
        f" {tally.left} left."
    )


COMMANDS = {"bounces": bounces}
