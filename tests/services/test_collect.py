"""Collecting: this week's news of every source, each once, into the inbox; no source holds up another."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from newsletter import fetching
from newsletter.cli import run
from newsletter.config.parts import CollectEntry, Imap
from newsletter.errors import ConfigError, ContentError
from newsletter.services import Workspace, inbox, jobs, open_workspace
from newsletter.services import collect as collecting
from newsletter.services.collect import Collected, add_link, collect, look
from newsletter.services.editing.files import Desk
from newsletter.services.editing.history import Author
from tests.imap import Imap as Mailbox
from tests.imap import running
from tests.site import Reply, Site, serving

NOW = datetime(2025, 2, 14, 13, tzinfo=UTC)


def item(title: str, path: str, days: int = 1, text: str = "Громади отримають автобуси.") -> str:
    moment = format_datetime(NOW - timedelta(days=days))
    return (
        f"<item><title>{title}</title><link>https://mon.gov.ua{path}</link><pubDate>{moment}</pubDate>"
        f"<description>{text}</description></item>"
    )


def rss(*items: str) -> str:
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>МОН</title>{"".join(items)}</channel></rss>'
    )


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


def sources(press: Workspace, *entries: CollectEntry) -> Workspace:
    """Open the workspace with these sources."""
    return Workspace(press.root, press.settings.model_copy(update={"collect": entries}))


def titles(workspace: Workspace) -> list[str]:
    return sorted(one.title for one in inbox.waiting(workspace))


def run_once(workspace: Workspace, site: Site) -> list[Collected]:
    return collect(workspace, fetcher=site.fetcher)


def test_a_feed_brings_what_is_of_this_week_and_of_its_matter_once(press: Workspace, site: Site) -> None:
    site.put(
        "/rss",
        rss(
            item("Шкільні автобуси для громад", "/bus?utm_source=rss"),
            item("Шкільні автобуси для громад!", "/bus-again"),
            item("Торішня новина", "/old", days=20),
            item("Спорт", "/sport", text="Про футбол."),
        ),
        ETag='"1"',
    )
    feed = CollectEntry.model_validate({"feed": site.url("/rss"), "section": "social", "match": "автобус"})
    workspace = sources(press, feed)
    [first] = run_once(workspace, site)
    assert (len(first.new), first.old, first.unmatched, first.known, first.failed) == (1, 1, 1, 1, "")
    [found] = inbox.waiting(workspace)
    assert found.fields
    assert (found.title, found.link) == (
        "Шкільні автобуси для громад",
        "https://mon.gov.ua/bus?utm_source=rss",
    )
    assert (found.fields.sections, found.fields.date) == (("social",), "2025-02-13")
    assert (found.fields.text.strip(), found.source) == ("Громади отримають автобуси.", site.url("/rss"))
    assert run_once(workspace, site) == [Collected(site.url("/rss"))], "nothing has changed"
    assert site.asked[-1][2]["if-none-match"] == '"1"'
    inbox.dismiss(Desk(workspace, Author()), found.name)
    site.put(
        "/rss", rss(item("Шкільні автобуси для громад", "/bus"), item("Новий автобус", "/new")), ETag='"2"'
    )
    [third] = run_once(workspace, site)
    assert (third.new, third.known, titles(workspace)) == (["novyi-avtobus"], 1, ["Новий автобус"])


def test_a_page_brings_its_feed_or_itself_and_offers_its_picture(press: Workspace, site: Site) -> None:
    site.put("/site", '<html><link rel="alternate" type="application/rss+xml" href="/rss"><p>Сайт')
    site.put("/rss", rss(item("Гранти для шкіл", "/grants")))
    page = '<meta property="og:title" content="Новий закон"><meta property="og:image" content="/law.jpg">'
    site.put("/law", f'{page}<meta property="og:image:alt" content="Зала"><p>{"Рада ухвалила закон. " * 6}')
    workspace = sources(press, *(CollectEntry(page=site.url(path)) for path in ("/site", "/law")))
    assert [one.failed for one in run_once(workspace, site)] == ["", ""]
    assert titles(workspace) == ["Гранти для шкіл", "Новий закон"]
    text = (press.root / "inbox/novyi-zakon.md").read_text("utf-8")
    assert "picture_from:" in text
    assert site.url("/law.jpg") in text
    assert "Зала" in text
    assert look(workspace, site.url("/law"), fetcher=site.fetcher).text.startswith("Рада ухвалила закон.")
    with pytest.raises(ContentError, match="cannot be read"):
        look(workspace, site.url("/nosuch"), fetcher=site.fetcher)
    site.put("/bus", "<title>Шкільні автобуси</title><p>Пояснили, як купити.")
    desk = Desk(workspace, Author())
    assert add_link(desk, site.url("/bus"), fetcher=site.fetcher) == "shkilni-avtobusy"
    assert add_link(desk, site.url("/bus"), fetcher=site.fetcher) is None


def test_what_robots_txt_forbids_is_not_fetched(press: Workspace, site: Site) -> None:
    site.put("/robots.txt", "User-agent: newsletter\nDisallow: /private\n")
    site.put("/rss", rss(item("Гранти", "/grants")))
    site.put("/private/rss", rss(item("Таємне", "/secret")))
    workspace = sources(press, *(CollectEntry(feed=site.url(path)) for path in ("/rss", "/private/rss")))
    found = run_once(workspace, site)
    assert [bool(one.failed) for one in found] == [False, True]
    assert "robots.txt" in found[1].failed
    assert "/private/rss" not in {path for _, path, _ in site.asked}


def test_a_folder_and_a_mailbox_of_forwarded_news_are_read(
    press: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (press.root / "news").mkdir()
    note = press.root / "news/note.txt"
    note.write_text("Семінар для громад\n\nУ Києві. https://a.example/seminar.\n", "utf-8")
    monkeypatch.setenv("NEWSLETTER_COLLECT_PASSWORD", "geheim")
    with running(Mailbox()) as box:
        mail = "Subject: Fwd: Гранти\nContent-Type: text/plain; charset=utf-8\n\nПодайте заявку: https://a.example/1\n"
        box.put(mail.encode())
        imap = Imap(host="127.0.0.1", port=box.port, security="none", user="news@example.org")
        places = (CollectEntry(folder="news"), CollectEntry(imap=imap), CollectEntry(folder="../.."))
        workspace = sources(press, *places)
        found = run_once(workspace, site)
        assert [one.source for one in found] == ["news", "imap 127.0.0.1", "../.."]
        assert "no folder" in found[2].failed
        assert (box.folders["INBOX"], len(box.folders["Processed"])) == ({}, 1)
    note_in = next(one for one in inbox.waiting(workspace) if one.title.startswith("Семінар"))
    assert note_in.link == "https://a.example/seminar"
    assert "Гранти" in titles(workspace)
    assert run_once(sources(press, CollectEntry(folder="news")), site)[0].known == 1


def test_a_hundred_sources_are_read_side_by_side_whatever_ten_of_them_do(
    press: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 8.0)  # a busy machine serves the other ninety in time
    feeds = []
    for number in range(100):
        path = f"/feed/{number}"
        site.put(
            path,
            rss(item(f"Новина{number} про школу{number} і місто{number}", f"/{number}")),
        )
        if number % 10 == 0:
            site.replies[path] = Reply(hangs=True)
        feeds.append(CollectEntry(feed=site.url(path)))
    found = run_once(sources(press, *feeds), site)
    assert sum(bool(one.failed) for one in found) == 10
    assert sum(len(one.new) for one in found) == 90


def test_sources_of_newsletter_yaml_are_checked(press: Workspace) -> None:
    file: Path = press.root / "newsletter.yaml"
    text = file.read_text("utf-8")
    for wrong in ("{feed: https://a.example/rss, page: https://a.example/}", "{section: social}", "{feed: ftp://a}",
                  "{feed: https://a.example/rss, section: nosuch}"):  # fmt: skip
        file.write_text(f"{text}\ncollect:\n  - {wrong}\n", "utf-8")
        with pytest.raises(ConfigError, match="collect"):
            open_workspace(press.root)


def test_a_command_and_a_job_collect(press: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    (press.root / "news").mkdir()
    (press.root / "news/note.md").write_text("# Семінар\n\nУ Києві.\n", "utf-8")
    file: Path = press.root / "newsletter.yaml"
    file.write_text(
        file.read_text("utf-8") + "\ncollect:\n  - {folder: news}\n  - {folder: nosuch}\n", "utf-8"
    )
    assert run(["-C", str(press.root), "collect"]) == 1
    said = capsys.readouterr()
    assert "news: 0 new items; 1 older" in said.out or "news: 1 new item" in said.out
    assert "nosuch: there is no folder" in said.err
    job = jobs.start(open_workspace(press.root), "collect", {}, "Олена")
    assert (job.kind, bool(job.place)) == ("collect", True)


def test_of_a_very_long_feed_some_are_taken_at_a_time(
    press: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "_MOST", 3)
    names = ("Автобуси", "Гранти", "Укриття", "Лікарні", "Дороги")
    site.put("/rss", rss(*(item(f"{name} для громад області", f"/{name}") for name in names)), ETag='"1"')
    workspace = sources(press, CollectEntry(feed=site.url("/rss")))
    [first] = run_once(workspace, site)
    site.replies["/rss"].headers["ETag"] = '"2"'
    [second] = run_once(workspace, site)
    assert (len(first.new), len(second.new), second.known) == (3, 2, 3)
