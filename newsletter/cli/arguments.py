"""Arguments and options that several commands share."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from newsletter.durations import parse_duration
from newsletter.names import IssueName, read_name
from newsletter.registry import TRANSPORTS

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
            self.fail(f"{value!r} is not a closing date; write it like 2025-02-14", param, ctx)


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
            self.fail(f"{value!r} is not an issue; write it like 2025-02-14, or 2025-02-14+1", param, ctx)


class Duration(click.ParamType[timedelta]):
    """A duration like 90s, 10m or 2h."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse the duration, or fail with what was expected."""
        if isinstance(value, timedelta):
            return value
        duration = parse_duration(value)
        if duration is None:
            self.fail(f"{value!r} is not a duration; write it like 10m or 2h", param, ctx)
        return duration


class TransportName(click.ParamType[str]):
    """The name of a registered transport."""

    name = "transport"

    @staticmethod
    def _choice() -> click.Choice[str]:
        return click.Choice(tuple(TRANSPORTS))

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """Return the names for the help text, like [outbox|smtp]."""
        return self._choice().get_metavar(param, ctx)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or fail with the names that there are."""
        return self._choice().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin with `incomplete`."""
        return self._choice().shell_complete(ctx, param, incomplete)


def closing(*, required: bool = False) -> Callable[[F], F]:
    """Return a decorator that adds the argument D; by default the newest issue of the workspace."""
    return click.argument(
        "closing", metavar="D" if required else "[D]", type=ClosingDate(), required=required
    )


def issue(*, required: bool = False) -> Callable[[F], F]:
    """Return a decorator that adds the argument D, which may also name a letter with a correction."""
    return click.argument("issue", metavar="D" if required else "[D]", type=AnyIssue(), required=required)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
