"""Output helpers of the commands: words in the reader's language, JSON, and findings."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from newsletter.cli.language import words
from newsletter.errors import Problem

_COLOURS = {"error": "red", "warning": "yellow", "advice": "cyan"}


def say(what: object, *, err: bool = False) -> None:
    """Print a message, a problem or an error in the language of the commands; data go by click.echo."""
    click.echo(words(what), err=err)


def confirm(question: object, *, abort: bool = False, err: bool = False) -> bool:
    """Ask whether to go on, in the language of the commands."""
    return click.confirm(words(question), abort=abort, err=err)


def print_json(value: Any) -> None:
    """Print `value` as JSON, with non-ASCII letters unescaped."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_rows(rows: Iterable[Any]) -> None:
    """Stream a JSON array, one row a line, so that memory use is constant."""
    mark = "["
    for row in rows:
        click.echo(f"{mark}\n  {json.dumps(row, ensure_ascii=False, default=str)}", nl=False)
        mark = ","
    click.echo("[]" if mark == "[" else "\n]")


def print_problems(problems: Sequence[Problem]) -> None:
    """Print findings; a hint that consecutive ones share is printed once, after the last."""
    following = [problem.hint for problem in problems[1:]] + [""]
    for problem, next_hint in zip(problems, following, strict=False):
        where = f"{problem.at}: " if problem.at else ""
        code = click.style(f" [{problem.code}]", dim=True) if problem.code else ""
        kind = click.style(words(problem.severity), fg=_COLOURS[problem.severity])
        click.echo(f"{where}{kind}: {words(problem.text)}{code}")
        if problem.hint and problem.hint != next_hint:
            click.echo(f"  {words(problem.hint)}")


def listed(parts: Iterable[object]) -> str:
    """Return messages one after another, with commas, in the language of the commands."""
    return ", ".join(map(words, parts))
