"""Feeds as programs read them: Atom by RFC 4287, JSON Feed 1.1, the sitemap, and who may ask for what."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from lxml import etree
from lxml.html import fragment_fromstring

from newsletter.services import Workspace
from newsletter.web.readers.app import create_site
from tests import press

BASE = "https://news.example.org"
ATOM = {"a": "http://www.w3.org/2005/Atom"}
BEFORE = press.CLOSING - timedelta(weeks=1)
ITEMS = [
    press.item(
        "Житло & «гроші» <b>", "Про **субсидії**: 1 < 2.", name="flats", link="https://auc.org.ua/a?b=1&c=2"
    ),
    press.item("Школи", section="education", name="schools"),
]
FEEDS = ["/feed", "/sections/social/feed"]


@pytest.fixture
def filled(context: Workspace, client: FlaskClient) -> FlaskClient:
    """Fill the archive with two issues."""
    press.publish(context.database, press.issue(BEFORE, ITEMS[1:]))
    press.publish(context.database, press.issue(press.CLOSING, ITEMS))
    return client


def atom(client: FlaskClient, address: str) -> etree._Element:
    """Return a feed that has what RFC 4287 demands."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = etree.fromstring(answer.data)
    assert feed.tag == f"{{{ATOM['a']}}}feed"
    for holder in (feed, *feed.iterfind("a:entry", ATOM)):
        for name in ("id", "title", "updated"):  # §4.1.1, §4.1.2: exactly one of each
            assert len(holder.findall(f"a:{name}", ATOM)) == 1, name
        assert urlsplit(text(holder, "id")).scheme == "https"  # §4.2.6: an absolute IRI
        assert datetime.fromisoformat(text(holder, "updated")).tzinfo  # §3.3
        assert [link.get("rel") for link in holder.findall("a:link", ATOM)].count("alternate") == 1
        assert all((link.get("href") or "").startswith("https://") for link in holder.findall("a:link", ATOM))
    assert text(feed, "author/a:name")  # §4.1.1: of the feed, or of every entry
    assert feed.xpath("a:link[@rel='self']/@href", namespaces=ATOM) == [f"{BASE}{address}"]
    ids = [text(entry, "id") for entry in feed.iterfind("a:entry", ATOM)]
    assert len(ids) == len(set(ids))
    return feed


def json_feed(client: FlaskClient, address: str) -> dict[str, object]:
    """Return a feed that has what JSON Feed 1.1 demands."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/feed+json"
    feed: dict[str, object] = json.loads(answer.data)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert feed["feed_url"] == f"{BASE}{address}"
    assert isinstance(feed["items"], list)
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert "content_html" in item
        assert datetime.fromisoformat(item["date_published"]).tzinfo
    return feed


def text(holder: etree._Element, name: str) -> str:
    return holder.findtext(f"a:{name}", "", ATOM)


def test_atom_has_an_entry_for_each_issue_the_newest_first(filled: FlaskClient) -> None:
    feed = atom(filled, "/feed.xml")
    first, second = feed.findall("a:entry", ATOM)
    assert text(first, "id") == f"{BASE}/issues/{press.CLOSING}"
    assert text(second, "id") == f"{BASE}/issues/{BEFORE}"
    assert text(first, "title") == "Дайджест 2025-02-14"
    assert text(first, "summary") == "Що сталося за тиждень"
    assert text(first, "updated") == text(feed, "updated") == "2025-02-14T14:00:00Z"


def test_an_entry_holds_the_whole_issue_as_html(filled: FlaskClient) -> None:
    content = text(atom(filled, "/feed.xml").findall("a:entry", ATOM)[0], "content")
    shown = fragment_fromstring(content, create_parent="div")
    assert [one.text_content() for one in shown.iter("h2")] == ["Рубрика social", "Рубрика education"]
    assert [one.text_content() for one in shown.iter("h3")] == ["Житло & «гроші» <b>", "Школи"]
    assert [one.text_content() for one in shown.iter("strong")] == ["субсидії"]
    assert [one.get("href") for one in shown.iter("a")] == ["https://auc.org.ua/a?b=1&c=2"]


def test_a_section_s_feed_has_an_entry_for_each_of_its_items(filled: FlaskClient) -> None:
    (entry,) = atom(filled, "/sections/social/feed.xml").findall("a:entry", ATOM)
    assert text(entry, "id") == f"{BASE}/issues/{press.CLOSING}#flats"
    assert text(entry, "title") == "Житло & «гроші» <b>"
    assert entry.xpath("a:link[@rel='related']/@href", namespaces=ATOM) == ["https://auc.org.ua/a?b=1&c=2"]
    assert len(atom(filled, "/sections/education/feed.xml").findall("a:entry", ATOM)) == 2


def test_both_formats_say_the_same(filled: FlaskClient) -> None:
    for address in FEEDS:
        entries = atom(filled, f"{address}.xml").findall("a:entry", ATOM)
        items = json_feed(filled, f"{address}.json")["items"]
        assert isinstance(items, list)
        assert [
            (item["id"], item["title"], item["content_html"], item["date_published"]) for item in items
        ] == [tuple(text(entry, name) for name in ("id", "title", "content", "updated")) for entry in entries]


def test_feeds_of_nothing_are_feeds_too(client: FlaskClient) -> None:
    for address in FEEDS:
        assert not atom(client, f"{address}.xml").findall("a:entry", ATOM)
        assert json_feed(client, f"{address}.json")["items"] == []
    assert client.get("/sections/none/feed.xml").status_code == 404
    assert client.get("/sections/none/feed.json").status_code == 404


def test_feeds_end_after_twenty_issues_or_fifty_items(context: Workspace, client: FlaskClient) -> None:
    for closing in press.weeks(21):
        items = [press.item(f"Новина {number}") for number in range(3)]
        press.publish(context.database, press.issue(closing, items))
    assert len(atom(client, "/feed.xml").findall("a:entry", ATOM)) == 20
    assert len(atom(client, "/sections/social/feed.xml").findall("a:entry", ATOM)) == 50


def test_a_feed_is_sent_only_when_it_has_changed(filled: FlaskClient) -> None:
    for address in ("/feed.xml", "/feed.json", "/sections/social/feed.xml", "/sitemap.xml"):
        answer = filled.get(address)
        assert parsedate_to_datetime(answer.headers["Last-Modified"]) == datetime(2025, 2, 14, 14, tzinfo=UTC)
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert "Vary" not in answer.headers, "programs get the workspace's language"
        for name, known in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            again = filled.get(address, headers={name: answer.headers[known]})
            assert (again.status_code, again.data) == (304, b"")
        assert filled.get(address, headers={"Accept-Language": "en"}).data == answer.data


def test_the_sitemap_names_every_page_in_full(filled: FlaskClient) -> None:
    answer = filled.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    site = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    places = etree.fromstring(answer.data).findall("s:url", site)
    found = {place.findtext("s:loc", "", site): place.findtext("s:lastmod", "", site) for place in places}
    assert found == {
        f"{BASE}/": "2025-02-14T14:00:00Z",
        f"{BASE}/issues": "2025-02-14T14:00:00Z",
        f"{BASE}/issues/{press.CLOSING}": "2025-02-14T14:00:00Z",
        f"{BASE}/issues/{BEFORE}": "2025-02-07T14:00:00Z",
        f"{BASE}/sections/education": "2025-02-14T14:00:00Z",
        f"{BASE}/sections/social": "2025-02-14T14:00:00Z",
    }


def test_robots_are_kept_out_of_the_readers_own_pages(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    for name in ("preferences", "unsubscribe", "confirm", "view", "mine"):
        assert f"Disallow: /{name}" in lines
    assert f"Sitemap: {BASE}/sitemap.xml" in lines


def test_addresses_are_right_below_a_path_too(context: Workspace) -> None:
    context.settings = context.settings.model_copy(update={"base_url": "https://auc.org.ua/news"})
    press.publish(context.database, press.issue(press.CLOSING, ITEMS))
    client, mounted = create_site(context).test_client(), {"base_url": "https://auc.org.ua/news"}
    feed = etree.fromstring(client.get("/feed.xml", **mounted).data)
    assert text(feed, "entry/a:id") == f"https://auc.org.ua/news/issues/{press.CLOSING}"
    shown = client.get(f"/issues/{press.CLOSING}", **mounted).text
    assert f'<link rel="canonical" href="https://auc.org.ua/news/issues/{press.CLOSING}">' in shown
    assert 'href="/news/feed.xml"' in shown


def test_feeds_show_the_brand_s_icon_and_card(filled: FlaskClient) -> None:
    icon, card = "https://news.example.org/icon.png?v=", "https://news.example.org/card.png"
    atom = etree.fromstring(filled.get("/feed.xml").data)
    shown = [atom.findtext(f"a:{name}", namespaces=ATOM) or "" for name in ("icon", "logo")]
    assert shown[0].startswith(icon)
    assert shown[1] == card
    feed = filled.get("/feed.json").get_json(force=True)
    assert feed["icon"] == feed["favicon"] == shown[0]
    for address in shown:
        answer = filled.get(address.removeprefix("https://news.example.org"))
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
