"""Take in a picture that an editor uploads: a limited child process looks at it, then it joins the issue."""

from datetime import date
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from newsletter import private
from newsletter.compose.issuefile import folder_of
from newsletter.compose.pictures import FOLDER
from newsletter.compose.slug import slug
from newsletter.errors import ContentError, Message
from newsletter.files import OWNER, atomic_write
from newsletter.model import Image
from newsletter.pictures.prepare import LARGEST, LOGO, WIDEST, Fault, ending, fault_of, prepare
from newsletter.services.editing.files import Desk, exclusive
from newsletter.services.editing.history import commit
from newsletter.services.editing.items import editing

if TYPE_CHECKING:
    from newsletter.services import Workspace

_LONGEST_NAME = 60


def take_picture(desk: Desk, closing: date, content: bytes, name: str) -> str:
    """Write a picture into the issue's folder; return the name of its file, made of `name`.

    Raises ContentError when it is too large, damaged, or nothing that mail programs show.
    """
    workspace = desk.workspace
    insist_usable(workspace, content, WIDEST)
    stem = slug(Path(name).stem, _LONGEST_NAME) or "picture"
    with editing(workspace, closing):
        home = workspace.root / folder_of(closing) / FOLDER
        if not home.resolve().is_relative_to(workspace.root.resolve()):
            raise ContentError(
                Message("%(folder)s leads out of the workspace", folder=FOLDER),
                "Replace the link by a folder.",
            )
        home.mkdir(parents=True, exist_ok=True)
        file, number = f"{stem}.{ending(content)}", 2
        while (home / file).exists() and (home / file).read_bytes() != content:
            file, number = f"{stem}-{number}.{ending(content)}", number + 1
        if not (home / file).exists():
            atomic_write(home / file, content)
            commit(
                workspace.root,
                [f"{folder_of(closing)}/{FOLDER}/{file}"],
                desk.author,
                f"{closing}: {file} added",
            )
    return file


def take_logo(desk: Desk, content: bytes) -> str:
    """Write a logo into the workspace; return the name of its file, which no other logo has.

    Raises ContentError when it is too large, damaged, or nothing that mail programs show.
    """
    workspace = desk.workspace
    insist_usable(workspace, content, LOGO)
    name = f"logo-{sha256(content).hexdigest()[:8]}.{ending(content)}"
    with exclusive(workspace):
        if not (workspace.root / name).exists():
            atomic_write(workspace.root / name, content)
            commit(workspace.root, [name], desk.author, f"{name} added")
    return name


def logo_as_shown(workspace: "Workspace", name: str) -> Image:
    """Return the file `name` of the workspace as mail and pages show it, once it is the logo.

    Raises ContentError when it is no picture of the workspace.
    """
    file = workspace.root / name
    if not file.resolve().is_relative_to(workspace.root.resolve()):
        raise ContentError(Message("%(name)s is not in the workspace", name=name), "Name a file inside it.")
    made = prepare([file], workspace.var / "pictures", widest=LOGO)[file]
    if isinstance(made, Fault):
        raise ContentError(f"{name} {made.text}", made.hint)
    return made.image


def insist_usable(workspace: "Workspace", content: bytes, widest: int) -> None:
    """Let a limited child process look at a picture. Raises ContentError when it cannot be shown."""
    if len(content) > LARGEST:
        raise ContentError(
            Message("the picture has more than %(largest)s MB", largest=LARGEST // 1_000_000),
            "Save it smaller.",
        )
    fault = fault_of(content)
    if fault is None:
        scratch = _scratch(workspace, content)
        try:
            made = prepare([scratch], workspace.var / "pictures", widest=widest)[scratch]
        finally:
            scratch.unlink(missing_ok=True)
        fault = made if isinstance(made, Fault) else None
    if fault:
        raise ContentError(Message("the picture %(text)s", text=fault.text), fault.hint)


def _scratch(workspace: "Workspace", content: bytes) -> Path:
    """Return a file of ours with the content, for the child to read."""
    folder = workspace.var / "uploads"
    private.own_folder(workspace.var)
    private.own_folder(folder)
    path = folder / token_hex(16)
    try:
        atomic_write(path, content, mode=OWNER, durable=False)
    except OSError as error:
        raise ContentError(
            Message("the picture cannot be kept: %(strerror)s", strerror=error.strerror), "Free some space."
        ) from None
    return path
