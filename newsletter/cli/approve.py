"""The command `approve`: freeze an issue as it is rendered now."""

from datetime import date
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json
from newsletter.errors import ContentError, Severity, StateError
from newsletter.model import IssueState

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.services.proof import Proof
    from newsletter.store.issues import Frozen


@click.command()
@closing(required=True)
@click.option("--by", required=True, metavar="WHO", help="Who approves; stored with the issue.")
@click.option("--again", is_flag=True, help="Approve again although nothing changed, e.g. for new readers.")
@as_json
@pass_session
def approve(session: Session, closing: date, by: str, again: bool, as_json: bool) -> int:
    """Approve issue D: what is sent later is exactly what is rendered now.

    Every edition is rendered and checked. Errors prevent approval, unless the transport is the outbox.
    Changing a file afterwards voids the approval.

    \b
    Example:
      newsletter approve 2025-02-14 --by "Olena"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.sending.freeze import OUTBOX, Approval, changed_since, envelope, freeze
    from newsletter.services.periodic import wake
    from newsletter.store import issues
    from newsletter.store.db import reading

    context = session.context
    sources = context.sources(closing)
    with reading(context.database) as connection:
        earlier = issues.find(connection, closing.isoformat())
    stored = earlier and earlier.state is not IssueState.FREEZING
    if earlier and stored and not again and not changed_since(earlier, sources):
        return _approved(context, earlier, "was already approved", as_json=as_json)
    wake(context)  # the audience consists of the current readers
    proof = context.proof(closing)
    errors = [problem for problem in proof.problems if problem.severity is Severity.ERROR]
    if errors and (context.settings.transport != OUTBOX or len(proof.rendered) < len(proof.tally)):
        raise ContentError(errors)
    if not sum(readers for _, readers in proof.tally):
        raise _nobody(context, closing, proof)
    for problem in errors:
        click.echo(f"{problem.at}: {problem.text} (ignored: the transport is the outbox)", err=True)
    pages = {page.edition: page for page in proof.rendered}
    frozen = freeze(
        context.database,
        proof.editions,
        [(edition, pages[edition.key]) for edition, _ in proof.tally],
        envelope(context.settings, proof.issue.name),
        Approval(by=by, at=context.now(), sources=sources, errors=proof.errors),
    )
    return _approved(context, frozen, "approved", as_json=as_json)


def _nobody(context: "Workspace", closing: date, proof: "Proof") -> StateError:
    """Return the error that says why nobody would get the issue: items left out of it, or no readers."""
    from newsletter.compose.assemble import left_out

    if not any(block.items for block in proof.issue.blocks):
        out = "; ".join(
            f"{one.id}: {one.reason}" for one in left_out(context.root, closing, context.settings)
        )
        cure = f"Correct the items' dates or the issue's period, then: newsletter compose {closing}"
        return StateError(f"issue {closing} has no items" + (f"; left out: {out}" if out else ""), cure)
    if proof.without:
        return StateError(
            f"nobody would get issue {closing}: none of its items is for any of {proof.without} readers",
            "See whom its sections and `only_for` select: newsletter check; newsletter segments",
        )
    return StateError(
        f"nobody would get issue {closing}: there are no readers",
        "Import readers: newsletter subscribers import FILE",
    )


def _approved(context: "Workspace", frozen: "Frozen", what: str, *, as_json: bool) -> int:
    from newsletter.store import audience
    from newsletter.store.db import reading

    with reading(context.database) as connection:
        editions = audience.edition_readers(connection, frozen.name)
    if as_json:
        print_json(
            {
                "issue": frozen.name,
                "fingerprint": frozen.fingerprint,
                "approved_by": frozen.approved_by,
                "approved_at": frozen.approved_at,
                "readers": frozen.readers,
                "without": frozen.without,
                "editions": [
                    {"edition": key, "sections": sections, "readers": readers}
                    for key, (sections, readers) in editions.items()
                ],
            }
        )
        return 0
    click.echo(f"Issue {frozen.name} {what} by {frozen.approved_by} at {frozen.approved_at}.")
    for key, (sections, readers) in editions.items():
        click.echo(f"  {readers:>8}  {key}  {', '.join(sections)}")
    click.echo(f"Readers: {frozen.readers}; with nothing this week: {frozen.without}.")
    click.echo(f"Fingerprint: {frozen.fingerprint}")
    _say_when(context, frozen)
    return 0


def _say_when(context: "Workspace", frozen: "Frozen") -> None:
    """Print what the approval means for a weekly hour that has already passed."""
    from newsletter.services.approval import held_hours
    from newsletter.store import schedule_runs
    from newsletter.store.db import reading

    if frozen.state is not IssueState.APPROVED:
        return
    if any(one.settled.issue == frozen.name for one in held_hours(context)):
        click.echo("It was held at its weekly hour for lack of approval; it is sent automatically now.")
        return
    with reading(context.database) as connection:
        if schedule_runs.held(connection, frozen.name):
            click.echo(
                "Its weekly hour was longer ago than schedule.grace, so it is not sent automatically:"
                f" newsletter send {frozen.name}"
            )


COMMANDS = {"approve": approve}
