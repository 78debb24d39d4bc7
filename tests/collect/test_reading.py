"""What feeds, pages and mails say becomes an entry in plain words."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.collect import feeds, mails, pages
from newsletter.collect.entries import Entry, markdown, moment, plain, summary
from newsletter.collect.feeds import NotAFeedError, finished, parse
from newsletter.collect.likeness import Titles
from newsletter.collect.pages import NotAPageError
from newsletter.render.markdown import html

URL = "https://mon.gov.ua/feed"
RSS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>МОН</title>
<item><title>Шкільні &amp;laquo;автобуси&amp;raquo;</title><link>/news/bus?utm_source=rss</link>
<pubDate>Fri, 14 Feb 2025 10:00:00 +0200</pubDate>
<description>&lt;p&gt;Громади &lt;b&gt;отримають&lt;/b&gt; автобуси.&lt;/p&gt;&lt;img alt="Автобус" src="/bus.jpg"&gt;</description></item>
</channel></rss>"""
ATOM = """<?xml version="1.0" encoding="windows-1251"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>
<entry><title>Гранти</title><link rel="alternate" href="https://a.example/1"/><updated>2025-02-14T10:00:00Z</updated>
<summary>Коротко.</summary></entry></feed>"""
JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1", "title": "Гранти",
"url": "https://a.example/1", "content_text": "Коротко.", "date_published": "2025-02-14T10:00:00Z"}]}"""
MOMENT = datetime(2025, 2, 14, 10, tzinfo=UTC)


def test_an_item_of_rss_has_plain_words_its_own_link_and_the_picture_of_its_text() -> None:
    [entry] = parse(RSS.encode(), URL)
    assert finished(entry, URL) == Entry(
        title="Шкільні «автобуси»",
        link="https://mon.gov.ua/news/bus?utm_source=rss",
        text="Громади отримають автобуси.",
        published=datetime(2025, 2, 14, 8, tzinfo=UTC),
        picture="https://mon.gov.ua/bus.jpg",
        alt="Автобус",
    )


@pytest.mark.parametrize("content", [ATOM.encode("cp1251"), JSON.encode()], ids=["atom", "json"])
def test_atom_and_json_feeds_are_read_alike(content: bytes) -> None:
    [entry] = parse(content, URL)
    read = finished(entry, URL)
    assert (read.title, read.link, read.text, read.published) == (
        "Гранти", "https://a.example/1", "Коротко.", MOMENT,
    )  # fmt: skip


def test_entities_are_not_expanded_and_nothing_is_loaded() -> None:
    many = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    for kind in (many, '<!ENTITY a9 SYSTEM "file:///etc/passwd">'):
        content = RSS.replace("<rss", f"<!DOCTYPE x [{kind}]><rss").replace("Громади", "&a9;")
        for entry in parse(content.encode(), URL):
            assert len(finished(entry, URL).text) < 1000
            assert "root:" not in finished(entry, URL).text


@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=200).map(lambda text: RSS.replace("Громади", text).encode())
    )
)
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    with suppress(NotAFeedError):
        for entry in parse(content, URL):
            feeds.finished(entry, URL)
    with suppress(NotAPageError):
        pages.parse(content, URL, "text/html; charset=nosuch")
    mails.parse(content)


PAGE = """<html><head><title>Сайт</title><meta property="og:title" content="Гранти &amp; школи">
<meta property="og:image" content="/i.png"><meta property="og:image:alt" content="Школа">
<meta property="article:published_time" content="2025-02-14T12:00:00+02:00"><link rel="canonical" href="/grants">
<link rel="alternate" type="application/rss+xml" href="/rss"></head><body><main><p>Коротко.</p>
<p>Міністерство оголосило другий етап відбору шкіл, які отримають гранти на ремонт укриттів у цьому році.</p></main>"""


def test_a_page_says_what_it_is_by_open_graph_and_its_first_paragraph() -> None:
    page = pages.parse(PAGE.encode(), "https://mon.gov.ua/a?x=1")
    assert page.feed == "https://mon.gov.ua/rss"
    assert page.entry == Entry(
        title="Гранти & школи",
        link="https://mon.gov.ua/grants",
        text="Міністерство оголосило другий етап відбору шкіл, які отримають гранти на ремонт укриттів у цьому році.",
        published=MOMENT,
        picture="https://mon.gov.ua/i.png",
        alt="Школа",
    )
    bare = pages.parse("<title>Лише назва".encode("cp1251"), URL, "text/html; charset=windows-1251")
    assert (bare.entry.title, bare.entry.text, bare.entry.published) == ("Лише назва", "", None)


def test_a_forwarded_mail_has_its_subject_its_link_and_no_headers_of_the_forwarding() -> None:
    body = "---------- Forwarded message ----------\nFrom: a@b.example\nSubject: Гранти\n\nПодайте заявку: https://a.example/1.\n"
    mail = f"Subject: Fwd: FW: Гранти\nDate: Fri, 14 Feb 2025 12:00:00 +0200\nContent-Type: text/plain; charset=utf-8\n\n{body}"
    assert mails.parse(mail.encode()) == Entry(
        title="Гранти",
        link="https://a.example/1",
        text="Подайте заявку: https://a.example/1.",
        published=MOMENT,
    )


def test_a_summary_ends_at_a_sentence() -> None:
    text = "Перше речення про вул. Шевченка. Друге, «у лапках». Третє довге речення, яке не вміститься сюди."
    assert summary(text, 60) == "Перше речення про вул. Шевченка. Друге, «у лапках»."
    assert summary(text, 25) == "Перше речення про вул…"
    assert summary("Коротко.", 25) == "Коротко."


def test_words_are_shown_as_they_are() -> None:
    for text in (
        "*не* [посилання](http://a) <b>",
        "# не заголовок",
        "1. не список",
        "- не список",
        "a_b_c `x` \\",
    ):
        shown = plain(html(markdown(text)))
        assert shown == text


def test_titles_are_alike_by_their_words_or_their_letters() -> None:
    titles = Titles()
    titles.add("Уряд виділив 500 млн грн на ремонт укриттів у школах")
    assert titles.like("Уряд виділив 500 млн грн на ремонт укриттів у школах!")
    assert titles.like("Уряд виділив 500 млн гривень на ремонт укриттів у школах громад")
    assert not titles.like("Уряд виділив кошти на шкільні автобуси")
    assert not titles.like("")


def test_moments_are_read_with_and_without_a_zone() -> None:
    assert moment("2025-02-14T10:00:00") == moment("2025-02-14T12:00:00+02:00") == MOMENT
    assert moment("торік") is None


@given(
    st.lists(st.sampled_from(["<body>", "</body>", "</div>", "<html>", "</html>", "<head>", "<", "слово "]))
)
def test_markup_that_ends_its_page_and_begins_another_is_read(pieces: list[str]) -> None:
    assert plain("".join(["Новина ", *pieces])).startswith("Новина")
