"""Files and folders for their owner alone, whatever the umask: they hold people's data, or our secret."""

import logging
import os
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)
_FILE, _FOLDER = 0o600, 0o700
_OTHERS = 0o077
_BESIDE = ("", "-wal", "-shm", "-journal")  # SQLite gives these the mode of the database


def folder(path: Path) -> None:
    """Make `path` and what is missing above it, each with mode 0700; what is there is left as it is."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        with suppress(FileExistsError):
            one.mkdir(_FOLDER)
            one.chmod(_FOLDER)
    if not path.is_dir():
        path.mkdir()  # raises what is wrong


def own_folder(path: Path) -> None:
    """Make `path`, a folder of this program alone; one that was open to others is closed with its files."""
    folder(path)
    if tighten(path):
        for one in path.iterdir():
            if one.is_file() and not one.is_symlink():
                tighten(one, tell=False)


def tighten(path: Path, *, tell: bool = True) -> bool:
    """Take from others what they may do with `path`; True when that was anything."""
    try:
        mode = path.stat().st_mode
        if not mode & _OTHERS:
            return False
        path.chmod(mode & 0o7777 & ~_OTHERS)
    except OSError:  # not there, somebody else's, or on a disk that knows no modes
        return False
    if tell:
        _log.warning("%s was open to other users of this machine; now only its owner may use it", path)
    return True


def database(path: Path) -> None:
    """Prepare the file of an SQLite database, whose log and index take after it."""
    folder(path.parent)
    with suppress(OSError):  # SQLite says itself what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, _FILE))
    for end in _BESIDE:
        tighten(path.with_name(path.name + end))


def write(path: Path, content: bytes) -> None:
    """Write a file whole: whoever reads it has the old one or the new one."""
    fresh = path.with_name(f".{path.name}")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, _FILE), "wb") as file:
        file.write(content)
    tighten(fresh, tell=False)  # one that a crash left
    fresh.replace(path)
