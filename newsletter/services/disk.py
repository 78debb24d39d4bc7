"""Free space on the disks of a workspace: that of its database, where that is a file, and that of `var`."""

from typing import TYPE_CHECKING

from newsletter.errors import StoreError
from newsletter.store.disk import Shortage, shortage

if TYPE_CHECKING:
    from newsletter.services import Workspace


def disk_shortage(workspace: "Workspace") -> Shortage | None:
    """Return the worst shortage on the disks of a workspace, or None. Raises StoreError."""
    file = workspace.reader.path
    folders = [workspace.var]
    if file is not None and str(file) not in {"", ".", ":memory:"}:
        folders.insert(0, file.absolute().parent)
    found = [one for one in map(shortage, dict.fromkeys(folders)) if one]
    return max(found, key=lambda one: one.full, default=None)


def insist_on_room(workspace: "Workspace") -> None:
    """Raise StoreError when a disk is full, before anything is sent that could not be recorded."""
    found = disk_shortage(workspace)
    if found and found.full:
        raise StoreError(found.text, found.hint)
