"""Read a page: what it says of itself by Open Graph, its canonical link, its first sentences, its feed."""

from dataclasses import dataclass

from lxml import etree, html

from newsletter.collect.entries import LONGEST_TITLE, Entry, absolute, moment, plain

_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_WORTH = 80  # characters: a shorter paragraph is a caption, a date or a button
_BODIES = (".//article//p", ".//main//p", ".//*[@itemprop='articleBody']//p", ".//p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as an entry, and the address of the feed that it offers, if it does."""

    entry: Entry
    feed: str = ""


class NotAPageError(Exception):
    """The content is not a page."""


def parse(content: bytes, url: str, content_type: str = "") -> Page:
    """Read a page that came from `url`. Raises NotAPageError."""
    charset = content_type.partition("charset=")[2].partition(";")[0].strip(" \"'") or _utf8(content)
    try:
        try:
            root = html.document_fromstring(content, parser=html.HTMLParser(encoding=charset))
        except LookupError:  # a charset that nobody knows
            root = html.document_fromstring(content)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise NotAPageError("this is not a page") from None
    named = _named(root)
    title = named.get("og:title") or named.get("twitter:title") or _first(root, ".//title", ".//h1")
    canonical = _attribute(root, ".//link[@rel='canonical']", "href") or named.get("og:url") or url
    when = named.get("article:published_time") or _attribute(root, ".//time", "datetime")
    picture = named.get("og:image") or named.get("twitter:image") or ""
    feeds = [
        link.get("href") or ""
        for link in root.iterfind(".//link[@rel='alternate']")
        if (link.get("type") or "").lower() in _FEEDS and link.get("href")
    ]
    return Page(
        entry=Entry(
            title=plain(title)[:LONGEST_TITLE],
            link=absolute(url, canonical) or url,
            text=plain(named.get("og:description") or named.get("description") or "") or _paragraph(root),
            published=moment(when),
            picture=absolute(url, picture),
            alt=plain(named.get("og:image:alt") or ""),
        ),
        feed=absolute(url, feeds[0]) if feeds else "",
    )


def _utf8(content: bytes) -> str | None:
    """Return that content is UTF-8, which a page need not say; None where it is for the page to say."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _named(root: html.HtmlElement) -> dict[str, str]:
    """Return what the page's `meta` elements say, the first of each name."""
    found: dict[str, str] = {}
    for meta in root.iterfind(".//meta[@content]"):
        name = (meta.get("property") or meta.get("name") or "").strip().lower()
        if name and (value := (meta.get("content") or "").strip()):
            found.setdefault(name, value)
    return found


def _first(root: html.HtmlElement, *paths: str) -> str:
    return next((one.text_content() for path in paths for one in root.iterfind(path)), "")


def _attribute(root: html.HtmlElement, path: str, name: str) -> str:
    return next((one.get(name) or "" for one in root.iterfind(path)), "")


def _paragraph(root: html.HtmlElement) -> str:
    """Return the first paragraph of the main text that is long enough to say something."""
    for path in _BODIES:
        for paragraph in root.iterfind(path):
            text = " ".join(paragraph.text_content().split())
            if len(text) >= _WORTH:
                return text
    return ""
