"""The commands `import` and `compose`, which make an issue of a digest's text."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import ClosingDate, as_json, closing
from newsletter.cli.output import print_json, print_problems, say
from newsletter.errors import Message, as_data, counted

if TYPE_CHECKING:
    from newsletter.errors import Problem


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--issue", "given", metavar="D", type=ClosingDate(), help="The closing date; by default the digest's."
)
@click.option("--force", is_flag=True, help="Overwrite items and pictures that were edited.")
@as_json
@pass_session
def import_(session: Session, file: Path, given: date | None, force: bool, as_json: bool) -> int:
    """Create item files from a digest: plain text, .docx, .html or .md.

    Importing a corrected file again updates its items. An item that you have edited since is not changed;
    its differences from the new text are shown.

    \b
    Examples:
      newsletter import digest.txt
      newsletter import digest.docx --issue 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.content import import_file

    imported = import_file(session.workspace, file, given, force=force)
    digest, done, problems = imported.digest, imported.written, imported.problems
    if as_json:
        print_json(
            {
                "issue": done.closing,
                "period": asdict(digest.period) if digest.period else None,
                "written": done.written,
                "unchanged": done.unchanged,
                "left_alone": done.left_alone,
                "changes": done.changes,
                "new_sections": [{"slug": new.slug, "title": new.title} for new in digest.new_sections],
                "problems": as_data(problems),
            }
        )
        return _code(problems)
    print_problems(problems)
    for name in done.left_alone:
        say(Message("%(name)s: edited since, not changed; --force overwrites it", name=name))
        if name in done.changes:
            click.echo(indent(done.changes[name], "    "))
    found = counted("%(num)d item", "%(num)d items", len(digest.entries))
    sections = counted("%(num)d section", "%(num)d sections", len({one.section for one in digest.entries}))
    linkless = sum(entry.link is None for entry in digest.entries)
    files = Message(
        "%(written)s written, %(unchanged)s unchanged",
        written=counted("%(num)d file", "%(num)d files", len(done.written)),
        unchanged=len(done.unchanged),
    )
    say(
        Message(
            "Issue %(closing)s: %(found)s in %(sections)s, %(linkless)s without a link. %(files)s.",
            closing=done.closing,
            found=found,
            sections=sections,
            linkless=linkless,
            files=files,
        )
    )
    say(Message("Next: newsletter compose %(closing)s", closing=done.closing))
    return _code(problems)


@click.command
@closing()
@as_json
@pass_session
def compose(session: Session, closing: date | None, as_json: bool) -> int:
    """Put the items of issue D into its issue.yaml.

    Run again, it adds new items at the end of their section, and keeps the order, the text and the comments
    that editors wrote there.

    \b
    Example:
      newsletter compose 2025-02-14
    """  # noqa: D301  likewise
    from newsletter.compose.issuefile import path_of
    from newsletter.services.content import compose as compose_issue

    day = session.workspace.closing(closing)
    done = compose_issue(session.workspace, day)
    if as_json:
        print_json({"issue": day, "file": path_of(day), **asdict(done), "problems": as_data(done.problems)})
        return _code(done.problems)
    print_problems(done.problems)
    for left in done.left_out:
        say(Message("%(number)s: left out, %(reason)s", number=left.id, reason=left.reason))
    added = counted("%(num)d item added", "%(num)d items added", len(done.added))
    what = added if done.changed else Message("nothing new")
    say(
        Message(
            "%(path)s: %(what)s, %(count)s left out.",
            path=path_of(day),
            what=what,
            count=len(done.left_out),
        )
    )
    say("Next: newsletter check && newsletter preview")
    return _code(done.problems)


def _code(problems: "Sequence[Problem]") -> int:
    return FINDINGS if any(problem.severity == "error" for problem in problems) else 0


COMMANDS: dict[str, Any] = {"import": import_, "compose": compose}
