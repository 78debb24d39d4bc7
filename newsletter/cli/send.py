"""The command `send`: deliver an approved issue, or whatever is due at the weekly hour."""

import re
import signal
import sys
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from newsletter.cli import FINDINGS, INTERRUPTED, NOT_ACCEPTED, USAGE, Session, pass_session
from newsletter.cli.arguments import Duration, TransportName, as_json, issue
from newsletter.cli.language import words
from newsletter.cli.output import confirm, print_json, print_rows, say
from newsletter.cli.progress import progress
from newsletter.cli.status import print_summary
from newsletter.errors import ConfigError, Message, TransportUnavailable
from newsletter.model import IssueState, Outcome
from newsletter.names import CorrectionName, IssueName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.sending.deliver import Run
    from newsletter.services import Workspace
    from newsletter.services.schedule import SettledHour
    from newsletter.services.test_message import Wanted
    from newsletter.store.issues import Frozen


@click.command()
@issue()
@click.option(
    "--due", is_flag=True, help="Instead of D: the issue of the weekly hour, if it is due; for cron."
)
@click.option("--only-new", is_flag=True, help="Also send to readers who joined after the approval.")
@click.option("--dry-run", is_flag=True, help="Print who would get which edition; send nothing.")
@click.option(
    "--test", "address", metavar="ADDRESS", help="Send one edition to ADDRESS only, and record nothing."
)
@click.option("--sections", metavar="SLUGS", help="With --test: the edition of these sections.")
@click.option(
    "--as", "like", metavar="READER", help="With --test: the edition of the reader with this address."
)
@click.option("--segment", metavar="NAME", help="Only readers in this segment; the others stay pending.")
@click.option("--transport", "name", type=TransportName(), help="Instead of newsletter.yaml's.")
@click.option(
    "--in",
    "window",
    metavar="TIME",
    type=Duration(),
    help="Start later, e.g. 30m; until then the start can be undone.",
)
@click.option(
    "--now", is_flag=True, help="Start at once; otherwise, on a terminal, a real transport waits 10m."
)
@click.option("--detach", is_flag=True, help="Let `newsletter worker` do the sending.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@pass_session
def send(  # noqa: PLR0917  as many as options
    session: Session,
    issue: IssueName | None,
    due: bool,
    only_new: bool,
    dry_run: bool,
    address: str | None,
    sections: str | None,
    like: str | None,
    segment: str | None,
    name: str | None,
    window: timedelta | None,
    now: bool,
    detach: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Send issue D as it was approved: one message to each reader, exactly once.

    Run again after a crash or a stop, it continues where it was. A message whose answer was lost counts as
    unknown and is not sent again. Exit 3 when some deliveries were not accepted.

    \b
    Examples:
      newsletter send 2025-02-14 --dry-run
      newsletter send 2025-02-14 --test me@example.org --sections social,education
      newsletter send 2025-02-14 --transport smtp --yes
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.delivery import approved
    from newsletter.services.test_message import Wanted

    workspace = session.workspace
    if due:
        return _deliver_due(workspace)
    if issue is None:
        raise click.UsageError("Name the issue, like 2025-02-14, or give --due.")
    name = name or workspace.settings.transport
    if (sections or like) and not address:
        raise click.UsageError("--sections and --as go with --test ADDRESS.")
    if address:
        slugs = frozenset(re.findall(r"[^\s,;]+", sections)) if sections else None
        return _trial(workspace, _weekly(issue), name, Wanted(address=address, sections=slugs, like=like))
    if only_new:
        _add_new_readers(workspace, _weekly(issue))
    frozen = approved(workspace, issue, read_only=dry_run)
    if dry_run:
        return _rehearse(workspace, frozen, segment, as_json=as_json)
    if frozen.state is not IssueState.SENT:
        frozen, waiting, window = _start(workspace, frozen, name, window, now=now, ask=not yes)
        if detach:
            say(
                Message(
                    "`newsletter worker` sends issue %(name)s; see: newsletter status %(issue)s",
                    name=frozen.name,
                    issue=issue,
                )
            )
            return 0
        if not _wait(workspace, frozen, window) or not _deliver(workspace, frozen, waiting, segment):
            return INTERRUPTED
    return _report(workspace, frozen, segment, as_json=as_json)


def _weekly(issue: IssueName) -> date:
    """Return the closing date of an issue; a letter with a correction has no files and no newcomers."""
    if isinstance(issue, CorrectionName):
        raise click.UsageError("--test and --only-new go with an issue, not with a letter about one.")
    return issue


def _add_new_readers(workspace: "Workspace", closing: date) -> None:
    from newsletter.services.delivery import add_new_readers

    done = add_new_readers(workspace, closing)
    say(Message("New readers: %(added)s.", added=done.added))
    if done.unmatched:
        say(
            Message(
                "%(unmatched)s more would need an edition that was not approved; they get the next issue.",
                unmatched=done.unmatched,
            )
        )


def _report(workspace: "Workspace", frozen: "Frozen", segment: str | None, *, as_json: bool) -> int:
    """Print the state of the sending, and return the exit code."""
    from newsletter.services.status import summary

    data = summary(workspace, frozen.name)
    if as_json:
        print_json(data)
    else:
        print_summary(workspace, data)
    bad = data[Outcome.DEFERRED] + data[Outcome.REFUSED] + data[Outcome.UNKNOWN]
    return NOT_ACCEPTED if bad or (data["pending"] and not segment) else 0


def _start(
    workspace: "Workspace", frozen: "Frozen", name: str, window: timedelta | None, *, now: bool, ask: bool
) -> "tuple[Frozen, int, timedelta]":
    """Start the issue; return it, how many readers wait for it, and how long the start can be undone."""
    from newsletter.services.delivery import prepare, start, undo_window
    from newsletter.services.journal import Act, at_the_terminal, record

    ready = prepare(workspace, frozen, name)
    _warn_of_weak_key(workspace)
    if ask and ready.needs_confirmation:
        if not sys.stdin.isatty():
            raise ConfigError(
                Message("sending by %(name)s needs confirmation", name=name),
                "Run it with --yes when there is no terminal.",
            )
        confirm(
            Message(
                "Send issue %(name)s to %(waiting)s readers by %(transport)s?",
                name=frozen.name,
                waiting=ready.waiting,
                transport=name,
            ),
            abort=True,
        )
    window = undo_window(frozen.state, name, window, at_once=now, attended=sys.stdin.isatty())
    started = start(workspace, ready, window)
    if frozen.state is IssueState.APPROVED:
        record(workspace, at_the_terminal(), Act.STARTED, issue=frozen.name, readers=ready.waiting)
    return started, ready.waiting, window


def _wait(workspace: "Workspace", frozen: "Frozen", window: timedelta) -> bool:
    """Count down; return False when the user undid the start before anything was sent."""
    from newsletter.services.delivery import undo

    end = time.monotonic() + window.total_seconds()
    try:
        while (left := end - time.monotonic()) > 0:
            clock = f"{int(left) // 60}:{int(left) % 60:02}"
            line = Message(
                "Issue %(name)s starts in %(clock)s. Ctrl-C undoes it.", name=frozen.name, clock=clock
            )
            click.echo(f"\r{words(line)} ", nl=False)
            time.sleep(min(1, left))
    except KeyboardInterrupt:
        if undo(workspace, frozen.name):
            click.echo()
            say("Undone: nothing was sent, and the approval stands.")
        else:
            click.echo()
            say(
                Message(
                    "Some of it was already sent, so it is paused. To go on: newsletter resume %(name)s",
                    name=frozen.name,
                )
            )
        return False
    click.echo()
    return True


def _deliver(workspace: "Workspace", frozen: "Frozen", waiting: int, segment: str | None) -> bool:
    """Deliver in this process, with progress; return False when it was stopped."""
    import asyncio

    from newsletter.services.delivery import delivering

    with (
        progress(waiting, "Sending") as advance,
        delivering(workspace, frozen, segment, advance) as run,
    ):
        going = asyncio.run(_run(run))
    if not going:
        say("Stopped; messages in flight have been recorded. Run the same command again to go on.", err=True)
    return going


def _warn_of_weak_key(workspace: "Workspace") -> None:
    if workspace.dkim and workspace.dkim.weakness:
        say(workspace.dkim.weakness, err=True)


async def _run(run: "Run") -> bool:
    """Deliver; an interrupt lets messages on the wire finish. Return False when there was one."""
    import asyncio

    going = True

    def stop() -> None:
        nonlocal going
        going = False
        run.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await run.deliver()
    return going


def _rehearse(workspace: "Workspace", frozen: "Frozen", segment: str | None, *, as_json: bool) -> int:
    """Print how many readers would get which edition, and who."""
    from newsletter.services.delivery import audience_of, waiting_by_edition

    rows = audience_of(workspace, frozen.name, segment)
    if as_json:
        print_rows({"email": row.email, "edition": row.edition, "state": row.state} for row in rows)
        return 0
    groups = waiting_by_edition(workspace, frozen.name, segment)
    for group in groups:
        click.echo(f"{group.readers:>8}  {group.edition}  {', '.join(group.sections)}")
    total = sum(group.readers for group in groups)
    say(Message("%(total)s messages would be sent; nothing was. In detail:", total=total))
    for row in rows:
        click.echo(f"{row.email}  {row.edition}  {words(row.state or 'would be sent')}")
    return 0


def _trial(workspace: "Workspace", closing: date, name: str, wanted: "Wanted") -> int:
    """Send one edition, rendered from the issue's current files, to one address."""
    import asyncio

    from newsletter.services.test_message import send_test

    _warn_of_weak_key(workspace)
    edition, receipt = asyncio.run(send_test(workspace, closing, name, wanted))
    answer = f"{words(receipt.outcome)} {receipt.code or ''} {receipt.detail}".rstrip()
    click.echo(f"{wanted.address}: {answer} ({', '.join(edition.sections)})")
    return 0 if receipt.outcome is Outcome.ACCEPTED else NOT_ACCEPTED


def _deliver_due(workspace: "Workspace") -> int:
    """Settle the weekly hour, send letters, and deliver what is being sent; there may be nothing to do."""
    from newsletter.services.delivery import due
    from newsletter.services.schedule import settle_due
    from newsletter.services.scheduler import clock_doubt
    from newsletter.services.welcome import welcome

    codes = [_print_hours(workspace, settle_due(workspace))]
    if doubt := clock_doubt(workspace):
        say(
            Message("%(doubt)s\n  Nothing is sent automatically until it is right: timedatectl", doubt=doubt),
            err=True,
        )
        codes.append(USAGE)
    codes.append(_send_letters(workspace))
    welcome(workspace)
    for frozen in due(workspace):
        if not _deliver(workspace, frozen, frozen.readers, None):
            return INTERRUPTED
        codes.append(_report(workspace, frozen, None, as_json=False))
    return max(codes)


def _print_hours(workspace: "Workspace", hours: "Sequence[SettledHour]") -> int:
    """Print the outcomes of the weekly hours; return the exit code, which says whether one was held."""
    from newsletter.services.schedule import NO_EDITORS_TO_NOTIFY, lacks_editors

    for hour in hours:
        issue, outcome = hour.settled.issue, hour.settled.outcome
        if not hour.settled.held:
            say(Message("Issue %(issue)s at its weekly hour: %(outcome)s.", issue=issue, outcome=outcome))
            continue
        cure = Message("Then send it by hand: newsletter send %(issue)s", issue=issue)
        if hour.until:
            cure = Message(
                "If approved by %(until)s, it still starts: newsletter approve %(issue)s --by NAME",
                until=f"{hour.until:%H:%M %Z}",
                issue=issue,
            )
        say(
            Message(
                "Issue %(issue)s is held at its weekly hour: %(outcome)s\n  %(cure)s",
                issue=issue,
                outcome=outcome,
                cure=cure,
            ),
            err=True,
        )
        if lacks_editors(workspace):
            say(NO_EDITORS_TO_NOTIFY, err=True)
    return FINDINGS if any(hour.settled.held for hour in hours) else 0


def _send_letters(workspace: "Workspace") -> int:
    """Send the queued letters, notes to the editors first; what cannot be sent now stays queued."""
    from newsletter.services.letters import send_letters

    try:
        send_letters(workspace)
    except (ConfigError, TransportUnavailable) as error:
        say(
            Message("Letters cannot be sent now: %(error)s\n  %(hint)s", error=error, hint=error.hint),
            err=True,
        )
        return USAGE
    return 0


COMMANDS = {"send": send}
