"""The command `doctor`: see whether mail will arrive, and what each mailbox provider requires."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.language import words
from newsletter.cli.output import print_json, say
from newsletter.errors import Message, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.doctor import Result
    from newsletter.doctor.providers import Standing

_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@click.option("--online", is_flag=True, help="Ask the DNS, the relay, the pages and the bounce mailbox too.")
@click.option("--nameserver", metavar="ADDRESS", default="", help="Ask this name server, such as 1.1.1.1.")
@as_json
@pass_session
def doctor(session: Session, online: bool, nameserver: str, as_json: bool) -> int:
    """Check settings, clock, disk and database; with --online all that mail needs to arrive.

    Online these are checked: SPF, DKIM, DMARC and alignment, MX, SOA, PTR where the relay is ours, MTA-STS,
    the relay's TLS and login, the provider's account, https and the one-click address, the mailbox for
    bounces, and by a letter to our own return path whether a bounce comes back. No reader gets anything. Then
    follows what each mailbox provider requires, and where this press stands. Exit 1 if something is wrong; a
    warning, such as a DNS that does not answer, is exit 0.

    \b
    Examples:
      newsletter doctor
      newsletter doctor --online --json
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.doctor import Level, worst
    from newsletter.doctor.providers import standings
    from newsletter.services.doctor import examine

    if nameserver and not online:
        raise click.UsageError("--nameserver goes with --online.")
    results = []
    for result in examine(session.workspace, online=online, nameserver=nameserver):
        results.append(result)
        if not as_json:
            _print(result)
    stands = standings(results) if online else []
    if as_json:
        print_json({"results": [asdict(one) for one in results], "requirements": _as_data(stands)})
    else:
        _print_requirements(stands)
        _sum_up(results)
    return FINDINGS if worst(results) is Level.ERROR else 0


def _width() -> int:
    """Return the width of the column of levels: their longest word in the language of the commands."""
    return max(map(len, map(words, (*_COLOURS, "skipped", "unknown")))) + 1


def _print(result: "Result") -> None:
    colour = _COLOURS.get(result.level)
    level = click.style(f"{words(result.level):<{_width()}}", fg=colour)
    click.echo(f"{level} {words(result.subject):<11} {words(result.text)}")
    if result.hint:
        click.echo(f"  {words(result.hint)}")


def _sum_up(results: "Sequence[Result]") -> None:
    errors = sum(result.level == "error" for result in results)
    warnings = sum(result.level == "warning" for result in results)
    say(
        Message(
            "%(errors)s, %(warnings)s.",
            errors=counted("%(num)d error", "%(num)d errors", errors),
            warnings=counted("%(num)d warning", "%(num)d warnings", warnings),
        )
    )


def _as_data(stands: "Sequence[Standing]") -> list[dict[str, Any]]:
    return [
        {"text": one.requirement.text, "asked": dict(one.requirement.asked), "level": one.level}
        for one in stands
    ]


def _print_requirements(stands: "Sequence[Standing]") -> None:
    from newsletter.doctor.providers import PAGES, READ

    if not stands:
        return
    click.echo()
    say(Message("What mailbox providers require (their pages, read %(read)s):", read=READ))
    for one in stands:
        level = one.level or "unknown"
        mark = click.style(f"{words(level):<{_width()}}", fg=_COLOURS.get(level))
        click.echo(f"{mark} {words(one.requirement.text)}")
        asked = (f"{name}: {words(when)}" for name, when in one.requirement.asked.items())
        click.echo(f"  {'; '.join(asked)}")
    click.echo("\n".join(f"  {name}: {page}" for name, page in PAGES.items() if page))
    say("  ukr.net publishes no such page.")
    click.echo()


COMMANDS = {"doctor": doctor}
