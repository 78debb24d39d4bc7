"""The command `archive`: the public archive as files for any web server."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.output import print_json, some
from newsletter.cli.progress import progress
from newsletter.errors import ConfigError, NewsletterError
from newsletter.files import atomic_write

_MANIFEST = "archive.json"


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder to write to: new, empty, or written by this command before.",
)
@as_json
@pass_session
def archive(session: Session, out: Path, as_json: bool) -> None:
    """Export the public archive as files: issues, sections, feeds and sitemap, for any web server.

    It is in the workspace's language. What needs the live site, like search and sign-up, is linked to
    under base_url. Run again, it writes what has changed, and removes only files that it wrote itself.

    \b
    Example:
      newsletter archive --out public
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.store.archive import count
    from newsletter.store.db import reading
    from newsletter.web.readers.archive.export import files

    workspace = session.workspace
    workspace.database = workspace.readable  # the archive's pages only read
    before = _manifest(out)
    with reading(workspace.database) as connection:
        issues = count(connection)
    with progress(issues, "Issues") as told:
        made = files(workspace, told)
    try:
        changed, removed = _write(out, made, before)
    except OSError as error:
        raise NewsletterError(
            f"{error.filename or out} cannot be written: {error.strerror}", "Name another folder: --out DIR"
        ) from None
    if as_json:
        print_json({"issues": issues, "files": len(made), "changed": changed, "removed": removed})
    else:
        click.echo(f"{some(issues, 'issue')} in {some(len(made), 'file')}: {out}")
        click.echo(f"Written: {changed}; removed: {removed}.")


def _manifest(out: Path) -> set[str]:
    """Return the files that this command wrote to `out`. Raises ConfigError if it has other content."""
    listed = out / _MANIFEST
    if not out.is_dir() or not any(out.iterdir()):
        return set()
    try:
        return set(map(str, json.loads(listed.read_text("utf-8"))["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{out} is not empty, and its {_MANIFEST} does not say that this command filled it",
            "Name a new folder: --out DIR. Nothing was changed.",
        ) from None


def _write(out: Path, made: Mapping[str, bytes], before: set[str]) -> tuple[int, int]:
    """Make `out` contain exactly `made`; return how many files were written and removed.

    After a stop half-way the manifest lists old and new files, so that the next run can finish.
    """
    changed = [name for name, content in made.items() if _read(out / name) != content]
    if foreign := [name for name in changed if name not in before and (out / name).exists()]:
        raise ConfigError(
            f"{out / foreign[0]} exists, and this command did not write it",
            "Move it aside, then run this again. Nothing was changed.",
        )
    _list(out, before | made.keys())
    for name in changed:
        _replace(out / name, made[name])
    gone = [name for name in sorted(before - made.keys()) if _inside(out, name)]
    for name in gone:
        (out / name).unlink()
        _tidy(out, (out / name).parent)
    _list(out, made)
    return len(changed), len(gone)


def _list(out: Path, names: Iterable[str]) -> None:
    text = json.dumps({"files": sorted(names)}, ensure_ascii=False, indent=1) + "\n"
    _replace(out / _MANIFEST, text.encode())


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, content)


def _inside(out: Path, name: str) -> bool:
    """Return whether `name` is a file below `out` once symbolic links are resolved."""
    path = out / PurePosixPath(name)
    return path.is_file() and path.resolve().is_relative_to(out.resolve())


def _tidy(out: Path, folder: Path) -> None:
    """Remove folders that have become empty, below `out`."""
    while folder != out and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


COMMANDS = {"archive": archive}
