"""Files on their way in or out: lists that an editor uploads, exports and reports that jobs make.

Each is in a folder of its own below `var/exchange`, readable by its owner alone, and kept for a day: it may
name people, and an erasure does not look into it.
"""

import re
import shutil
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from newsletter import private
from newsletter.errors import ContentError
from newsletter.files import OWNER, atomic_write

if TYPE_CHECKING:
    from newsletter.services import Workspace

KEPT = timedelta(days=1)
_FOLDER = "exchange"
_LONGEST = 100
_TOKEN = re.compile(r"[0-9a-f]{32}")
_UNSAFE = re.compile(r"[^\w.() -]|^\.+")


def keep(workspace: "Workspace", name: str, content: bytes | Iterable[bytes]) -> str:
    """Store a file that an editor calls `name`; return its place for `path_of`, `token/name`."""
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2]))
    place = f"{token_hex(16)}/{plain[-_LONGEST:].strip() or 'file'}"
    path = workspace.var / _FOLDER / place
    private.own_folder(workspace.var)
    private.folder(path.parent)
    atomic_write(path, content, mode=OWNER, durable=False)
    return place


def path_of(workspace: "Workspace", place: str) -> Path:
    """Return the path of a file that was kept. Raises ContentError when it is gone."""
    token, _, name = place.partition("/")
    path = workspace.var / _FOLDER / token / name
    if not _TOKEN.fullmatch(token) or "/" in name or name in {"", ".", ".."} or not path.is_file():
        raise ContentError("the file is no longer there: files are kept for a day", "Make it again.")
    return path


def drop(workspace: "Workspace", place: str) -> None:
    """Delete a file that was kept, if it is still there."""
    token = place.partition("/")[0]
    if _TOKEN.fullmatch(token):
        shutil.rmtree(workspace.var / _FOLDER / token, ignore_errors=True)


def forget_old(workspace: "Workspace", now: datetime) -> int:
    """Delete the files that are older than a day; return how many."""
    old = [
        folder
        for folder in (workspace.var / _FOLDER).glob("*")
        if folder.stat().st_mtime <= (now - KEPT).timestamp()
    ]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)
