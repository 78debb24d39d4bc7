"""One broken address or header costs a source no more than that."""

import asyncio

import pytest

from newsletter.collect import feeds, mails, pages
from newsletter.collect.entries import plain
from newsletter.fetched import FetchError
from tests.site import Reply, serving

BROKEN = "http://[::1"


def test_a_link_that_is_no_address_leaves_the_rest_of_a_feed() -> None:
    item = "<item><title>{}</title><link>{}</link><enclosure url='{}' type='image/png'/></item>"
    items = item.format("A", BROKEN, BROKEN) + item.format("B", "/b", "/b.png")
    found = feeds.parse(f"<rss><channel>{items}</channel></rss>".encode(), "https://x.example/feed")
    shown = [feeds.finished(one, "https://x.example/") for one in found]
    assert [(one.title, one.link, one.picture) for one in shown] == [
        ("A", "", ""),
        ("B", "https://x.example/b", "https://x.example/b.png"),
    ]


def test_a_page_with_broken_addresses_is_read_under_its_own() -> None:
    head = f"<title>T</title><link rel=canonical href='{BROKEN}'><meta property=og:image content='{BROKEN}'>"
    feed = f"<link rel=alternate type=application/rss+xml href='{BROKEN}'>"
    page = pages.parse(f"<html><head>{head}{feed}</head></html>".encode(), "https://x.example/p")
    assert (page.entry.link, page.entry.picture, page.feed) == ("https://x.example/p", "", "")


@pytest.mark.parametrize("odd", ["&#2;", "\x02", "\x1b", "\ufffe"], ids=ascii)
def test_a_character_that_xml_does_not_know_costs_a_text_no_more_than_itself(odd: str) -> None:
    assert plain(f"<p>Новина</p>{odd}текст") == "Новина текст"


@pytest.mark.parametrize(
    "header",
    ["Date: Wed, 12 Feb 99999999999999999999 10:00:00 +0200", f"To: {'(' * 5000}", f"Subject: {'=?' * 3000}"],
)
def test_a_header_that_breaks_python_s_parser_leaves_the_text_of_a_mail(header: str) -> None:
    entry = mails.parse(f"{header}\n\nNews {BROKEN}\n".encode())
    assert "News" in entry.text
    assert entry.link == ""


def test_a_mail_that_python_s_parser_cannot_take_apart_is_an_empty_entry() -> None:
    entry = mails.parse(f"Content-Type: {'(' * 5000}\nSubject: A\n\nNews\n".encode())
    assert (entry.title, entry.text) == ("", "")


def test_a_redirect_to_no_address_is_a_broken_answer() -> None:
    with serving() as site:
        site.replies["/"] = Reply(status=302, headers={"Location": BROKEN})

        async def fetch() -> None:
            async with site.fetcher("newsletter") as by:
                await by.get(site.url("/"))

        with pytest.raises(FetchError, match="broken"):
            asyncio.run(fetch())
