"""The command `reconcile`: settle deliveries of unknown outcome."""

from dataclasses import asdict
from pathlib import Path

import click

from newsletter.cli import NOT_ACCEPTED, Session, pass_session
from newsletter.cli.arguments import as_json, issue
from newsletter.cli.language import words
from newsletter.cli.output import confirm, print_json, say
from newsletter.errors import Message, counted
from newsletter.names import IssueName

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@issue(required=True)
@click.option("--log", type=_FILE, help="Postfix's log (mail.log, also .gz).")
@click.option("--events", type=_FILE, help="A provider's events, as JSON.")
@click.option(
    "--accepted", multiple=True, metavar="ADDRESS", help="The relay accepted the message to this address."
)
@click.option(
    "--resend",
    multiple=True,
    metavar="ADDRESS",
    help="The relay never got the message to this address: send it again.",
)
@click.option("--resend-absent", is_flag=True, help="Send again to everybody who is not in --log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@pass_session
def reconcile(  # noqa: PLR0917  as many as options
    session: Session,
    issue: IssueName,
    log: Path | None,
    events: Path | None,
    accepted: tuple[str, ...],
    resend: tuple[str, ...],
    resend_absent: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Settle deliveries of issue D whose outcome is unknown because the answer was lost.

    They are not sent again automatically. A relay's log or a provider's events say which were accepted after
    all; without options this lists them with their Message-IDs. Exit 3 while some are unknown.

    \b
    Examples:
      newsletter reconcile 2025-02-14 --log /var/log/mail.log
      newsletter reconcile 2025-02-14 --accepted anna@example.org
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.reconcile import Sources, examine, settle

    if resend_absent and log is None:
        raise click.UsageError("--resend-absent needs --log, and the log must cover the whole sending.")
    sources = Sources(log=log, events=events, accepted=accepted, resend=resend, resend_absent=resend_absent)
    verdicts = examine(session.workspace, issue, sources)
    if verdicts.again and not yes:
        confirm(
            Message(
                "Send again to %(readers)s? Those who have the message get a second one.",
                readers=counted("%(num)d reader", "%(num)d readers", len(verdicts.again)),
            ),
            abort=True,
        )
    done = settle(session.workspace, verdicts)
    if as_json:
        rows = [asdict(one) for one in done.unknown]
        print_json(
            {"issue": verdicts.issue, "settled": done.settled, "send_again": done.resent, "unknown": rows}
        )
    else:
        for one in done.unknown:
            click.echo(f"{words(session.workspace.local(one.at))}  {one.message_id}  {one.email}")
        say(
            Message(
                "Issue %(issue)s: %(settled)s settled, %(resent)s to be sent again, %(count)s unknown.",
                issue=issue,
                settled=done.settled,
                resent=done.resent,
                count=len(done.unknown),
            )
        )
    return NOT_ACCEPTED if done.unknown else 0


COMMANDS = {"reconcile": reconcile}
