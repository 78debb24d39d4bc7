"""Static export of the archive: files that any web server, or a browser from a folder, can show."""

import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from posixpath import dirname, relpath
from urllib.parse import quote, unquote, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from newsletter.errors import Message, RenderError
from newsletter.services import Workspace
from newsletter.web.brand import VERSIONED
from newsletter.web.readers.app import create_site
from newsletter.web.readers.error_pages import FAULTS
from newsletter.web.readers.limits import OURS

_SEEDS = ("/issues", "/feed.xml", "/feed.json", "/sitemap.xml", "/robots.txt", "/icon.png", "/card.png")
_KEPT = re.compile(
    r"archive\.(issues|issue|section|calendar)|feeds\.\w+|brand\.\w+|cards\.\w+|pictures\.\w+|static"
)
_ISSUE = "archive.issue"
_VERSIONED = {"static", *VERSIONED}
"""Endpoints whose query is a version of their content."""
_CARD = re.compile(r'(?<=<meta property="og:image" content=")[^"]*')
_LINK = re.compile(r'(?<= )(href|action|src)="((?:/(?!/)|\?)[^"]*)"')


def files(workspace: Workspace, progress: Callable[[int], None]) -> dict[str, bytes]:
    """Return the content of every file of the archive by name, in the workspace's language.

    Links between files are relative; links to pages that only the live site has lead there, below base_url.
    `progress` is called with the number of issues done. Raises RenderError when a page cannot be rendered.
    """
    return dict(_Crawl(create_site(workspace), workspace.settings.base_url, progress).run())


class _Crawl:
    """Crawls the site's own pages from the seeds; `base` is the address of the live site."""

    def __init__(self, app: Flask, base: str, progress: Callable[[int], None]) -> None:
        self._base = base
        self._prefix = urlsplit(base).path
        self._client = app.test_client()
        self._map = app.url_map.bind("")
        self._progress = progress
        self._waiting = list(_SEEDS)
        self._known = set(_SEEDS)

    def run(self) -> Iterator[tuple[str, bytes]]:
        issues = 0
        while self._waiting:
            path = self._waiting.pop()
            response = self._get(path)
            yield _file(path), self._content(response, _file(path))
            if path == "/issues":
                yield "index.html", self._content(response, "index.html")
            if self._endpoint(path) == _ISSUE:
                issues += 1
                self._progress(issues)

    def _get(self, path: str) -> TestResponse:
        faults: list[RenderError] = []
        environ = {OURS: True, FAULTS: faults}
        response = self._client.get(path, base_url=self._base, environ_overrides=environ, buffered=True)
        if faults:
            raise faults[0]
        if response.status_code != 200:  # noqa: PLR2004  OK
            raise RenderError(
                Message("the page %(path)s answers %(status)s", path=path, status=response.status),
                "Look at it in the browser: newsletter serve. Nothing was written.",
            )
        return response

    def _content(self, response: TestResponse, name: str) -> bytes:
        """Return the content of the file `name`, with links rewritten relative to it."""
        if response.mimetype != "text/html":
            content: bytes = response.data
            return content
        here = response.request.path
        for address in _CARD.findall(
            response.text
        ):  # for other sites, and so left with the live site's address
            self._link(self._prefix + address.removeprefix(self._base), here, name)
        return _LINK.sub(
            lambda link: f'{link[1]}="{escape(self._link(unescape(link[2]), here, name))}"', response.text
        ).encode()

    def _link(self, address: str, here: str, name: str) -> str:
        """Rewrite `address`, a link on the page at `here`, for the file `name`; queue its target."""
        parts = urlsplit(here + address if address.startswith("?") else address.removeprefix(self._prefix))
        endpoint = self._endpoint(parts.path)
        if not _KEPT.fullmatch(endpoint) or (parts.query and endpoint not in _VERSIONED):
            return self._base + parts.geturl()
        if parts.path not in self._known:
            self._known.add(parts.path)
            self._waiting.append(parts.path)
        target = quote(relpath(_file(parts.path), dirname(name) or "."))
        return f"{target}#{parts.fragment}" if parts.fragment else target

    def _endpoint(self, path: str) -> str:
        try:
            endpoint: str = self._map.match(path)[0]
        except HTTPException:
            return ""
        return endpoint


def _file(path: str) -> str:
    """Return the file name for the page at `path`."""
    name = unquote(path.removeprefix("/"))
    return name if "." in name.rpartition("/")[2] else f"{name}/index.html"
