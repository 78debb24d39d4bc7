"""Links are asked whether they answer: ten at a time, from the public internet alone, and remembered."""

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from pkgutil import resolve_name

import pytest
import trustme

from newsletter.checks.link_answers import link_problems
from newsletter.cli import run
from newsletter.errors import Severity
from newsletter.fetching import Fetcher
from newsletter.services import Workspace, link_asking, link_check
from newsletter.services.jobs.kinds import KINDS, Interrupted, Request
from newsletter.services.link_asking import check_links
from newsletter.services.proof import prove
from tests.site import Reply, Site, addresses, is_loopback, serving

NOW = datetime(2025, 2, 14, 13, tzinfo=UTC)
DAY = NOW.date()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


def issue(press: Workspace, *links: str, text: str = "Громади.") -> Workspace:
    """Write an issue whose items lead to `links`, the first with `text`."""
    folder = press.root / f"issues/{DAY}/items"
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{number:02}-item" for number in range(len(links))]
    for number, (name, link) in enumerate(zip(names, links, strict=True)):
        words = text if number == 0 else "Громади."
        head = f"---\ntitle: Новина {number}\nsection: social\nlink: {link}\n---\n\n{words}\n"
        (folder / f"{name}.md").write_text(head, encoding="utf-8")
    order = f"subject: Робота\npreheader: {'Тиждень громад. ' * 3}\norder:\n  social: {json.dumps(names)}\n"
    (folder.parent / "issue.yaml").write_text(order, encoding="utf-8")
    return press


def findings(press: Workspace) -> list[tuple[str, str, str]]:
    """Return what is found about the links: the place, the words and the cure."""
    read, _ = press.issue(DAY)
    known = link_check.recent_answers(press)
    found = list(link_problems(read, known))
    assert all(one.severity is Severity.WARNING for one in found)
    return [(one.at.path.rpartition("/")[2] if one.at else "", one.text, one.hint) for one in found]


def test_each_kind_of_answer_is_a_finding_with_its_cure(press: Workspace, site: Site) -> None:
    for path in ("/fine", "/new", "/"):
        site.put(path, "here")
    moved = {
        "/moved": (301, "/new"),
        "/lent": (302, "/new"),
        "/lost/page": (302, "/"),
        "/slash/": (301, "/fine"),
    }
    for path, (status, to) in moved.items():
        site.replies[path] = Reply(status=status, headers={"Location": to})
    site.replies |= {"/forbidden": Reply(status=403), "/broken": Reply(status=500)}
    paths = ("/fine", "/lent", "/moved", "/lost/page", "/gone", "/forbidden", "/broken")
    inside = site.url("/", host="press.inside")
    issue(press, *map(site.url, paths), inside, text=f"Див. [сторінку]({site.url('/gone#part')}).")
    seen: list[tuple[int, int]] = []
    checked = check_links(press, DAY, fetcher=site.fetcher, progress=lambda *both: seen.append(both))
    assert (checked.links, checked.known, checked.asked, seen[-1]) == (8, 8, 8, (8, 8))
    told = findings(press)
    for name, words in [
        ("00-item.md", "/gone leads to no page: it answers 404"),
        ("02-item.md", "/moved has moved for good"),
        ("03-item.md", "/lost/page ends at the first page of a site"),
        ("04-item.md", "/gone leads to no page: it answers 404"),
        ("05-item.md", "/forbidden cannot be tested: its site answers programs 403"),
        ("06-item.md", "/broken answers with error 500"),
        ("07-item.md", "leads to no site on the public internet"),
    ]:
        assert [one for one in told if one[0] == name and words in one[1]], words
    assert len(told) == 7
    assert (
        "02-item.md",
        f"the page of the link {site.url('/moved')} has moved for good",
        f"Use {site.url('/new')}",
    ) in told
    assert [one.text for one in prove(press, DAY).problems if "/gone leads" in one.text]


def test_a_good_answer_is_not_asked_for_again_within_a_day_and_forgotten_after_a_week(
    press: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.put("/fine", "here")
    issue(press, site.url("/fine"), site.url("/gone"))
    check_links(press, DAY, fetcher=site.fetcher)

    def later(hours: int) -> list[str]:
        monkeypatch.setenv("NEWSLETTER_NOW", (NOW + timedelta(hours=hours)).isoformat())
        before = len(site.asked)
        checked = check_links(press, DAY, fetcher=site.fetcher)
        assert checked.known == 2
        return sorted(path for _, path, _ in site.asked[before:])

    assert later(2) == ["/gone"]
    assert later(30) == ["/fine", "/gone"]
    monkeypatch.setenv("NEWSLETTER_NOW", (NOW + timedelta(days=9)).isoformat())
    assert findings(press) == []


def test_at_most_ten_are_asked_at_a_time_and_no_longer_than_there_is_time(
    press: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_asking, "SECONDS", 1.0)
    names = [f"https://news{number}.example/" for number in range(15)]
    resolved: list[str] = []

    async def never(host: str) -> list[str]:
        resolved.append(host)
        await asyncio.Event().wait()
        return []

    issue(press, *names)
    checked = check_links(press, DAY, fetcher=lambda agent: Fetcher(agent, resolve=never))
    assert (checked.links, checked.known, len(resolved)) == (15, 0, 10)


def test_what_was_answered_before_a_job_is_stopped_is_kept(press: Workspace, site: Site) -> None:
    issue(press, site.url("/a"), site.url("/b"), site.url("/c"))

    def stop(done: int, _of: int) -> None:
        if done == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        check_links(press, DAY, fetcher=site.fetcher, progress=stop)
    assert len(findings(press)) == 2


def test_a_certificate_that_browsers_refuse_or_that_ends_soon_is_told(
    press: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    soon = datetime.now(UTC) + timedelta(days=3)
    authority.issue_cert("news.example", not_after=soon).configure_cert(context)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    port = server.server_address[1]

    def fetcher(agent: str) -> Fetcher:
        return Fetcher(agent, resolve=addresses, admits=is_loopback, ports={port})

    issue(press, f"https://news.example:{port}/")
    monkeypatch.setenv("NEWSLETTER_NOW", datetime.now(UTC).isoformat())
    try:
        check_links(press, DAY, fetcher=fetcher)
        assert [words for _, words, _ in findings(press)] == [
            f"browsers refuse the certificate of the link https://news.example:{port}/"
        ]
        authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        check_links(press, DAY, fetcher=fetcher)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [words for _, words, _ in findings(press)] == [
        f"the certificate of news.example ends on {soon.date()}"
    ]


def test_a_damaged_memory_counts_as_none(press: Workspace) -> None:
    issue(press, "https://auc.org.ua/a")
    press.var.mkdir(exist_ok=True)
    for content in ("", "[]", '{"https://auc.org.ua/a": {"at": "never"}}', '{"https://auc.org.ua/a": 3}'):
        (press.var / "links.json").write_text(content, encoding="utf-8")
        assert link_check.recent_answers(press) == {}


def test_the_command_asks_only_the_public_internet_and_says_what_it_knows(
    press: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    issue(press, "http://127.0.0.1:80/a")
    assert run(["-C", str(press.root), "check", "--online", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["links"] == {"links": 1, "known": 1, "since": str(NOW), "asked": 1}
    assert any("no site on the public internet" in one["text"] for one in said["findings"])
    assert run(["-C", str(press.root), "check", "--online"]) == 1
    assert "1 link, 1 asked now." in capsys.readouterr().out


def test_a_job_asks_the_links_of_its_issue(press: Workspace) -> None:
    issue(press, "http://127.0.0.1:80/a")
    told: list[tuple[int, int, str]] = []
    request = Request(
        workspace=press, arguments={"issue": str(DAY)}, by="Олена", tell=lambda *words: told.append(words)
    )
    assert resolve_name(KINDS["links"].run)(request) == {"links": 1, "known": 1, "asked": 1}
    assert told == [(1, 1, "")]
