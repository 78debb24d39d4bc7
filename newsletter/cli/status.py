"""The command `status`: the state of every issue, one issue's progress, and who got it."""

import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json, issue
from newsletter.cli.output import print_json, print_rows, some
from newsletter.model import IssueState, Outcome
from newsletter.names import IssueName

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.store.audience import Member

_EVERY = 2  # seconds between refreshes
_PENDING = "pending"
_ERASED = "(erased)"


@click.command()
@issue()
@click.option("--watch", is_flag=True, help="Refresh every two seconds until the sending ends.")
@click.option("--who", is_flag=True, help="List the readers of issue D, and the outcome of each message.")
@click.option(
    "--state",
    type=click.Choice([_PENDING, *(outcome.value for outcome in Outcome)]),
    help="With --who: only messages in this state.",
)
@as_json
@pass_session
def status(  # noqa: PLR0917  as many as options
    session: Session, issue: IssueName | None, watch: bool, who: bool, state: str | None, as_json: bool
) -> int:
    """List every issue and its state; with D, show the progress of sending it.

    That is: its deliveries by outcome, and while it is being sent the rate and the time left.

    \b
    Examples:
      newsletter status
      newsletter status 2025-02-14 --watch
      newsletter status 2025-02-14 --who --state unknown --json
    """  # noqa: D301  click's mark for text that is not re-wrapped
    workspace = session.workspace
    if state and not who:
        raise click.UsageError("--state goes with --who.")
    if issue is None and not watch and not who:
        return _every_issue(workspace, as_json=as_json)
    name = (issue or workspace.closing(None)).isoformat()
    if who:
        return _who(workspace, name, state, as_json=as_json)
    return _one_issue(workspace, name, watch=watch, as_json=as_json)


def _every_issue(workspace: "Workspace", *, as_json: bool) -> int:
    from newsletter.services.scheduler import clock_doubt
    from newsletter.services.status import overview

    lines = overview(workspace)
    _tell_of_the_disk(workspace)
    if as_json:
        print_json([asdict(line) for line in lines])
        return 0
    if not lines:
        click.echo("There is no issue yet. Import a digest: newsletter import FILE")
    for line in lines:
        counts = {"accepted": line.accepted, "pending": line.pending, "failed": line.failed}
        counts |= {"unknown": line.unknown}
        shown = [some(line.readers, "reader")] if line.approved_at else []
        if line.begun_at:
            shown += [f"{count} {word}" for word, count in counts.items() if count]
        click.echo(f"{line.issue}  {line.state:<13}  {', '.join(shown)}".rstrip())
    if doubt := clock_doubt(workspace):
        click.echo(f"{doubt}. Nothing is sent automatically until it is right.", err=True)
    if workspace.settings.webhooks:
        _tell_of_webhooks(workspace)
    return 0


def _who(workspace: "Workspace", name: str, state: str | None, *, as_json: bool) -> int:
    from newsletter.services.delivery import audience_of

    found = audience_of(workspace, name, state="" if state == _PENDING else state)
    if as_json:
        print_rows(_as_data(found))
        return 0
    for member in found:
        answer = f"{member.code or ''} {member.detail}".strip()
        state = f"{member.state} by {member.way}" if member.way else member.state or _PENDING
        words = (member.email or _ERASED, member.edition, state, member.at, answer)
        click.echo("  ".join(words).rstrip())
    return 0


def _as_data(members: "Iterator[Member]") -> Iterator[dict[str, Any]]:
    for member in members:
        yield {**asdict(member), "state": member.state or _PENDING}


def _one_issue(workspace: "Workspace", name: str, *, watch: bool, as_json: bool) -> int:
    from newsletter.services.status import summary

    while True:
        data = summary(workspace, name)
        if watch and sys.stdout.isatty():
            click.clear()
        _tell_of_the_disk(workspace)
        if as_json:
            print_json(data)
        else:
            print_summary(data)
        if not watch or data["state"] != IssueState.SENDING:
            return 0
        time.sleep(_EVERY)


def _tell_of_the_disk(workspace: "Workspace") -> None:
    """Warn on standard error when the disk is full, or nearly."""
    from newsletter.services.disk import disk_shortage

    if short := disk_shortage(workspace):
        click.echo(f"{short.text}\n  {short.hint}", err=True)


def _tell_of_webhooks(workspace: "Workspace") -> None:
    """Warn on standard error of webhooks that do not answer, or are paused."""
    from newsletter.services.webhooks import trouble

    for one in trouble(workspace):
        since = one.paused_at or one.failing_since
        click.echo(f"webhook {one.name} {_TROUBLE[one.state]} since {since}: {one.reason}", err=True)
        click.echo("  See: newsletter webhooks list", err=True)


def print_summary(data: dict[str, Any]) -> None:
    """Print the result of `summary`, and what to do about what is left."""
    by = f" by {data['transport']}" if data["transport"] else ""
    reason = f" ({data['reason']})" if data["reason"] else ""
    click.echo(f"Issue {data['issue']}: {data['state']}{reason}{by}, {data['readers']} readers.")
    if data["changed"]:
        click.echo(f"The approval is void; changed since: {', '.join(data['changed'])}.")
        click.echo(f"  Look at it again: newsletter approve {data['issue']} --by NAME")
    if data["clock"]:
        click.echo(f"{data['clock']}. Nothing is sent automatically until it is right.")
    if data["seconds_left"]:
        left = timedelta(seconds=data["seconds_left"])
        click.echo(f"In the last minute {data['rate']} a second; {left} left.")
    if data["workers"]:
        click.echo(
            f"{some(data['workers'], 'worker')} at it; a crash of all would leave at most"
            f" {some(data['at_risk'], 'message')} unknown."
        )
    if data["due"]:
        click.echo(f"Continues at {data['due']} at the earliest.")
    for state in ("pending", *Outcome):
        if data[state]:
            click.echo(f"  {data[state]:>8}  {_MEANINGS[state]}")
    _print_ways(data)


def _print_ways(data: dict[str, Any]) -> None:
    """Print what left by which way, where there are several, and which of them have failed."""
    for one in data["ways"] if len(data["ways"]) > 1 else ():
        counts = ", ".join(f"{one[outcome]} {outcome}" for outcome in Outcome if outcome in one)
        click.echo(f"  by {one['way']}: {counts}")
    for failed in data["failed_ways"]:
        click.echo(
            f"{failed['way']} has failed, and is tried again from {failed['until']} on: {failed['reason']}"
        )


_TROUBLE = {"fails": "has not answered", "paused": "is paused"}
_MEANINGS = {
    "pending": "pending: not sent yet",
    Outcome.ACCEPTED: "accepted",
    Outcome.DEFERRED: "deferred: refused for now; retried later by `newsletter send` or a worker",
    Outcome.REFUSED: "refused permanently",
    Outcome.UNKNOWN: "unknown: the answer was lost, so they are not sent again",
    Outcome.SUPPRESSED: "suppressed: they left before their message was sent",
    Outcome.BOUNCED: "bounced: accepted, and returned later",
    Outcome.COMPLAINED: "complained: the reader reported it as spam",
}


COMMANDS = {"status": status}
