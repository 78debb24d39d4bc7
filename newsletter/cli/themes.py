"""The command `themes`: which looks there are, what each says of itself, and which files it holds."""

from dataclasses import asdict

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.language import words
from newsletter.cli.output import print_json, print_problems
from newsletter.errors import Message, counted


@click.command()
@click.argument("name", required=False)
@as_json
@pass_session
def themes(session: Session, name: str | None, as_json: bool) -> int:
    """List the themes, or show what theme NAME overrides and what is wrong with its MJML.

    The one in use is marked with *. A theme holds only the files that differ from the theme digest. Errors
    in the MJML of NAME, with file and line, exit 1.

    \b
    Example:
      newsletter themes plain
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.checks.mjml_lint import of_theme
    from newsletter.errors import ConfigError, Severity, as_data
    from newsletter.render.theme import themes as known
    from newsletter.services import theme_folders

    workspace = session.workspace
    folders = theme_folders(workspace.root)
    found = list(known(folders))
    shown = [theme for theme in found if name in (None, theme.name)]
    if not shown:
        names = ", ".join(theme.name for theme in found)
        raise ConfigError(
            Message("there is no theme %(name)r", name=name), Message("Themes here: %(names)s.", names=names)
        )
    problems = {theme.name: of_theme(theme.name, folders) for theme in shown}
    faulty = any(one.severity is Severity.ERROR for found in problems.values() for one in found)
    code = FINDINGS if name and faulty else 0
    if as_json:
        used = workspace.settings.theme
        extra = {
            theme.name: {"in_use": theme.name == used, "findings": as_data(problems[theme.name])}
            for theme in shown
        }
        print_json([{**asdict(theme), **extra[theme.name]} for theme in shown])
        return code
    for theme in shown:
        mark = "*" if theme.name == workspace.settings.theme else " "
        own = "" if theme.shipped else f" ({words('of this workspace')})"
        number = len(problems[theme.name])
        count = f" [{words(counted('%(num)d finding', '%(num)d findings', number))}]" if number else ""
        click.echo(f"{mark} {theme.name:12} {words(theme.about) or '-'}{own}{count}")
        if name:
            click.echo("".join(f"    {file}\n" for file in theme.files), nl=False)
            print_problems(problems[theme.name])
    return code


COMMANDS = {"themes": themes}
