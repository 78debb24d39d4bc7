"""Arguments and options that several commands share."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar

import click

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


class Duration(click.ParamType[timedelta]):
    """A duration like 90s, 10m or 2h."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse the duration, or fail with what was expected."""
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d{1,4})([smhd])", value)
        if not match:
            self.fail(f"{value!r} is not a duration; write it like 10m or 2h", param, ctx)
        units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
        return timedelta(**{units[match[2]]: int(match[1])})


def closing(*, required: bool = False) -> Callable[[F], F]:
    """Return a decorator that adds the argument D; by default the newest issue of the workspace."""
    return click.argument(
        "closing", metavar="D" if required else "[D]", type=ClosingDate(), required=required
    )


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
