"""The command `check`: errors and warnings about an issue, each with its line."""

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json, print_problems, some
from newsletter.errors import as_data

if TYPE_CHECKING:
    from newsletter.services.proof import Proof


@click.command()
@closing()
@as_json
@pass_session
def check(session: Session, closing: date | None, as_json: bool) -> int:
    """Find mistakes in the text, links and markup of issue D.

    Every edition that readers need is rendered and checked. Errors keep the issue from being sent to
    readers (exit 1); warnings do not (exit 0).

    \b
    Example:
      newsletter check 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.approval import VOID, standing
    from newsletter.services.schedule import NO_EDITORS_TO_NOTIFY, lacks_editors

    workspace = session.workspace
    day = workspace.closing(closing)
    proof = workspace.proof(day)
    approval = standing(workspace, day)
    if as_json:
        print_json({**_as_data(proof), "approval": approval.state, "changed": list(approval.changed)})
    else:
        _print(proof)
        if approval.state == VOID:
            click.echo(f"{day}: {approval.words}\n  Approve it again: newsletter approve {day} --by NAME")
        if lacks_editors(workspace):
            click.echo(NO_EDITORS_TO_NOTIFY, err=True)
    return FINDINGS if proof.errors else 0


def _as_data(proof: "Proof") -> dict[str, Any]:
    return {
        "issue": proof.issue.name,
        "editions": len(proof.tally),
        "readers": _readers(proof),
        "errors": proof.errors,
        "warnings": len(proof.problems) - proof.errors,
        "findings": as_data(proof.problems),
    }


def _print(proof: "Proof") -> None:
    print_problems(proof.problems)
    warnings = len(proof.problems) - proof.errors
    largest = max(proof.sizes, default=0)
    click.echo(
        f"{proof.issue.name}: {some(proof.errors, 'error')}, {some(warnings, 'warning')}"
        f" in {some(len(proof.tally), 'edition')} for {some(_readers(proof), 'reader')},"
        f" up to {largest / 1024:.0f} KB."
    )


def _readers(proof: "Proof") -> int:
    return sum(readers for _, readers in proof.tally)


COMMANDS = {"check": check}
