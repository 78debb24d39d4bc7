"""The command `bounces`: process returned mail."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.language import words
from newsletter.cli.output import print_json, say
from newsletter.cli.progress import progress
from newsletter.errors import ConfigError, Message, StoreError, counted

if TYPE_CHECKING:
    from newsletter.feedback.mailboxes import Source
    from newsletter.services.feedback import Tally

_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: a mail server queues the mail and tries again


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
    from newsletter.services.feedback import process_mails

    try:
        with _open(session, source) as mails, progress(len(mails), "Reading") as advance:
            tally = process_mails(session.workspace, mails, dry_run=dry_run, progress=advance)
    except (ConfigError, StoreError) as error:
        if source != "-":
            raise
        say(error, err=True)
        return _AGAIN
    _print(tally, as_json=as_json)
    return FINDINGS if tally.unreadable else 0


def _open(session: Session, source: str | None) -> "AbstractContextManager[Source]":
    from newsletter.feedback.mailboxes import from_path, from_stdin
    from newsletter.services.feedback import bounce_mailbox

    if source is None:
        return bounce_mailbox(session.workspace)
    return nullcontext(from_stdin()) if source == "-" else from_path(Path(source))


def _print(tally: "Tally", *, as_json: bool) -> None:
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
        click.echo(f"{name}: {words(text)}", err=True)
    for kind, number in sorted(tally.kinds.items()):
        click.echo(f"{number:>8}  {words(kind)}")
    say(
        Message(
            "%(mails)s, %(new)s new; %(readers)s suppressed, %(left)s left.",
            mails=counted("%(num)d mail", "%(num)d mails", mails),
            new=tally.new,
            readers=counted("%(num)d reader", "%(num)d readers", tally.suppressed),
            left=tally.left,
        )
    )


COMMANDS = {"bounces": bounces}
