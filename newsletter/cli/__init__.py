"""The command line: the only place that prints errors and picks exit codes.

Exit 0 fine; 1 findings or content errors; 2 usage or configuration; 3 some deliveries were not accepted.

Not here: rules, SQL and files; a command asks newsletter/services and prints the answer.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter import __version__
from newsletter.cli import language
from newsletter.cli.language import words
from newsletter.errors import (
    ConfigError,
    Message,
    NewsletterError,
    StoreError,
    TransportUnavailable,
)

if TYPE_CHECKING:
    from newsletter.services import Workspace

FINDINGS, USAGE, NOT_ACCEPTED, INTERRUPTED = 1, 2, 3, 130

language.teach_click()

COMMANDS = {
    "Collect and compose": {"init": "init", "collect": "collect", "import": "content", "compose": "content"},
    "Look and check": {
        "check": "check",
        "render": "render",
        "preview": "preview",
        "desk": "desk",
        "themes": "themes",
    },
    "People": {"subscribers": "people", "segments": "people"},
    "Send": {
        "approve": "approve",
        "schedule": "schedule",
        "send": "send",
        "status": "status",
        "pause": "issue_state",
        "resume": "issue_state",
        "cancel": "issue_state",
        "reconcile": "reconcile",
        "correct": "correct",
    },
    "Keep running": {
        "serve": "serve",
        "worker": "worker",
        "jobs": "jobs",
        "webhooks": "webhooks",
        "bounces": "bounces",
        "archive": "archive",
        "accessibility": "accessibility",
        "doctor": "doctor",
        "token": "token",
        "database": "database",
    },
}


class Press(click.Group):
    """The root group: imports a command's module on demand, and lists commands in the order of work."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return every command, in the order of work."""
        return [name for commands in COMMANDS.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  likewise
        """Import the module of `cmd_name` and return its command."""
        for commands in COMMANDS.values():
            if cmd_name in commands:
                module = import_module(f"newsletter.cli.{commands[cmd_name]}")
                command: click.Command = module.COMMANDS[cmd_name]
                return language.translated(command)
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the headings of COMMANDS."""
        for heading, names in COMMANDS.items():
            rows = []
            for name in names:
                command = self.get_command(ctx, name)
                rows.append((name, command.get_short_help_str(90) if command else ""))
            with formatter.section(words(heading)):
                formatter.write_dl(rows)


class Session:
    """The state that all commands share: the workspace, opened when first used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._workspace: Workspace | None = None

    @property
    def workspace(self) -> "Workspace":
        """The workspace with its settings. Raises ConfigError."""
        if self._workspace is None:
            from newsletter.services import open_workspace

            self._workspace = open_workspace(self.folder)
        return self._workspace


def _speak_as_there(ctx: click.Context, param: click.Parameter, folder: Path) -> Path:  # noqa: ARG001  click's
    """Choose the language once the workspace is named; eager, as help may follow."""
    language.choose(folder)
    return folder


pass_session = click.make_pass_decorator(Session)


@click.group(cls=Press, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="newsletter")
@click.option(
    "-C",
    "--workspace",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    is_eager=True,
    callback=_speak_as_there,
    help="The workspace; by default the nearest folder with newsletter.yaml.",
)
@click.pass_context
def cli(ctx: click.Context, workspace: Path) -> None:
    """Publish a weekly digest by mail: compose it, preview it, approve it, send it.

    \b
    A week, from the folder with newsletter.yaml:
      newsletter import digest.txt
      newsletter compose && newsletter check
      newsletter preview
      newsletter approve 2025-02-14 --by "Olena"
      newsletter send 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    ctx.obj = Session(workspace)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; errors are printed, never a traceback."""
    try:
        language.choose()
        press = language.translated(cli)
        code = press.main(args=arguments, prog_name="newsletter", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo(words("Stopped."), err=True)
        return INTERRUPTED
    except click.ClickException as error:
        vars(error)["message"] = words(error.message)
        error.show()
        return error.exit_code
    except NewsletterError as error:
        click.echo(f"{words(error)}\n  {words(error.hint)}" if error.hint else words(error), err=True)
        return USAGE if isinstance(error, ConfigError | StoreError | TransportUnavailable) else FINDINGS
    except BrokenPipeError:
        sys.stderr.close()
        return FINDINGS
    except Exception as error:  # the last resort: no traceback reaches a user
        if os.environ.get("NEWSLETTER_DEBUG"):
            raise
        return _unforeseen(error)
    return code if isinstance(code, int) else 0


def _unforeseen(error: Exception) -> int:
    """Print an unexpected error, and return the exit code."""
    if isinstance(error, OSError) and error.filename:
        cure = words("Check that it exists, and its permissions.")
        click.echo(f"{error.filename}: {words(error.strerror)}\n  {cure}", err=True)
        return USAGE
    what = Message(
        "This should not have happened: %(kind)s: %(error)s", kind=type(error).__name__, error=error
    )
    cure = words("Please report it, with what the same command prints under NEWSLETTER_DEBUG=1.")
    click.echo(f"{words(what)}\n  {cure}", err=True)
    return FINDINGS
