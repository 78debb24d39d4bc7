"""Files and folders that only their owner can access, whatever the umask: personal data and the secret."""

import logging
import os
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)
_FILE, _FOLDER = 0o600, 0o700
_OTHERS = 0o077
_BESIDE = ("", "-wal", "-shm", "-journal")  # SQLite gives these the database's mode


def folder(path: Path) -> None:
    """Create the folder `path` and missing parents with mode 0700; existing ones are left as they are."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        with suppress(FileExistsError):
            one.mkdir(_FOLDER)
            one.chmod(_FOLDER)
    if not path.is_dir():
        path.mkdir()  # raises the fitting OSError


def own_folder(path: Path) -> None:
    """Create `path`, a folder of this program alone; if it was open to others, restrict it and its files."""
    folder(path)
    if tighten(path):
        for one in path.iterdir():
            if one.is_file() and not one.is_symlink():
                tighten(one, tell=False)


def tighten(path: Path, *, tell: bool = True) -> bool:
    """Remove the permissions of group and others on `path`; return whether there were any."""
    try:
        mode = path.stat().st_mode
        if not mode & _OTHERS:
            return False
        path.chmod(mode & 0o7777 & ~_OTHERS)
    except OSError:  # missing, another user's, or on a file system without modes
        return False
    if tell:
        _log.warning("%s was open to other users of this machine; now only its owner can access it", path)
    return True


def database(path: Path) -> None:
    """Create or restrict the file of an SQLite database; its write-ahead log gets the same mode."""
    folder(path.parent)
    with suppress(OSError):  # SQLite reports the error itself
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, _FILE))
    for end in _BESIDE:
        tighten(path.with_name(path.name + end))
