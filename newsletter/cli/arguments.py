"""Arguments and options that several commands share."""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from newsletter.durations import parse_duration
from newsletter.errors import Message
from newsletter.names import IssueName, read_name
from newsletter.registry import ORDER, OUTBOX, TRANSPORTS

F = TypeVar("F", bound=Callable[..., Any])


class ClosingDate(click.ParamType[date]):
    """The closing date that names an issue, like 2025-02-14."""

    name = "D"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse the date, or fail with what was expected."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(
                Message("%(value)r is not a closing date; write it like 2025-02-14", value=value), param, ctx
            )


class AnyIssue(click.ParamType[IssueName]):
    """The name of an issue, like 2025-02-14, or of a letter with a correction, like 2025-02-14+1."""

    name = "D"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> IssueName:
        """Parse the name, or fail with what was expected."""
        if not isinstance(value, str):
            return cast("IssueName", value)
        try:
            return read_name(value)
        except ValueError:
            self.fail(
                Message("%(value)r is not an issue; write it like 2025-02-14, or 2025-02-14+1", value=value),
                param,
                ctx,
            )


class Duration(click.ParamType[timedelta]):
    """A duration like 90s, 10m or 2h."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse the duration, or fail with what was expected."""
        if isinstance(value, timedelta):
            return value
        duration = parse_duration(value)
        if duration is None:
            self.fail(
                Message("%(value)r is not a duration; write it like 10m or 2h", value=value), param, ctx
            )
        return duration


class TransportName(click.ParamType[str]):
    """The name of a registered transport, or of a way of newsletter.yaml, or several in order with commas."""

    name = "transport"

    @staticmethod
    def _choice() -> click.Choice[str]:
        return click.Choice(tuple(TRANSPORTS))

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """Return the names for the help text, like [outbox|smtp]."""
        return self._choice().get_metavar(param, ctx)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name or names, or fail with the names that there are."""
        names = [name.strip() for name in str(value).split(",")]
        if len(names) == 1 and names[0] in TRANSPORTS:
            return names[0]
        known = {*TRANSPORTS, *_own_ways(ctx)}
        for name in names:
            if name not in known:
                self._choice().convert(name, param, ctx)
        if OUTBOX in names:
            self.fail(Message("%(outbox)s writes files only, so it stands alone", outbox=OUTBOX), param, ctx)
        return ORDER.join(names)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin with `incomplete`."""
        return self._choice().shell_complete(ctx, param, incomplete)


def _own_ways(ctx: click.Context | None) -> Collection[str]:
    """Return the names of ways in the workspace's newsletter.yaml; none where that cannot be read."""
    from newsletter.cli import Session
    from newsletter.errors import NewsletterError

    session = ctx.find_object(Session) if ctx else None
    try:
        return session.workspace.settings.ways if session else ()
    except NewsletterError:
        return ()


def closing(*, required: bool = False) -> Callable[[F], F]:
    """Return a decorator that adds the argument D; by default the newest issue of the workspace."""
    return click.argument(
        "closing", metavar="D" if required else "[D]", type=ClosingDate(), required=required
    )


def issue(*, required: bool = False) -> Callable[[F], F]:
    """Return a decorator that adds the argument D, which may also name a letter with a correction."""
    return click.argument("issue", metavar="D" if required else "[D]", type=AnyIssue(), required=required)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
