"""Take a pasted or dropped digest apart: first an account of its lines, then its items."""

import re
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from secrets import token_hex
from time import time
from typing import TYPE_CHECKING

from newsletter import private
from newsletter.compose.account import Digest
from newsletter.compose.issuefile import folder_of
from newsletter.compose.sources import LARGEST
from newsletter.compose.words import is_line
from newsletter.errors import ContentError, Message, Problem
from newsletter.files import OWNER, atomic_write
from newsletter.services import content
from newsletter.services.editing.files import Desk
from newsletter.services.editing.history import commit
from newsletter.services.editing.items import editing

if TYPE_CHECKING:
    from newsletter.compose.import_digest import Imported
    from newsletter.services import Workspace

_DAY = 86_400
_TOKEN = re.compile("[0-9a-f]{32}")
_KINDS = (".txt", ".md", ".html", ".htm", ".docx")
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """A digest that waits to be taken: the token of its folder, and the name of its file."""

    token: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a digest would become, and the issue it would belong to, if it says which."""

    digest: Digest
    closing: date | None
    problems: tuple[Problem, ...]


def keep(workspace: "Workspace", name: str, data: bytes) -> Pasted:
    """Keep a digest for a day. Raises ContentError for a file that is too large or of another kind."""
    name = name.replace("\\", "/").rpartition("/")[2].lstrip(".")[-_LONGEST_NAME:]
    if not is_line(name) or Path(name).suffix.lower() not in _KINDS:
        raise ContentError(
            Message("%(name)r is not a digest's file", name=name),
            Message("Choose one that ends in %(kinds)s, or paste its text.", kinds=", ".join(_KINDS)),
        )
    if len(data) > LARGEST:
        raise ContentError(
            Message("%(name)s is too large for a digest", name=name), "Save only the digest's text."
        )
    home = workspace.var / "pasted"
    private.own_folder(workspace.var)
    private.own_folder(home)
    _tidy(home)
    token = token_hex(16)
    try:
        private.own_folder(home / token)
        atomic_write(home / token / name, data, mode=OWNER, durable=False)
    except OSError as error:
        raise ContentError(
            Message("%(name)s cannot be kept: %(strerror)s", name=name, strerror=error.strerror),
            "Free some space.",
        ) from None
    return Pasted(token=token, name=name)


def read(workspace: "Workspace", pasted: Pasted, closing: date | None) -> Account:
    """Return what the digest would become; nothing is written. Raises ContentError."""
    file = _file(workspace, pasted.token)
    digest, problems = content.read_digest(workspace, file, closing)
    period = digest.period.end if digest.period else None
    return Account(
        digest=digest,
        closing=closing or period,
        problems=tuple(_named(problem, file) for problem in (*problems, *digest.problems)),
    )


def take(desk: Desk, token: str, closing: date | None) -> "Imported":
    """Write the digest's items, and put them into their issue; what an editor changed before is left alone.

    Raises ContentError when it no longer waits or says not which issue it is, and StateError.
    """
    workspace = desk.workspace
    file = _file(workspace, token)
    pasted = Pasted(token=token, name=file.name)
    issue = read(workspace, pasted, closing).closing
    if issue is None:
        raise ContentError("the digest does not say which week it is of", "Choose the issue.")
    with editing(workspace, issue):
        done = content.import_file(workspace, file, issue).written
        content.compose(workspace, issue)
        folder = workspace.root / folder_of(issue)
        names = [*done.written, *(f"{folder_of(issue)}/{one}" for one in ("issue.yaml", "imported.yaml"))]
        there = [name for name in names if (workspace.root / name).is_file()]
        commit(workspace.root, there, desk.author, f"{folder.name}: {file.name} taken apart")
    shutil.rmtree(file.parent, ignore_errors=True)
    return done


def _file(workspace: "Workspace", token: str) -> Path:
    """Return the file that waits under a token. Raises ContentError when there is none."""
    home = workspace.var / "pasted" / token if _TOKEN.fullmatch(token) else None
    file = next(iter(home.iterdir()), None) if home and home.is_dir() else None
    if file is None:
        raise ContentError("the digest no longer waits here", "Paste it again.")
    return file


def _named(problem: Problem, file: Path) -> Problem:
    """Name the file in a problem as its editor does, without the folder it waits in."""
    at = problem.at and replace(problem.at, path=problem.at.path.replace(str(file), file.name))
    return replace(problem, text=_renamed(problem.text, file), at=at)


def _renamed(text: str, file: Path) -> str:
    """Return a text without that folder; a message can still be said in other languages."""
    shown = text.replace(str(file), file.name)
    if not isinstance(text, Message):
        return shown
    made = text.shown(shown)
    made.values = {
        name: value.replace(str(file), file.name) if type(value) is str else value
        for name, value in text.values.items()
    }
    return made


def _tidy(home: Path) -> None:
    """Remove what has waited for more than a day."""
    for folder in home.iterdir():
        if folder.is_dir() and time() - folder.stat().st_mtime > _DAY:
            shutil.rmtree(folder, ignore_errors=True)
