"""Mechanical mending of an issue's files: what would change, shown first, and done when an editor agrees."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from newsletter.checks.mend import mended_line, mended_link, mended_text
from newsletter.compose.difference import Piece, difference, excerpt
from newsletter.compose.edit import edit_item, edit_yaml
from newsletter.compose.issuefile import path_of, read_folder
from newsletter.errors import Message, StateError
from newsletter.services.editing.files import put, read_version
from newsletter.services.editing.items import editing

if TYPE_CHECKING:
    from newsletter.model import Item
    from newsletter.services import Workspace
    from newsletter.services.editing.files import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What mending changes in a file of the workspace; `item` is its id, empty for issue.yaml."""

    path: str
    item: str
    title: str
    before: str
    after: str

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The changed words of the lines that change, with some around them."""
        old, new = self.before.splitlines(), self.after.splitlines()
        if len(old) == len(new):
            changed = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
            old, new = [before for before, _ in changed], [after for _, after in changed]
        return excerpt(difference("\n".join(old), "\n".join(new)))


def mendings(workspace: "Workspace", closing: date) -> list[Mending]:
    """Return what can be mended mechanically in issue `closing`, file by file; change nothing.

    Raises ContentError when issue.yaml cannot be read.
    """
    found = (_of_issue(workspace, closing), *_of_items(workspace, closing))
    return [one for one in found if one.after != one.before]


def mend(desk: "Desk", closing: date, wanted: Collection[Mending]) -> None:
    """Write the files of `wanted` as mended, as one commit.

    Raises StateError when one has changed since it was shown, or when the issue has been started.
    """
    root = desk.workspace.root
    with editing(desk.workspace, closing):
        for one in wanted:
            if read_version(root, one.path).text != one.before:
                raise StateError(
                    Message("%(path)s was changed meanwhile", path=one.path), "Look at the difference again."
                )
        put(desk, {one.path: one.after for one in wanted}, f"{closing}: mend marks and links")


def _of_issue(workspace: "Workspace", closing: date) -> Mending:
    language, path = workspace.settings.language, path_of(closing)
    text = read_version(workspace.root, path).text
    file = read_folder(workspace.root, closing, workspace.settings).file
    changes = {
        "subject": mended_line(file.subject, language),
        "preheader": mended_line(file.preheader, language),
        "intro": mended_text(file.intro, language),
    }
    changed = {key: words for key, words in changes.items() if words != getattr(file, key)}
    return Mending(path=path, item="", title=file.subject, before=text, after=edit_yaml(text, path, changed))


def _of_items(workspace: "Workspace", closing: date) -> Iterator[Mending]:
    folder = read_folder(workspace.root, closing, workspace.settings)
    for item in folder.items.values():
        if item:
            path = item.at.path
            text = read_version(workspace.root, path).text
            changes, body = _mended(item, workspace.settings.language)
            after = edit_item(text, path, changes, body)
            yield Mending(path=path, item=item.id, title=item.title, before=text, after=after)


def _mended(item: "Item", language: str) -> tuple[dict[str, Any], str | None]:
    """Return the keys of the front matter that change, and the text if it does."""
    changes = {"title": mended_line(item.title, language)}
    if item.link:
        changes["link"] = mended_link(item.link)
    body = mended_text(item.text, language)
    kept = {key: value for key, value in changes.items() if value != getattr(item, key)}
    return kept, body if body != item.text else None
