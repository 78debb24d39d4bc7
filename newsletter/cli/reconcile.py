"""The command `reconcile`: settle deliveries of unknown outcome."""

import gzip
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli import NOT_ACCEPTED, Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json, some
from newsletter.errors import ContentError
from newsletter.model import Outcome, Receipt

if TYPE_CHECKING:
    from newsletter.sending.reconcile import Evidence
    from newsletter.services import Workspace
    from newsletter.store.deliveries import Uncertain

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@closing(required=True)
@click.option("--log", type=_FILE, help="Postfix's log (mail.log, also .gz).")
@click.option("--events", type=_FILE, help="SendGrid's events, as JSON.")
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
    closing: date,
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
    from newsletter.sending.reconcile import Evidence, postfix_log, sendgrid_events
    from newsletter.store import deliveries, issues
    from newsletter.store.db import reading

    if resend_absent and log is None:
        raise click.UsageError("--resend-absent needs --log, and the log must cover the whole sending.")
    workspace, name = session.workspace, closing.isoformat()
    with reading(workspace.database) as connection:
        issues.get(connection, name)
        left = deliveries.uncertain(connection, name)
    evidence = Evidence()
    if log:
        evidence = postfix_log(_text(log).splitlines(), log.name)
    if events:
        evidence.by_delivery |= sendgrid_events(_text(events), events.name).by_delivery
    by_hand = _by_address(left, (*accepted, *resend))
    found = _found(workspace, closing, left, evidence)
    found |= {by_hand[a]: Receipt(outcome=Outcome.ACCEPTED, detail="settled by hand") for a in accepted}
    again = {by_hand[address].subscriber for address in resend}
    if resend_absent:
        again |= {one.subscriber for one in left if one not in found}
    if again and not yes:
        click.confirm(
            f"Send again to {some(len(again), 'reader')}? Those who have the message get a second one.",
            abort=True,
        )
    return _settle(workspace, closing, found, again, as_json=as_json)


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")


def _by_address(left: "list[Uncertain]", addresses: tuple[str, ...]) -> "dict[str, Uncertain]":
    known = {one.email.casefold(): one for one in left}
    for address in addresses:
        if address.casefold() not in known:
            raise ContentError(
                f"no delivery to {address} is unknown", "See which are: newsletter reconcile D"
            )
    return {address: known[address.casefold()] for address in addresses}


def _found(
    workspace: "Workspace", closing: date, left: "list[Uncertain]", evidence: "Evidence"
) -> "dict[Uncertain, Receipt]":
    found = {}
    for one in left:
        receipt = evidence.by_delivery.get(f"{closing}:{one.subscriber}") or evidence.by_message.get(
            workspace.message_id(one.subscriber, closing)
        )
        if receipt:
            found[one] = receipt
    return found


def _settle(
    workspace: "Workspace",
    closing: date,
    found: "dict[Uncertain, Receipt]",
    again: set[int],
    *,
    as_json: bool,
) -> int:
    from newsletter.store import deliveries, ledger
    from newsletter.store.db import writing
    from newsletter.store.ledger import Result

    name = closing.isoformat()
    with writing(workspace.database) as connection:
        results = [Result(one.subscriber, one.attempt, receipt) for one, receipt in found.items()]
        settled = ledger.settle(connection, name, results, workspace.now())
        resent = deliveries.send_again(connection, name, again)
        left = deliveries.uncertain(connection, name)
    rows = [
        {
            "email": one.email,
            "message_id": workspace.message_id(one.subscriber, closing),
            "at": one.at,
        }
        for one in left
    ]
    if as_json:
        print_json({"issue": name, "settled": settled, "send_again": resent, "unknown": rows})
    else:
        for row in rows:
            click.echo(f"{row['at']}  {row['message_id']}  {row['email']}")
        click.echo(f"Issue {name}: {settled} settled, {resent} to be sent again, {len(left)} unknown.")
    return NOT_ACCEPTED if left else 0


COMMANDS = {"reconcile": reconcile}
