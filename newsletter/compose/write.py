"""Write content files completely or not at all, and only inside the workspace."""

from pathlib import Path

from newsletter.errors import ContentError, Message
from newsletter.files import atomic_write


def write(root: Path, name: str, text: str) -> None:
    """Write `text` to the file `name` of the workspace `root` atomically.

    Raises ContentError when the file lies elsewhere (by a symbolic link) or cannot be written.
    """
    path = root / name
    try:
        if not path.parent.resolve().is_relative_to(root.resolve()):
            raise ContentError(
                Message("%(name)s leads out of the workspace", name=name), "Replace the link by a folder."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, text.encode())
    except OSError as error:
        raise ContentError(
            Message("%(name)s cannot be written: %(strerror)s", name=name, strerror=error.strerror),
            "Check rights and free space.",
        ) from None
