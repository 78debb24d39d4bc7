"""The command `init`: create a workspace; its answers go into newsletter.yaml."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.language import words
from newsletter.cli.output import say
from newsletter.errors import Message

if TYPE_CHECKING:
    from newsletter.compose.starter import Answers

_NO_EDITORS = Message(
    "No editors are set: nobody is notified when an issue is held. Add them: `editors: [ADDRESS]`."
)


@click.command
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--language", metavar="TAG", help="The language of the mail, like en; by default uk.")
@click.option("--title", metavar="TEXT", help="The digest's name.")
@click.option("--publisher", metavar="TEXT", help="Who publishes it; also the sender's name.")
@click.option("--sender", metavar="ADDRESS", help="The address that the mail comes from.")
@click.option("--section", "sections", metavar="TITLE", multiple=True, help="A section; may be repeated.")
@click.option(
    "--editor",
    "editors",
    metavar="ADDRESS",
    multiple=True,
    help="Who is notified when an issue is held; may be repeated.",
)
@click.option("--bare", is_flag=True, help="Without the sample items, list and segments.")
@click.option("--yes", is_flag=True, help="Do not ask; use the sample's values for what is not given.")
def init(  # noqa: PLR0917  as many as options
    folder: Path,
    language: str | None,
    title: str | None,
    publisher: str | None,
    sender: str | None,
    sections: tuple[str, ...],
    editors: tuple[str, ...],
    bare: bool,
    yes: bool,
) -> int:
    """Create a workspace in DIR, with an example issue of this week that is ready to render.

    On a terminal it asks for what no option gives; Enter keeps the sample's value.

    \b
    Examples:
      newsletter init our-digest
      newsletter init our-digest --language en --title "Council news" --editor press@example.org --yes
      newsletter init our-digest --bare --section "Top stories" --section Housing
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.compose.starter import Answers, make_workspace
    from newsletter.services import Workspace

    language = _language(language or "")
    answers = Answers(
        title=_line(title or ""),
        publisher=_line(publisher or ""),
        sender=_address(sender or ""),
        sections=tuple(map(_line, sections)),
        editors=tuple(map(_address, editors)),
    )
    if sys.stdin.isatty() and not yes:
        language = language or click.prompt(words("Language of the mail"), default="uk", value_proc=_language)
        answers = _asked(answers)
    made = make_workspace(folder, language or "uk", Workspace.now(), answers, samples=not bare)
    steps = ["check", "render", "preview"] if made else ["import FILE", "compose", "preview"]
    if made:
        say(Message("%(folder)s is a workspace with the issue %(made)s. Now:", folder=folder, made=made))
    else:
        say(Message("%(folder)s is a workspace. Now:", folder=folder))
    click.echo("\n  ".join([f"  cd {folder}", *(f"newsletter {step}" for step in steps)]))
    say("Then look through newsletter.yaml: site, base_url and postal_address are still the sample's.")
    if not answers.editors:
        say(_NO_EDITORS, err=True)
    return 0


def _asked(given: "Answers") -> "Answers":
    """Prompt for what is missing in `given`."""
    from newsletter.compose.starter import Answers

    return Answers(
        title=given.title or _ask(Message("The digest's name"), _line),
        publisher=given.publisher or _ask(Message("Who publishes it"), _line),
        sender=given.sender or _ask(Message("The address it comes from"), _address),
        sections=given.sections or _ask_many(Message("Section"), _line),
        editors=given.editors
        or _ask_many(Message("Address of an editor, who is notified when an issue is held"), _address),
    )


def _ask(question: Message, read: Callable[[str], str]) -> str:
    answer: str = click.prompt(
        words(Message("%(question)s (Enter: as in the sample)", question=question)),
        "",
        show_default=False,
        value_proc=read,
    )
    return answer


def _ask_many(question: Message, read: Callable[[str], str]) -> tuple[str, ...]:
    """Prompt until an answer is empty."""
    answers: list[str] = []
    while answer := click.prompt(
        words(Message("%(question)s %(count)s (Enter: no more)", question=question, count=len(answers) + 1)),
        "",
        show_default=False,
        value_proc=read,
    ):
        answers.append(answer)
    return tuple(answers)


def _line(value: str) -> str:
    from newsletter.config.types import Line

    return _valid(Line, value.strip())


def _address(value: str) -> str:
    from newsletter.config.types import Address

    return _valid(Address, value.strip())


def _language(value: str) -> str:
    from newsletter.config.types import Language

    return _valid(Language, value.strip())


def _valid(kind: Any, value: str) -> str:
    """Validate an answer as newsletter.yaml will; an empty one stays empty. Raises UsageError."""
    from pydantic import TypeAdapter, ValidationError

    from newsletter.yamlfile import worded

    if not value:
        return ""
    try:
        checked: str = TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        fault = error.errors()[0]
        hint = fault.get("ctx", {}).get("hint", "")
        what = Message("%(value)r: %(fault)s", value=value, fault=worded(fault))
        raise click.UsageError(f"{words(what)}\n{words(hint)}" if hint else words(what)) from None
    return checked


COMMANDS: dict[str, Any] = {"init": init}
