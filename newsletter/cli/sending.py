"""The commands approve, pause, resume and cancel."""

from datetime import date
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json
from newsletter.errors import ContentError, Severity, StateError
from newsletter.model import IssueState

if TYPE_CHECKING:
    from newsletter.store.issues import Frozen
    from newsletter.wiring import Context


@click.command()
@closing(required=True)
@click.option("--by", required=True, metavar="WHO", help="Who approves; kept with the issue.")
@click.option("--again", is_flag=True, help="Approve anew although nothing changed, e.g. for new readers.")
@as_json
@pass_session
def approve(session: Session, closing: date, by: str, again: bool, as_json: bool) -> int:
    """Freeze issue D: what is sent later is exactly what was rendered now.

    Every edition is rendered and checked; errors refuse approval unless the transport is the outbox. A
    file changed afterwards voids the approval.

    \b
    Example:
      newsletter approve 2025-02-14 --by "Olena"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.sending.freeze import OUTBOX, Approval, changed_since, envelope, freeze
    from newsletter.store import issues
    from newsletter.store.db import reading

    context = session.context
    sources = context.sources(closing)
    with reading(context.database) as connection:
        earlier = issues.find(connection, closing.isoformat())
    if earlier and not again and not changed_since(earlier, sources):
        return _approved(context, earlier, "was already approved", as_json=as_json)
    proof = context.proof(closing)
    errors = [problem for problem in proof.problems if problem.severity is Severity.ERROR]
    if errors and (context.settings.transport != OUTBOX or len(proof.rendered) < len(proof.tally)):
        raise ContentError(errors)
    if not sum(readers for _, readers in proof.tally):
        raise StateError(
            f"nobody would get issue {closing}", "Bring readers in: newsletter subscribers import FILE"
        )
    for problem in errors:
        click.echo(f"{problem.at}: {problem.text} (passed: the outbox only warns)", err=True)
    pages = {page.edition: page for page in proof.rendered}
    frozen = freeze(
        context.database,
        proof.editions,
        [(edition, pages[edition.key]) for edition, _ in proof.tally],
        envelope(context.settings, proof.issue.name),
        Approval(by=by, at=context.now(), sources=sources, errors=proof.errors),
    )
    return _approved(context, frozen, "approved", as_json=as_json)


def _approved(context: "Context", frozen: "Frozen", what: str, *, as_json: bool) -> int:
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
    return 0


@click.command()
@closing(required=True)
@pass_session
def pause(session: Session, closing: date) -> int:
    """Stop the sending of issue D before its next message; `resume` goes on.

    \b
    Example:
      newsletter pause 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    return _move(session, closing, IssueState.PAUSED, [IssueState.SENDING], "paused by hand")


@click.command()
@closing(required=True)
@pass_session
def resume(session: Session, closing: date) -> int:
    """Let the sending of issue D go on after a pause; then run `send` again.

    \b
    Example:
      newsletter resume 2025-02-14 && newsletter send 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    return _move(session, closing, IssueState.SENDING, [IssueState.PAUSED])  # the reason stays: it is known


@click.command()
@closing(required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def cancel(session: Session, closing: date, yes: bool) -> int:
    """End the sending of issue D for good; who has it keeps it, nobody else gets it.

    \b
    Example:
      newsletter cancel 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    if not yes:
        click.confirm(f"Issue {closing} will not be sent to anyone else. Cancel it?", abort=True)
    stopped = [IssueState.APPROVED, IssueState.SCHEDULED, IssueState.SENDING, IssueState.PAUSED]
    return _move(session, closing, IssueState.CANCELLED, stopped, "cancelled by hand")


def _move(
    session: Session, closing: date, to: IssueState, among: list[IssueState], reason: str | None = None
) -> int:
    from newsletter.store import issues
    from newsletter.store.db import writing

    name = closing.isoformat()
    why = {} if reason is None else {"reason": reason}
    with writing(session.context.database) as connection:
        now = issues.get(connection, name).state
        if not issues.change_state(connection, name, to, among=among, **why):
            raise StateError(f"issue {name} is {now}, so it cannot become {to}", "See: newsletter status")
    click.echo(f"Issue {name} is {to}.")
    return 0


COMMANDS = {"approve": approve, "pause": pause, "resume": resume, "cancel": cancel}
