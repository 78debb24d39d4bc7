"""An editor who saves an item in rounds, each time on what is there then: in a thread, or as a program."""

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from newsletter.services import open_workspace
from newsletter.services.editing.fields import ItemFields, read_fields
from newsletter.services.editing.files import Desk, Saved, read_version
from newsletter.services.editing.history import Author
from newsletter.services.editing.items import item_path, move, save_item

CLOSING = date(2025, 2, 14)
FIRST = "06-subsydiia-na-orendu-zhytla-dlia-vpo"
SECOND = "07-rada-yevropy-vydilyla-koshty-na-zhytlo"


def of(desk: Desk, name: str) -> tuple[str, ItemFields]:
    """Return the hash and the fields of an item."""
    path = item_path(desk.workspace, CLOSING, name)
    version = read_version(desk.workspace.root, path)
    fields = read_fields(version.text, path)
    assert fields
    return version.sha, fields


def edit_in_rounds(desk: Desk, mark: str, rounds: int) -> None:
    """Add a line to an item in each round, again after every conflict, and move another item now and then."""
    for number in range(rounds):
        done = None
        while not isinstance(done, Saved):
            sha, fields = of(desk, FIRST)
            done = save_item(
                desk, CLOSING, FIRST, sha, replace(fields, text=f"{fields.text}\n{mark}{number}")
            )
        if number % 8 == 0:
            move(desk, CLOSING, SECOND, "social" if number % 16 else "education", 0)


if __name__ == "__main__":
    root, mark, rounds = sys.argv[1:]
    edit_in_rounds(Desk(open_workspace(Path(root)), Author()), mark, int(rounds))
