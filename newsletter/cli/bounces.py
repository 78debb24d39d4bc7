"""The command `bounces`: process returned mail."""

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
_NO_PROOF = "without our return path or our header for reports: stored, but it has no effect"
_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: a mail server queues the mail and tries again


@dataclass(slots=True)
class _Tally:
    """Counts of the mails read, and of their effects."""

    kinds: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)
    unverified: dict[str, str] = field(default_factory=dict)
    new: int = 0
    suppressed: int = 0
    left: int = 0


@click.command()
@click.argument("source", metavar="FILE|MAILDIR|-", required=False)
@click.option("--imap", is_flag=True, help="Read the mailbox of newsletter.yaml instead.")
@click.option("--dry-run", is_flag=True, help="Print what the mails are; change nothing.")
@as_json
@pass_session
def bounces(session: Session, source: str | None, imap: bool, dry_run: bool, as_json: bool) -> int:
    """Process returned mail: bounces, complaints, and requests to unsubscribe.

    The reader is identified by the signed return path (VERP), or by the header that messages carry for
    reports. A reader whose address does not exist, who complains, or whose mailbox refuses on five days with
    no week between them is suppressed; a reader who asks to leave is unsubscribed. A report that shows only
    what replies and forwarded messages show too is unverified: it is printed and stored, but has no effect.
    Processing a mail twice changes nothing. With - one mail is read from standard input, as a mail server
    pipes it: then errors of the database or the settings are exit 75, and the server tries again. Exit 1 if
    some mails are unreadable.

    \b
    Examples:
      newsletter bounces /var/mail/bounces
      newsletter bounces --imap
    """  # noqa: D301  click's mark for text that is not re-wrapped
    if (source is None) != imap:
        raise click.UsageError("Name a file, a Maildir or -, or give --imap.")
    try:
        tally = _Tally()
        with _open(session, source) as mails:
            _read(session.workspace, mails, tally, dry_run=dry_run)
        if not dry_run:
            _work(session.workspace, tally)
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
        return bounce_mailbox(session.workspace)
    return nullcontext(from_stdin()) if source == "-" else from_path(Path(source))


def _read(workspace: "Workspace", mails: "Source", tally: _Tally, *, dry_run: bool) -> None:
    """Read all mails and store their events in batches; a stored batch is then settled in its mailbox."""
    from newsletter.services.feedback import keep, read
    from newsletter.store.events import Kind

    rest = iter(mails)
    with progress(len(mails), "Reading") as told:
        while batch := {mail.name: read(workspace, mail) for mail in islice(rest, _BATCH)}:
            tally.kinds.update(one.kind if one.proven else Kind.UNVERIFIED for one in batch.values())
            unreadable = {name: one.detail for name, one in batch.items() if one.kind is Kind.UNREADABLE}
            tally.unreadable |= unreadable
            tally.unverified |= {
                name: f"{one.kind} {_NO_PROOF}" for name, one in batch.items() if not one.proven
            }
            if not dry_run:
                tally.new += keep(workspace, batch.values())
                mails.settle([name for name in batch if name not in unreadable], list(unreadable))
            told(tally.kinds.total())


def _work(workspace: "Workspace", tally: _Tally) -> None:
    from newsletter.services.feedback import work_on_events

    done = work_on_events(workspace)
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
