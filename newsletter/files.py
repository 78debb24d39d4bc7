"""Write whole files atomically: a reader, or a machine after a power cut, finds old content or new."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ANYBODY, OWNER = 0o666, 0o600
"""Permissions of a new file, before the umask."""
_RANDOM = 6  # bytes in the name of an unfinished file, so that two processes do not write the same one


def atomic_write(
    path: Path, content: bytes | Iterable[bytes], *, mode: int = ANYBODY, durable: bool = True
) -> None:
    """Write a file atomically and, unless `durable` is false, synced to disk. Raises OSError naming `path`.

    `content` may come in pieces, so that a large file need not fit into memory.
    """
    with _complete(path, content, mode, durable=durable) as fresh:
        fresh.replace(path)
        if durable:
            _sync_folder(path.parent)


def is_unicode(path: Path) -> bool:
    """Return whether `path` is text: the database and the pages cannot name files whose names are not."""
    return not any("\ud800" <= character <= "\udfff" for character in str(path))


def create(path: Path, content: bytes, *, mode: int = ANYBODY) -> bool:
    """Write a file atomically unless it exists; return whether this call created it. Raises OSError."""
    with _complete(path, content, mode, durable=True) as fresh:
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return False
        _sync_folder(path.parent)
        return True


def unfinished(name: str) -> str | None:
    """Return the name of the file that `name` is an unfinished write of, as a crash leaves it; else None."""
    whole, _, number = name.removeprefix(".").rpartition(".")
    return whole if name.startswith(".") and whole and len(number) == 2 * _RANDOM else None


@contextmanager
def _complete(path: Path, content: bytes | Iterable[bytes], mode: int, *, durable: bool) -> Iterator[Path]:
    """Write `content` to a file beside `path`, which is removed at the end; errors name `path`."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(_RANDOM)}")
    try:
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines((content,) if isinstance(content, bytes) else content)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            yield fresh
        finally:
            with suppress(FileNotFoundError):
                fresh.unlink()
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def _sync_folder(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
