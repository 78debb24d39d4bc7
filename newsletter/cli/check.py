"""The command `check`: errors and warnings about an issue, each with its line."""

from dataclasses import asdict
from datetime import date, datetime
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import confirm, listed, print_json, print_problems, say
from newsletter.errors import Message, as_data, counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from newsletter.services import Workspace
    from newsletter.services.link_check import LinkCheck
    from newsletter.services.mending import Mending
    from newsletter.services.proof import Proof


@click.command()
@closing()
@click.option("--fix", is_flag=True, help="First mend quotation marks, dashes, spaces and tracked links.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.option("--online", is_flag=True, help="Also ask each link whether it answers.")
@as_json
@pass_session
def check(  # noqa: PLR0917  its options
    session: Session, closing: date | None, fix: bool, yes: bool, online: bool, as_json: bool
) -> int:
    """Find mistakes in the text, links and markup of issue D.

    Every edition that readers need is rendered and checked. Errors keep the issue from being sent to
    readers (exit 1); warnings and advice do not (exit 0). Each has a code: see docs/checks.md. With --fix,
    what is a matter of keys and not of words is shown as a difference, and mended if you agree. With
    --online each link is asked whether it answers, ten at a time; what they answered stays among the
    findings for a week.

    \b
    Examples:
      newsletter check 2025-02-14
      newsletter check 2025-02-14 --online
      newsletter check 2025-02-14 --fix
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.approval import VOID, standing
    from newsletter.services.schedule import NO_EDITORS_TO_NOTIFY, lacks_editors

    workspace = session.workspace
    day = workspace.closing(closing)
    if fix:
        _mend(workspace, day, ask=not yes)
    links = _ask_links(workspace, day) if online else None
    proof = workspace.proof(day)
    approval = standing(workspace, day)
    if as_json:
        data = _as_data(proof) | {"approval": approval.state, "changed": list(approval.changed)}
        print_json(data | ({"links": asdict(links)} if links else {}))
    else:
        _print(proof)
        if links:
            _say(links, workspace.now())
        if approval.state == VOID:
            say(Message("%(issue)s: %(words)s", issue=day.isoformat(), words=approval.words))
            say(Message("  Approve it again: newsletter approve %(day)s --by NAME", day=day))
        if lacks_editors(workspace):
            say(NO_EDITORS_TO_NOTIFY, err=True)
    return FINDINGS if proof.errors else 0


def _ask_links(workspace: "Workspace", day: date) -> "LinkCheck":
    """Ask the links of an issue, with progress."""
    from newsletter.checks.link_answers import links_of
    from newsletter.cli.progress import progress
    from newsletter.services.link_asking import check_links

    issue, _ = workspace.issue(day)
    with progress(len(list(links_of(issue))), "Links") as advance:
        return check_links(workspace, day, progress=lambda done, _of: advance(done))


def _say(links: "LinkCheck", now: datetime) -> None:
    """Say how many links are known, and how old the oldest answer is."""
    say(
        counted(
            "%(num)d link, %(asked)s asked now.",
            "%(num)d links, %(asked)s asked now.",
            links.links,
            asked=links.asked,
        )
    )
    hours = round((now - links.since).total_seconds() / 3600) if links.since else 0
    if hours:
        say(
            counted(
                "The oldest answer is %(num)d hour old.", "The oldest answer is %(num)d hours old.", hours
            )
        )
    if left := links.links - links.known:
        say(counted("%(num)d link was not asked in time.", "%(num)d links were not asked in time.", left))


def _mend(workspace: "Workspace", day: date, *, ask: bool) -> None:
    """Show what can be mended mechanically, and mend it if that is wished."""
    from newsletter.services.editing.files import Desk
    from newsletter.services.editing.history import Author
    from newsletter.services.mending import mend, mendings

    found = mendings(workspace, day)
    for one in found:
        click.echo(f"{one.path}:", err=True)
        for line in _lines(one):
            click.echo(f"  {line}", err=True)
    if not found:
        say("There is nothing to mend mechanically.", err=True)
    elif not ask or confirm(
        Message("Mend %(files)s?", files=counted("%(num)d file", "%(num)d files", len(found))), err=True
    ):
        mend(Desk(workspace, Author()), day, found)


def _lines(one: "Mending") -> "Iterator[str]":
    """Yield the changed lines of a file, the old one in red and the new one in green."""
    for line in unified_diff(one.before.splitlines(), one.after.splitlines(), lineterm="", n=0):
        if not line.startswith(("---", "+++", "@@")) and line.startswith(("-", "+")):
            yield click.style(line, fg="red" if line.startswith("-") else "green")


def _as_data(proof: "Proof") -> dict[str, Any]:
    from newsletter.services.spelling import dictionary_of

    dictionary = dictionary_of(proof.issue.language)
    return {
        "issue": proof.issue.name,
        "editions": len(proof.tally),
        "readers": _readers(proof),
        "errors": proof.errors,
        "warnings": proof.warnings,
        "advice": proof.advice,
        "findings": as_data(proof.problems),
        "spelling": dictionary.name if dictionary else None,
        "silenced": [
            {
                "code": problem.code,
                "path": problem.at.path if problem.at else None,
                "text": problem.text,
                "reason": reason,
            }
            for problem, reason in proof.silenced
        ],
    }


def _print(proof: "Proof") -> None:
    print_problems(proof.problems)
    for problem, reason in proof.silenced:
        say(
            Message(
                "%(at)s: silenced: %(text)s [%(code)s] (%(reason)s)",
                at=problem.at,
                text=problem.text,
                code=problem.code,
                reason=reason,
            )
        )
    largest = max(proof.sizes, default=0)
    counts: list[object] = [
        counted("%(num)d error", "%(num)d errors", proof.errors),
        counted("%(num)d warning", "%(num)d warnings", proof.warnings),
    ]
    if proof.advice:
        counts.append(counted("%(num)d piece of advice", "%(num)d pieces of advice", proof.advice))
    say(
        Message(
            "%(name)s: %(counts)s in %(editions)s for %(readers)s, up to %(largest)s KB.",
            name=proof.issue.name,
            counts=listed(counts),
            editions=counted("%(num)d edition", "%(num)d editions", len(proof.tally)),
            readers=counted("%(num)d reader", "%(num)d readers", _readers(proof)),
            largest=f"{largest / 1024:.0f}",
        )
    )


def _readers(proof: "Proof") -> int:
    return sum(readers for _, readers in proof.tally)


COMMANDS = {"check": check}
