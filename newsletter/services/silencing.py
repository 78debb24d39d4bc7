"""Silence a finding about one item, with a reason in its front matter, or let it be heard again."""

from datetime import date
from typing import TYPE_CHECKING, Any

from newsletter.compose.edit import GONE, edit_item
from newsletter.compose.issuefile import read_folder
from newsletter.errors import ContentError
from newsletter.services.editing.files import put, read_version
from newsletter.services.editing.items import editing, item_path

if TYPE_CHECKING:
    from newsletter.services.editing.files import Desk

_KEY = "silenced"


def silence(desk: "Desk", closing: date, item: str, finding: str, reason: str) -> None:
    """Silence the finding with the text `finding` about an item.

    Raises ContentError without a reason, or when the item cannot be read.
    """
    words = " ".join(reason.split())
    if not words:
        raise ContentError("a finding is silenced with a reason only", "Say why it does not matter here.")
    _change(desk, closing, item, {finding: words}, f"{closing}: a finding about {item} silenced")


def hear(desk: "Desk", closing: date, item: str, finding: str) -> None:
    """Show the finding again. Raises ContentError when the item cannot be read."""
    _change(desk, closing, item, {finding: GONE}, f"{closing}: a finding about {item} heard again")


def _change(desk: "Desk", closing: date, item: str, changes: dict[str, Any], message: str) -> None:
    workspace = desk.workspace
    path = item_path(workspace, closing, item)
    with editing(workspace, closing):
        found = read_folder(workspace.root, closing, workspace.settings).items.get(item)
        if found is None:
            raise ContentError(f"{path} cannot be read", f"See: newsletter check {closing}")
        now = {one.finding: one.reason for one in found.silenced} | changes
        kept = {finding: reason for finding, reason in now.items() if reason is not GONE}
        text = edit_item(read_version(workspace.root, path).text, path, {_KEY: kept or GONE})
        put(desk, {path: text}, message)
