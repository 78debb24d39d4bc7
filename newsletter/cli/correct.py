"""The command `correct`: mend an item after its issue was sent."""

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.language import words
from newsletter.cli.output import confirm, print_json, say
from newsletter.compose.difference import Fate, excerpt
from newsletter.errors import ConfigError, Message, counted

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.services.correct import Draft
    from newsletter.store.corrections import Correction
    from newsletter.store.issues import Frozen

_MARKS = {Fate.REMOVED: ("[-", "-]", "red"), Fate.ADDED: ("{+", "+}", "green")}


@click.command()
@closing(required=True)
@click.argument("item", metavar="ITEM")
@click.option("--reason", metavar="TEXT", help="What was wrong, in a sentence that readers see.")
@click.option("--by", metavar="WHO", help="Who corrects; stored with the correction.")
@click.option("--letter", is_flag=True, help="Also make a letter to the readers who have the item.")
@click.option("--withdraw", is_flag=True, help="Take the item back: only its title and the note stay.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@pass_session
def correct(  # noqa: PLR0917  as many as options
    session: Session,
    closing: date,
    item: str,
    reason: str | None,
    by: str | None,
    letter: bool,
    withdraw: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Correct an item of issue D, which has been sent: change its file, then run this.

    ITEM is the name of its file without .md. The archive, its search and its feeds show the change at once,
    with a dated note; new readers get the corrected issue. With --letter, those who have the item are told in
    a short letter named D+1, which `send` sends; without a change it tells of the last correction.

    \b
    Examples:
      newsletter correct 2025-02-14 06-subsydiia --reason "The amount was wrong." --by "Olena"
      newsletter correct 2025-02-14 06-subsydiia --letter --by "Olena"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.correct import correct as correct_item
    from newsletter.services.correct import examine
    from newsletter.services.correct import letter as make_letter
    from newsletter.services.journal import Act, at_the_terminal, record

    workspace = session.workspace
    draft = examine(workspace, closing, item, withdraw=withdraw)
    if not as_json:
        _show(draft)
    made, frozen = None, None
    if draft.changed or not letter:
        if draft.changed:
            reason = reason or _ask(Message("Reason, as readers will see it"), "--reason TEXT")
            by = by or _ask(Message("Corrected by"), "--by WHO")
        if draft.changed and not yes:
            confirm(
                Message("Show this in the archive of issue %(closing)s now?", closing=closing), abort=True
            )
        made = correct_item(workspace, draft, by=by or "", reason=reason or "")
        record(workspace, at_the_terminal(made.by), Act.CORRECTED, issue=made.issue, subject=item)
    if letter:
        frozen = make_letter(workspace, closing, item, by=by or _ask(Message("Approved by"), "--by WHO"))
        actor = at_the_terminal(frozen.approved_by)
        record(workspace, actor, Act.APPROVED, issue=frozen.name, readers=frozen.readers)
    _print(workspace, draft, made, frozen, as_json=as_json)
    return 0


def _show(draft: "Draft") -> None:
    """Print the changed words, and who has the item as it was."""
    for change in draft.parts:
        marked = "".join(_marked(piece.fate, piece.text) for piece in excerpt(change.pieces))
        click.echo(f"{words(change.part)}: {marked}")
    if draft.change.withdrawn:
        say(Message("Taken back: %(title)s", title=draft.title))
    if draft.changed:
        say(
            Message(
                "%(readers)s have it as it was, %(waiting)s will still get it so.",
                readers=counted("%(num)d reader", "%(num)d readers", draft.had),
                waiting=draft.waiting,
            )
        )


def _marked(fate: Fate, text: str) -> str:
    if fate is Fate.KEPT:
        return text
    opening, ending, colour = _MARKS[fate]
    return click.style(f"{opening}{text}{ending}", fg=colour)


def _ask(question: Message, option: str) -> str:
    if not sys.stdin.isatty():
        raise ConfigError(
            Message("a correction needs %(option)s", option=option), "There is no terminal to ask on."
        )
    answer: str = click.prompt(words(question))
    return answer


def _print(
    workspace: "Workspace",
    draft: "Draft",
    made: "Correction | None",
    frozen: "Frozen | None",
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json(_as_data(draft, made, frozen))
        return
    if made:
        say(Message("The archive shows it since %(at)s.", at=workspace.local(made.at)))
    if frozen:
        say(
            Message(
                "Letter %(name)s is approved for %(readers)s.",
                name=frozen.name,
                readers=counted("%(num)d reader", "%(num)d readers", frozen.readers),
            )
        )
        say(Message("  Send it: newsletter send %(name)s", name=frozen.name))


def _as_data(draft: "Draft", made: "Correction | None", frozen: "Frozen | None") -> dict[str, Any]:
    return {
        "issue": draft.change.name,
        "item": draft.change.after.id,
        "changed": [change.part for change in draft.parts],
        "corrected_at": made.at if made else None,
        "withdrawn": draft.change.withdrawn,
        "had": draft.had,
        "waiting": draft.waiting,
        "letter": frozen.name if frozen else None,
        "readers": frozen.readers if frozen else None,
    }


COMMANDS = {"correct": correct}
