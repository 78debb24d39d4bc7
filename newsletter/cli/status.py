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
from newsletter.cli.language import words
from newsletter.cli.output import listed, print_json, print_rows, say
from newsletter.errors import Message, counted
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
        say("There is no issue yet. Import a digest: newsletter import FILE")
    for line in lines:
        shown = [counted("%(num)d reader", "%(num)d readers", line.readers)] if line.approved_at else []
        if line.begun_at:
            counts = (
                counted("%(num)d accepted", "%(num)d accepted", line.accepted),
                counted("%(num)d pending", "%(num)d pending", line.pending),
                counted("%(num)d failed", "%(num)d failed", line.failed),
                counted("%(num)d unknown", "%(num)d unknown", line.unknown),
            )
            shown += [count for count in counts if count.values["num"]]
        click.echo(f"{line.issue}  {words(line.state):<13}  {listed(shown)}".rstrip())
    if doubt := clock_doubt(workspace):
        say(Message("%(doubt)s. Nothing is sent automatically until it is right.", doubt=doubt), err=True)
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
        by = words(Message(" by %(transport)s", transport=member.way)) if member.way else ""
        state = f"{words(member.state or _PENDING)}{by}"
        at = words(workspace.local(member.at)) if member.at else ""
        shown = (member.email or words(_ERASED), member.edition, state, at, answer)
        click.echo("  ".join(shown).rstrip())
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
            print_summary(workspace, data)
        if not watch or data["state"] != IssueState.SENDING:
            return 0
        time.sleep(_EVERY)


def _tell_of_the_disk(workspace: "Workspace") -> None:
    """Warn on standard error when the disk is full, or nearly."""
    from newsletter.services.disk import disk_shortage

    if short := disk_shortage(workspace):
        click.echo(f"{words(short.text)}\n  {words(short.hint)}", err=True)


def _tell_of_webhooks(workspace: "Workspace") -> None:
    """Warn on standard error of webhooks that do not answer, or are paused."""
    from newsletter.services.webhooks import trouble

    for one in trouble(workspace):
        since = workspace.local(one.paused_at or one.failing_since)
        said = Message(_TROUBLE[one.state], name=one.name, since=since, reason=one.reason)
        say(said, err=True)
        say("  See: newsletter webhooks list", err=True)


def print_summary(workspace: "Workspace", data: dict[str, Any]) -> None:
    """Print the result of `summary`, and what to do about what is left."""
    reason = Message(" (%(reason)s)", reason=data["reason"])
    say(
        Message(
            "Issue %(issue)s: %(state)s%(reason)s%(by)s, %(readers)s.",
            issue=data["issue"],
            state=Message(data["state"]),
            reason=reason if data["reason"] else "",
            by=Message(" by %(transport)s", transport=data["transport"]) if data["transport"] else "",
            readers=counted("%(num)d reader", "%(num)d readers", data["readers"]),
        )
    )
    if data["changed"]:
        say(Message("The approval is void; changed since: %(changed)s.", changed=", ".join(data["changed"])))
        say(Message("  Look at it again: newsletter approve %(issue)s --by NAME", issue=data["issue"]))
    if data["clock"]:
        say(Message("%(clock)s. Nothing is sent automatically until it is right.", clock=data["clock"]))
    if data["seconds_left"]:
        left = timedelta(seconds=data["seconds_left"])
        say(Message("In the last minute %(rate)s a second; %(left)s left.", rate=data["rate"], left=left))
    if data["workers"]:
        say(
            Message(
                "%(workers)s at it; a crash of all would leave at most %(messages)s unknown.",
                workers=counted("%(num)d worker", "%(num)d workers", data["workers"]),
                messages=counted("%(num)d message", "%(num)d messages", data["at_risk"]),
            )
        )
    if data["due"]:
        say(Message("Continues at %(due)s at the earliest.", due=workspace.local(data["due"])))
    for state in ("pending", *Outcome):
        if data[state]:
            click.echo(f"  {data[state]:>8}  {words(_MEANINGS[state])}")
    _print_ways(workspace, data)


def _print_ways(workspace: "Workspace", data: dict[str, Any]) -> None:
    """Print what left by which way, where there are several, and which of them have failed."""
    for one in data["ways"] if len(data["ways"]) > 1 else ():
        counts = ", ".join(f"{one[outcome]} {words(outcome)}" for outcome in Outcome if outcome in one)
        say(Message("  by %(way)s: %(counts)s", way=one["way"], counts=counts))
    for failed in data["failed_ways"]:
        say(
            Message(
                "%(way)s has failed, and is tried again from %(until)s on: %(reason)s",
                way=failed["way"],
                until=workspace.local(failed["until"]),
                reason=failed["reason"],
            )
        )


_TROUBLE = {
    "fails": "webhook %(name)s has not answered since %(since)s: %(reason)s",
    "paused": "webhook %(name)s is paused since %(since)s: %(reason)s",
}
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
