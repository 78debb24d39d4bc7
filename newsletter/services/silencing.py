"""Silence a finding about one item, with a reason in its front matter, or let it be heard again."""

from datetime import date
from typing import TYPE_CHECKING, Any

from newsletter.checks.codes import CODES
from newsletter.compose.edit import GONE, edit_item
from newsletter.compose.issuefile import read_folder
from newsletter.errors import ContentError, Message
from newsletter.services.editing.files import put, read_version
from newsletter.services.editing.items import editing, item_path
from newsletter.yamlfile import nearest

if TYPE_CHECKING:
    from newsletter.services.editing.files import Desk

_KEY = "silenced"


def silence(desk: "Desk", closing: date, item: str, code: str, reason: str) -> None:
    """Silence the findings with `code` about an item.

    Raises ContentError without a reason, when there is no such code, or when the item cannot be read.
    """
    words = " ".join(reason.split())
    if not words:
        raise ContentError("a finding is silenced with a reason only", "Say why it does not matter here.")
    if code not in CODES:
        raise ContentError(
            Message("there is no finding with the code %(code)r", code=code), nearest(code, CODES)
        )
    _change(desk, closing, item, {code: words}, f"{closing}: {code} of {item} silenced")


def hear(desk: "Desk", closing: date, item: str, code: str) -> None:
    """Show the findings with `code` again. Raises ContentError when the item cannot be read."""
    _change(desk, closing, item, {code: GONE}, f"{closing}: {code} of {item} heard again")


def _change(desk: "Desk", closing: date, item: str, changes: dict[str, Any], message: str) -> None:
    """Change what an item silences; a finding that it names by its text is from then on named by its code."""
    workspace = desk.workspace
    path = item_path(workspace, closing, item)
    with editing(workspace, closing):
        found = read_folder(workspace.root, closing, workspace.settings).items.get(item)
        if found is None:
            raise ContentError(
                Message("%(path)s cannot be read", path=path),
                Message("See: newsletter check %(closing)s", closing=closing),
            )
        quiet = [problem for problem, _ in workspace.proof(closing).silenced]
        codes = {str(one.text): one.code for one in quiet if one.at and one.at.path == path}
        now = {codes.get(one.finding, one.finding): one.reason for one in found.silenced} | changes
        kept = {finding: reason for finding, reason in now.items() if reason is not GONE}
        text = edit_item(read_version(workspace.root, path).text, path, {_KEY: kept or GONE})
        put(desk, {path: text}, message)
