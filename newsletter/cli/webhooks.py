"""The commands `webhooks …`: how it stands with each webhook, what it was told, and what to do about it."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.language import words
from newsletter.cli.output import print_json, say
from newsletter.errors import Message, counted

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.services.webhooks import Notice, Status

_NAME = click.argument("name", metavar="NAME")
_STATES = ("waiting", "delivered", "failed")


class _Moment(click.ParamType[datetime]):
    """A day or a moment in UTC, like 2025-02-14 or 2025-02-14T16:00."""

    name = "MOMENT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse the moment, or fail with what was expected."""
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                Message("%(value)r is not a moment; write it like 2025-02-14T16:00", value=value), param, ctx
            )
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@click.group()
def webhooks() -> None:
    """See what other programs are told by webhooks, and pause, resume, test or repeat it.

    \b
    Example:
      newsletter webhooks list
    """  # noqa: D301  click's mark for text that is not re-wrapped


@webhooks.command("list")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--state", type=click.Choice(_STATES), help="With NAME: only notices in this state.")
@click.option("--limit", type=click.IntRange(1), default=30, show_default=True, help="The most notices.")
@as_json
@pass_session
def listed(session: Session, name: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List the webhooks of newsletter.yaml; with NAME, what that one was told, the newest first.

    \b
    Examples:
      newsletter webhooks list
      newsletter webhooks list register --state failed --json
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services import webhooks as service

    if state and not name:
        raise click.UsageError("--state goes with NAME.")
    if name:
        found = service.told(session.workspace, name, service.State(state) if state else None, limit)
        if as_json:
            print_json([asdict(one) for one in found])
            return
        for one in found:
            click.echo(_notice(session.workspace, one))
        if not found:
            say(Message("%(name)s has been told nothing in the last 30 days.", name=name))
        return
    every = service.overview(session.workspace)
    if as_json:
        print_json([asdict(one) for one in every])
        return
    for status in every:
        click.echo(_status(session.workspace, status))
    if not every:
        say("newsletter.yaml has no webhooks. How to add one: docs/webhooks.md")


def _status(workspace: "Workspace", one: "Status") -> str:
    lines = [f"{one.name}  {words(one.state):<6}  {one.url}"]
    counts = {words(state): getattr(one, state) for state in _STATES}
    lines.append("  " + (", ".join(f"{number} {state}" for state, number in counts.items() if number) or "-"))
    if one.state in _TROUBLE:
        values = {"since": workspace.local(one.paused_at or one.failing_since), "name": one.name}
        again = workspace.local(one.next_try) if one.next_try else ""
        lines.append(words(Message(_TROUBLE[one.state], reason=one.reason, next=again, **values)))
    return "\n".join(lines)


_TROUBLE = {
    "paused": "  Since %(since)s: %(reason)s. Go on: newsletter webhooks resume %(name)s",
    "fails": "  Since %(since)s: %(reason)s. Tried again at %(next)s.",
}


def _notice(workspace: "Workspace", one: "Notice") -> str:
    tried = counted("tried %(num)d time", "tried %(num)d times", one.attempts) if one.attempts else ""
    at, state = words(workspace.local(one.at)), f"{words(one.state):<9}"
    shown = (at, state, f"{one.event:<17}", one.message, words(tried), words(one.detail))
    return "  ".join(filter(None, shown)).rstrip()


@webhooks.command()
@_NAME
@as_json
@pass_session
def pause(session: Session, name: str, as_json: bool) -> None:
    """Post nothing more to webhook NAME; what happens meanwhile waits for it, for 30 days.

    \b
    Example:
      newsletter webhooks pause register
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services import webhooks as service

    service.pause(session.workspace, name, "newsletter webhooks")
    if as_json:
        print_json({"webhook": name, "state": "paused"})
    else:
        say(Message("%(name)s is paused. Go on: newsletter webhooks resume %(name)s", name=name))


@webhooks.command()
@_NAME
@as_json
@pass_session
def resume(session: Session, name: str, as_json: bool) -> None:
    """Post to webhook NAME again, at once: also one that was paused because it did not answer.

    \b
    Example:
      newsletter webhooks resume register
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services import webhooks as service

    waiting = service.resume(session.workspace, name)
    if as_json:
        print_json({"webhook": name, "state": "works", "waiting": waiting})
    else:
        say(
            Message(
                "%(name)s is told again what happens; %(notices)s waited for it.",
                name=name,
                notices=counted("%(num)d notice", "%(num)d notices", waiting),
            )
        )


@webhooks.command()
@_NAME
@click.option("--message", "messages", multiple=True, metavar="ID", help="This notice; may be repeated.")
@click.option("--since", type=_Moment(), help="All of what happened since then, such as 2025-02-14T16:00.")
@as_json
@pass_session
def replay(
    session: Session, name: str, messages: tuple[str, ...], since: datetime | None, as_json: bool
) -> None:
    """Tell webhook NAME again what failed, or what the options name, under the same ids.

    Notices are kept for 30 days. They are posted by `newsletter serve` and `newsletter worker`.

    \b
    Examples:
      newsletter webhooks replay register
      newsletter webhooks replay register --since 2025-02-14T16:00
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services import webhooks as service

    number = service.replay(session.workspace, name, messages=messages, since=since)
    if as_json:
        print_json({"webhook": name, "replayed": number})
    else:
        say(
            Message(
                "%(notices)s will be posted to %(name)s again.",
                notices=counted("%(num)d notice", "%(num)d notices", number),
                name=name,
            )
        )


@webhooks.command()
@_NAME
@as_json
@pass_session
def test(session: Session, name: str, as_json: bool) -> None:
    """Post a signed `webhook.test` to webhook NAME, now and from here.

    \b
    Example:
      newsletter webhooks test register
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services import webhooks as service

    service.send_test(session.workspace, name)
    if as_json:
        print_json({"webhook": name, "taken": True})
    else:
        say(Message("%(name)s took the test.", name=name))


COMMANDS = {"webhooks": webhooks}
