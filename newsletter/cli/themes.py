"""The command `themes`: which looks there are, what each says of itself, and which files it holds."""

from dataclasses import asdict

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.output import print_json


@click.command()
@click.argument("name", required=False)
@as_json
@pass_session
def themes(session: Session, name: str | None, as_json: bool) -> None:
    """List the themes, or show what theme NAME overrides.

    The one in use is marked with *. A theme holds only the files that differ from the theme digest.

    \b
    Example:
      newsletter themes plain
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.errors import ConfigError
    from newsletter.render.theme import themes as known
    from newsletter.services import theme_folders

    workspace = session.workspace
    found = list(known(theme_folders(workspace.root)))
    shown = [theme for theme in found if name in (None, theme.name)]
    if not shown:
        names = ", ".join(theme.name for theme in found)
        raise ConfigError(f"there is no theme {name!r}", f"Themes here: {names}.")
    if as_json:
        used = workspace.settings.theme
        print_json([{**asdict(theme), "in_use": theme.name == used} for theme in shown])
        return
    for theme in shown:
        mark = "*" if theme.name == workspace.settings.theme else " "
        own = "" if theme.shipped else " (of this workspace)"
        click.echo(f"{mark} {theme.name:12} {theme.about or '-'}{own}")
        if name:
            click.echo("".join(f"    {file}\n" for file in theme.files), nl=False)


COMMANDS = {"themes": themes}
