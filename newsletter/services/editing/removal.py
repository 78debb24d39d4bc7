"""Delete an item from an issue, and put it back: its file waits among what the inbox dismissed."""

from datetime import date

from newsletter.compose.edit import GONE, edit_item
from newsletter.compose.issuefile import path_of, read_folder
from newsletter.compose.reorder import reorder
from newsletter.errors import ContentError, Message
from newsletter.services.editing import inboxfile
from newsletter.services.editing.fields import ItemFields, read_fields
from newsletter.services.editing.files import Desk, exclusive, put, read_version
from newsletter.services.editing.items import add, editing, issue_text, item_path
from newsletter.services.editing.order import listed, without


def delete(desk: Desk, closing: date, name: str) -> str:
    """Take an item out of its issue; return its name among the dismissed. Raises ContentError."""
    workspace = desk.workspace
    path = item_path(workspace, closing, name)
    with editing(workspace, closing):
        text = read_version(workspace.root, path).text
        folder = read_folder(workspace.root, closing, workspace.settings)
        if name not in folder.items:
            raise ContentError(
                Message("there is no item %(name)r", name=name), "Reload the page: somebody has deleted it."
            )
        order = listed(folder)
        section = next((slug for slug, names in order.items() if name in names), "")
        was = {"issue": closing.isoformat(), "id": name, "section": section}
        if section:
            was["position"] = str(order[section].index(name))
        free = inboxfile.free(workspace.root, name)
        texts = {inboxfile.path_of(free, dismissed=True): _marked(text, path, was)}
        if section:
            texts[path_of(closing)] = reorder(
                issue_text(workspace, closing), path_of(closing), without(folder, name)
            )
        put(desk, texts, f"{closing}: {name} deleted", gone=[path])
    return free


def _marked(text: str, path: str, was: dict[str, str]) -> str:
    """Note in an item's front matter where it was; a broken one is kept as it is."""
    return edit_item(text, path, {"was": was}) if read_fields(text, path) else text


def restore(desk: Desk, name: str) -> tuple[date, str] | None:
    """Put back what was deleted or dismissed, into its issue or the inbox; return issue and id, or None.

    Raises ContentError when it is not there any more.
    """
    workspace = desk.workspace
    with exclusive(workspace):
        kept = inboxfile.read(workspace.root, name, workspace.settings, dismissed=True)
        if kept.was is None:
            texts = {inboxfile.path_of(_free(desk, name)): kept.version.text}
            put(desk, texts, f"inbox: {name} restored", gone=[kept.path])
            return None
    was = kept.was
    with editing(workspace, was.issue):
        text = edit_item(kept.version.text, kept.path, {"was": GONE})
        fields = read_fields(text, kept.path) or ItemFields()
        sections = (was.section,) if was.section else ()
        found = add(
            desk,
            was.issue,
            text,
            ItemFields(title=fields.title, sections=sections),
            f"{was.issue}: {was.id} restored",
            position=was.position,
            name=was.id,
            gone=[kept.path],
        )
    return was.issue, found


def _free(desk: Desk, name: str) -> str:
    """Return the name itself, which no file of the inbox has unless a person has written one meanwhile."""
    root = desk.workspace.root
    return inboxfile.free(root, name) if name in inboxfile.names(root) else name
