"""The public archive: read, and kept in step in a folder of files, of which only one's own are removed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from newsletter.errors import ConfigError, Message, NewsletterError
from newsletter.files import atomic_write
from newsletter.store import archive
from newsletter.store.db import reading

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.store.archive import Cover, PublicItem

_MANIFEST = "archive.json"


@dataclass(frozen=True, slots=True)
class Synced:
    """How many files were written because they changed, and how many were removed."""

    changed: int
    removed: int


def number_of_issues(workspace: "Workspace") -> int:
    """Return the number of issues in the public archive. Raises StoreError."""
    with reading(workspace.readable) as connection:
        return archive.count(connection)


def published(workspace: "Workspace", *, before: date | None, limit: int) -> "list[Cover]":
    """Return the newest issues of the archive, or those before a closing date. Raises StoreError."""
    with reading(workspace.readable) as connection:
        return archive.covers(connection, limit=limit, before=before)


def whole(workspace: "Workspace", closing: date) -> "tuple[Cover, list[PublicItem]] | None":
    """Return an issue of the archive and its items, or None. Raises StoreError."""
    with reading(workspace.readable) as connection:
        cover = archive.find(connection, closing)
        return (cover, archive.items(connection, [closing])) if cover else None


def written_before(out: Path) -> set[str]:
    """Return the files that `write` wrote to `out`. Raises ConfigError if it has other content."""
    listed = out / _MANIFEST
    if not out.is_dir() or not any(out.iterdir()):
        return set()
    try:
        return set(map(str, json.loads(listed.read_text("utf-8"))["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            Message(
                "%(out)s is not empty, and its %(manifest)s does not say that this command filled it",
                out=out,
                manifest=_MANIFEST,
            ),
            "Name a new folder: --out DIR. Nothing was changed.",
        ) from None


def write(out: Path, files: Mapping[str, bytes]) -> Synced:
    """Make `out` contain exactly `files` of its own; other files in it stay.

    After a stop half-way the manifest lists old and new files, so that the next run can finish. Raises
    ConfigError when a file in the way is not its own, NewsletterError when it cannot be written.
    """
    try:
        return _write(out, files, written_before(out))
    except OSError as error:
        raise NewsletterError(
            Message(
                "%(filename)s cannot be written: %(strerror)s",
                filename=error.filename or out,
                strerror=error.strerror,
            ),
            "Name another folder: --out DIR",
        ) from None


def _write(out: Path, files: Mapping[str, bytes], before: set[str]) -> Synced:
    changed = [name for name, content in files.items() if _read(out / name) != content]
    if foreign := [name for name in changed if name not in before and (out / name).exists()]:
        raise ConfigError(
            Message("%(out)s exists, and this command did not write it", out=out / foreign[0]),
            "Move it aside, then run this again. Nothing was changed.",
        )
    _list(out, before | files.keys())
    for name in changed:
        _replace(out / name, files[name])
    gone = [name for name in sorted(before - files.keys()) if _inside(out, name)]
    for name in gone:
        (out / name).unlink()
        _tidy(out, (out / name).parent)
    _list(out, files)
    return Synced(len(changed), len(gone))


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
