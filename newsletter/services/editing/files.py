"""Read and save text files by their SHA-256, so that of two editors nobody overwrites the other."""

import fcntl
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING

from newsletter import private
from newsletter.compose.write import write
from newsletter.errors import ContentError, Message, Place, Problem, StateError
from newsletter.services.editing.history import Author, commit
from newsletter.yamlfile import LARGEST

if TYPE_CHECKING:
    from newsletter.services import Workspace

_PATIENCE = 10.0
"""Seconds for which a save waits for another one."""
_POLL = 0.01
_REMEMBERED = 400
"""Versions of files that were shown, kept in memory: from them it is known who changed what."""

_shown: OrderedDict[str, str] = OrderedDict()
_remembering = Lock()


@dataclass(frozen=True, slots=True)
class Desk:
    """A workspace, and the editor who works on it."""

    workspace: "Workspace"
    author: Author


@dataclass(frozen=True, slots=True)
class Version:
    """The text of a file, and the SHA-256 of its bytes; both are empty where there is no file."""

    text: str = ""
    sha: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """A file as it was saved; `unrecorded` says why it is not in git's history, where it should be."""

    version: Version
    unrecorded: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Nothing was written: the file is no longer what its editor began with.

    `base` is what that was, if this process still knows it; `mine` what would have been written.
    """

    mine: str
    theirs: Version
    base: str | None


def read_version(root: Path, name: str) -> Version:
    """Return the file `name` of the workspace `root`. Raises ContentError if it is not UTF-8 text."""
    try:
        data = (root / name).read_bytes()
        version = Version(data.decode(), sha256(data).hexdigest())
    except FileNotFoundError:
        return Version()
    except OSError as error:
        what = Message("the file cannot be read: %(strerror)s", strerror=error.strerror)
        raise ContentError(Problem.error(what, Place(name), "Check its name and rights.")) from None
    except UnicodeDecodeError:
        raise ContentError(
            Problem.error("the file is not UTF-8 text", Place(name), "Save it as UTF-8.")
        ) from None
    _remember(version)
    return version


def save(desk: Desk, name: str, text: str, sha: str, message: str) -> Saved | Conflict:
    """Write `text` to a file whose SHA-256 was `sha` when its editor opened it; commit it where there is git.

    The caller holds `exclusive`. Raises ContentError when the file cannot be written.
    """
    now = read_version(desk.workspace.root, name)
    if now.sha != sha and now.text != text:
        return Conflict(mine=text, theirs=now, base=_shown.get(sha))
    return put(desk, {name: text}, message)[name]


def put(desk: Desk, texts: dict[str, str], message: str, *, gone: Sequence[str] = ()) -> dict[str, Saved]:
    """Write files and remove those that are `gone`, whatever they hold now, as one commit.

    The caller holds `exclusive`. Raises ContentError when a file cannot be written.
    """
    root = desk.workspace.root
    for name, text in texts.items():
        if len(text) > LARGEST:
            what = Message(
                "%(count)s characters; at most %(largest)s are allowed", count=len(text), largest=LARGEST
            )
            raise ContentError(Problem.error(what, Place(name), "Remove what does not belong here."))
        if read_version(root, name).text != text:
            write(root, name, text)
    for name in gone:
        (root / name).unlink(missing_ok=True)
    unrecorded = commit(root, [*texts, *gone], desk.author, message)
    return {name: Saved(read_version(root, name), unrecorded) for name in texts}


@contextmanager
def exclusive(workspace: "Workspace") -> Iterator[None]:
    """Let one save at a time change the workspace's files, among all processes.

    Raises StateError when it waits too long.
    """
    private.own_folder(workspace.var)
    handle = os.open(workspace.var / "editing.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        until = monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() > until:
                    raise StateError("another save has not ended yet", "Try again in a moment.") from None
                sleep(_POLL)
        yield
    finally:
        os.close(handle)


def _remember(version: Version) -> None:
    with _remembering:
        _shown[version.sha] = version.text
        _shown.move_to_end(version.sha)
        while len(_shown) > _REMEMBERED:
            _shown.popitem(last=False)
