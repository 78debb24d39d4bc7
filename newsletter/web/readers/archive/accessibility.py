"""Report how accessible the archive is: its pages as they are exported, each with its styles in it."""

import re
from html import unescape
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

from newsletter.errors import ContentError
from newsletter.services import Workspace
from newsletter.services.accessibility import MOST, Report, report
from newsletter.web.readers.archive.export import files

_SHEET = re.compile(r'<link rel="stylesheet" href="([^"]*)">')
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def report_of_archive(workspace: Workspace) -> Report:
    """Test the list of issues, the newest issues, and a section. Raises ContentError without an issue."""
    made = files(workspace, lambda _done: None)
    pages = [name for name in made if name.endswith("/index.html")]
    issues = sorted((name for name in pages if re.match(r"issues/\d", name)), reverse=True)
    if not issues:
        raise ContentError("the archive has no issue yet", "It has one once an issue was sent.")
    others = [name for name in pages if name not in issues]
    chosen = [*others[:2], *issues][:MOST]
    end = f" · {workspace.settings.title} · {workspace.settings.publisher}"
    shown = {_title(made[name].decode()).removesuffix(end): _whole(name, made) for name in chosen}
    return report(workspace, workspace.settings.title, shown, of=len(pages))


def _title(page: str) -> str:
    found = _TITLE.search(page)
    return " ".join(unescape(found[1]).split()) if found else ""


def _whole(name: str, made: dict[str, bytes]) -> str:
    """Return a page with the content of its style sheets instead of links to them."""

    def content(link: re.Match[str]) -> str:
        file = normpath(join(dirname(name), unquote(urlsplit(unescape(link[1])).path)))
        return f"<style>{made[file].decode()}</style>" if file in made else ""

    return _SHEET.sub(content, made[name].decode())
