"""The command `check`: what is wrong or doubtful with an issue, each finding at its line."""

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json, closing, print_json

if TYPE_CHECKING:
    from newsletter.wiring import Proof

_COLOURS = {"error": "red", "warning": "yellow"}


@click.command()
@closing()
@as_json
@pass_session
def check(session: Session, closing: date | None, as_json: bool) -> int:
    """Find mistakes in the words, links and markup of issue D.

    Every edition that readers need is rendered and looked at. Errors keep the issue from being sent to
    readers (exit 1); warnings do not (exit 0).

    \b
    Example:
      newsletter check 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    proof = session.context.proof(session.context.closing(closing))
    if as_json:
        print_json(_as_data(proof))
    else:
        _print(proof)
    return FINDINGS if proof.errors else 0


def _as_data(proof: "Proof") -> dict[str, Any]:
    return {
        "issue": proof.issue.name,
        "editions": len(proof.tally),
        "readers": _readers(proof),
        "errors": proof.errors,
        "warnings": len(proof.problems) - proof.errors,
        "findings": [
            {
                "severity": problem.severity,
                "path": problem.at.path if problem.at else None,
                "line": (problem.at.line or None) if problem.at else None,
                "text": problem.text,
                "hint": problem.hint,
            }
            for problem in proof.problems
        ],
    }


def _print(proof: "Proof") -> None:
    """Print the findings; a hint that several in a row share is printed once, after the last."""
    following = [problem.hint for problem in proof.problems[1:]] + [""]
    for problem, next_hint in zip(proof.problems, following, strict=False):
        where = f"{problem.at}: " if problem.at else ""
        click.echo(f"{where}{click.style(problem.severity, fg=_COLOURS[problem.severity])}: {problem.text}")
        if problem.hint and problem.hint != next_hint:
            click.echo(f"  {problem.hint}")
    warnings = len(proof.problems) - proof.errors
    largest = max((len(page.html.encode()) for page in proof.rendered), default=0)
    click.echo(
        f"{proof.issue.name}: {_some(proof.errors, 'error')}, {_some(warnings, 'warning')}"
        f" in {_some(len(proof.tally), 'edition')} for {_some(_readers(proof), 'reader')},"
        f" up to {largest / 1024:.0f} KB."
    )


def _readers(proof: "Proof") -> int:
    return sum(readers for _, readers in proof.tally)


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


COMMANDS = {"check": check}
