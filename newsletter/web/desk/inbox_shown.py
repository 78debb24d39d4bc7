"""What waits in the inbox, as plain values for templates."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from newsletter.render.values import Data
from newsletter.services import Workspace
from newsletter.services.editing.inboxfile import Waiting
from newsletter.services.inbox import Seen, SeenBefore
from newsletter.web.preview.shown import gathered


def shown_waiting(workspace: Workspace, waiting: Sequence[Waiting]) -> tuple[Data, ...]:
    """Return the items with their source and whether an issue of the last weeks has them."""
    seen = SeenBefore(workspace, workspace.now().date()) if waiting else None
    return tuple(_shown(one, seen.find(one) if seen else None) for one in waiting)


def _shown(one: Waiting, seen: Seen | None) -> Data:
    return Data(
        name=one.name,
        title=one.title,
        words=" ".join((one.fields.text if one.fields else "").split())[:300],
        link=one.link,
        source=one.source or urlsplit(one.link).netloc.removeprefix("www."),
        found_at=one.found_at,
        seen=Data(closing=seen.closing, title=seen.title, by_link=seen.by_link) if seen else None,
        problems=gathered(one.problems),
        was=one.was.issue if one.was else None,
    )
