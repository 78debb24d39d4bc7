"""`newsletter archive`: files that any web server can show, and nobody else's files touched."""

import http.client
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from lxml import html

from newsletter.cli import run
from newsletter.model import Event, IssueState, ItemKind
from newsletter.services import Workspace, open_workspace
from newsletter.store import issues
from newsletter.store.db import writing
from newsletter.web.readers.archive import pages
from tests import press

REPOSITORY = Path(__file__).parents[2]
BASE = "https://news.example.org"
EVENT = Event(start=date(2025, 2, 20), place="Київ")
ITEMS = [
    *(press.item(f"Житло {number}") for number in range(6)),
    replace(press.item("Школи", section="old"), kind=ItemKind.EVENT, event=EVENT),
]
WEEKS = press.weeks(3)


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Return a workspace whose archive has two pages of issues and of a section, and a section of old."""
    monkeypatch.setattr(pages, "ISSUES", 2)
    root = tmp_path / "workspace"
    root.mkdir()
    shutil.copy(REPOSITORY / "newsletter.yaml", root)
    shutil.copy(REPOSITORY / "logo.png", root)
    found = open_workspace(root)
    for closing in WEEKS:
        press.publish(found.database, press.issue(closing, ITEMS))
    yield found
    found.database.dispose()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return where to write to."""
    return tmp_path / "public"


def write(context: Workspace, out: Path, *options: str) -> int:
    return run(["-C", str(context.root), "archive", "--out", str(out), *options])


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[str]:
    """Serve the folder as a plain file server does, and give its host."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "public")))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def found(tree: html.HtmlElement, *names: str) -> list[str]:
    """Return the values of some attributes."""
    return [one.get(name, "") for name in names for one in tree.iter() if name in one.attrib]


def crawl(host: str, start: str) -> dict[str, html.HtmlElement | None]:
    """Follow every link within the folder; a page that is not there fails."""
    seen: dict[str, html.HtmlElement | None] = {}
    waiting = [f"http://{host}{start}"]
    connection = http.client.HTTPConnection(host)
    while waiting:
        address = waiting.pop()
        connection.request("GET", urlsplit(address).path)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, address
        is_page = "html" in answer.headers["Content-Type"]
        tree = seen[address] = html.document_fromstring(content.decode()) if is_page else None
        if tree is not None:
            links = {urldefrag(urljoin(address, link))[0] for link in found(tree, "href", "src", "action")}
            waiting += sorted({one for one in links if urlsplit(one).netloc == host} - {*seen, *waiting})
    connection.close()
    return seen


@pytest.mark.parametrize("start", ["/", "/issues/", "/issues/2025-02-14/"])
def test_every_link_leads_somewhere_on_a_plain_file_server(
    context: Workspace, out: Path, serve: str, start: str
) -> None:
    assert write(context, out) == 0
    seen = crawl(serve, start)
    paths = {unquote(urlsplit(address).path).removesuffix("index.html") for address in seen}
    assert {"/issues/", "/issues/page/2/", "/sections/old/", "/feed.xml", "/static/archive.css"} <= paths
    assert {f"/issues/{closing}/" for closing in WEEKS} <= paths
    assert {f"/issues/{closing}/школи.ics" for closing in WEEKS} <= paths
    for address, tree in seen.items():
        for link in found(tree, "href") if tree is not None else ():
            page, anchor = urldefrag(urljoin(address, link))
            if anchor and (target := seen.get(page)) is not None:
                assert unquote(anchor) in found(target, "id"), link


def test_what_needs_the_live_site_leads_there(context: Workspace, out: Path) -> None:
    assert write(context, out) == 0
    page = html.document_fromstring((out / "issues/index.html").read_text("utf-8"))
    assert page.xpath("//form/@action") == [f"{BASE}/search"]
    assert {f"{BASE}/signup", f"{BASE}/issues?lang=en"} <= {*found(page, "href")}
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{BASE}/issues"]
    assert page.get("lang") == "uk"


def test_the_brand_comes_along(context: Workspace, out: Path) -> None:
    assert write(context, out) == 0
    files = contents(out)
    assert b"--band: #0b4f9c" in files["brand.css"]
    cards = {name for name in files if name.endswith("card.png")}
    assert cards == {"card.png", *(f"issues/{week}/card.png" for week in WEEKS)}
    page = html.document_fromstring(files[f"issues/{WEEKS[0]}/index.html"])
    card = next(one.get("content") for one in page.iter("meta") if one.get("property") == "og:image")
    assert card == f"{BASE}/issues/{WEEKS[0]}/card.png", "other sites need its whole address"
    logo = next(one.get("src", "") for one in page.iter("img"))
    assert (out / f"issues/{WEEKS[0]}" / logo).resolve().read_bytes().startswith(b"\x89PNG")


def test_below_a_path_the_same_files_come_out(
    context: Workspace, out: Path, tmp_path: Path, serve: str
) -> None:
    settings = context.root / "newsletter.yaml"
    settings.write_text(settings.read_text("utf-8").replace(BASE, "https://auc.org.ua/news"), "utf-8")
    assert write(context, tmp_path / "public") == 0
    crawl(serve, "/")
    page = html.document_fromstring((out / "issues/index.html").read_text("utf-8"))
    assert page.xpath("//form/@action") == ["https://auc.org.ua/news/search"]


def test_written_again_nothing_changes(
    context: Workspace, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(context, out) == 0
    first = contents(out)
    capsys.readouterr()
    assert write(context, out, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"issues": 3, "files": len(first) - 1, "changed": 0, "removed": 0}
    assert contents(out) == first


def test_a_page_that_is_no_more_goes_and_other_files_stay(context: Workspace, out: Path) -> None:
    assert write(context, out) == 0
    (out / "CNAME").write_text("news.example.org", "utf-8")
    gone = WEEKS[-1]
    with writing(context.database) as connection:
        issues.change_state(connection, str(gone), IssueState.CANCELLED, among=list(IssueState))
    assert write(context, out) == 0
    assert not (out / f"issues/{gone}").exists()
    assert not (out / "issues/page").exists()
    assert (out / "CNAME").exists()


def test_a_folder_of_something_else_is_refused_in_words(
    context: Workspace, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out.mkdir()
    (out / "index.html").write_text("mine", "utf-8")
    assert write(context, out) == 2
    assert "is not empty" in capsys.readouterr().err


def test_an_empty_archive_can_be_written_too(context: Workspace, out: Path) -> None:
    with writing(context.database) as connection:
        for closing in WEEKS:
            issues.change_state(connection, str(closing), IssueState.CANCELLED, among=list(IssueState))
    assert write(context, out) == 0
    assert "Ще жодного випуску" in (out / "index.html").read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_a_clear_error(
    context: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    assert write(context, tmp_path / "file/below") == 1
    assert "cannot be written" in capsys.readouterr().err
