"""Each fault of a rendered edition is found, and one without faults is left alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from newsletter.checks.markup import markup
from newsletter.config import Settings
from newsletter.errors import Severity
from newsletter.model import Block, Edition, Image, Item, Rendered
from newsletter.slots import PREFERENCES, UNSUBSCRIBE, VIEW, slot
from tests.drawn import image

ERROR, WARNING = Severity.ERROR, Severity.WARNING
BASE = "https://news.example.org"
LINKS = [f"{BASE}/{name.lower()}/{slot(name)}" for name in (UNSUBSCRIBE, PREFERENCES, VIEW)]
HTML = f"""<!doctype html><html lang="uk"><head><title>Робота громад</title>
<style>@media (prefers-color-scheme:dark){{.t{{color:#e6e9ed}}}}</style></head><body>
<!--[if mso]><table><tr><td background-color="#ffffff"><![endif]-->
<h1>Робота громад</h1><p><a href="#top">ТОП</a></p>
<h2 id="top">ТОП</h2><h3>Форум
громад</h3><p>Текст.</p><a href="https://auc.org.ua/forum">Більше</a>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">
<p>{" · ".join(f'<a href="{link}">Посилання</a>' for link in LINKS)}</p>
<p><a href="mailto:a@auc.org.ua">Лист</a></p>
</body></html>"""
TEXT = "\n".join(
    ["РОБОТА ГРОМАД", "", "ТОП", "", "Форум громад", "Текст.", "Більше:", "https://auc.org.ua/forum"]
    + [f"Посилання:\n{link}" for link in LINKS]
    + ["Лист"]
)


@pytest.fixture
def edition(settings: Settings, make_item: Callable[..., Item]) -> Edition:
    return Edition(key="0" * 16, blocks=(Block(section=settings.model_sections[0], items=(make_item(),)),))


def page(html: str = HTML, text: str = TEXT) -> Rendered:
    """Return a rendered edition of these two parts."""
    return Rendered(edition="0" * 16, subject="Робота громад", html=html, text=text, sha256="")


def test_a_good_edition_has_no_findings(edition: Edition) -> None:
    assert markup(page(), edition) == []


@pytest.mark.parametrize(
    ("kilobytes", "severities"), [(79, []), (80, [WARNING]), (89, [WARNING]), (90, [ERROR])]
)
def test_size_is_counted_in_bytes(edition: Edition, kilobytes: int, severities: list[Severity]) -> None:
    filler = "ї" * ((kilobytes * 1024 - len(HTML.encode()) - 7) // 2)
    html = HTML.replace("</body>", f"<p>{filler}</p>".ljust(len(filler) + 7) + "</body>")
    html += " " * (kilobytes * 1024 - len(html.encode()))
    assert len(html.encode()) == kilobytes * 1024
    found = [problem for problem in markup(page(html), edition) if problem.code.startswith("html-")]
    assert [problem.severity for problem in found] == severities


@pytest.mark.parametrize(
    ("old", "new", "severity", "words"),
    [
        ("<p>Текст.</p>", "<mj-foo>Текст.</mj-foo>", ERROR, "<mj-foo> was not rendered"),
        (' lang="uk"', "", WARNING, "names no language"),
        (' lang="uk"', ' lang="und"', WARNING, "names no language"),
        ("<title>Робота громад</title>", "<title> </title>", WARNING, "has no title"),
        ("data:image/gif", "https://auc.org.ua/logo.gif?", WARNING, "<img> loads something"),
        ("data:image/gif", "//auc.org.ua/logo.gif?", WARNING, "<img> loads something"),
        ("<h2 ", "<h2 style=\"background:url('https://a.ua/b.png')\" ", WARNING, "<h2> loads something"),
        ("<style>", "<style>@import 'https://fonts.ua/a.css';", WARNING, "<style> loads something"),
        ("</title>", "</title><link rel='stylesheet' href='https://a.ua/a.css'>", WARNING, "<link> loads"),
        ("<table>", '<v:fill src="https://a.ua/a.png" />', WARNING, "an Outlook comment loads something"),
        (' alt=""', "", WARNING, "has no alt text"),
        ('id="top"', 'id="other"', WARNING, "the link #top has no target"),
        ("mailto:", "javascript:", ERROR, "is neither a web nor a mail address"),
        ('"https://auc.org.ua/forum"', '"#top"', ERROR, "the HTML lacks a link of the text"),
        (
            "<p>Текст",
            '<p><a href="https://auc.org.ua/x">Більше</a></p><p>Текст',
            ERROR,
            "the text lacks a link of the HTML",
        ),
        ("<p>Текст", "<h3>Зайве</h3>Текст", ERROR, "the text lacks a heading of the HTML: зайве"),
        ("Форум\nгромад", "Форум", ERROR, "the HTML lacks a heading: Форум громад"),
    ],
)
def test_a_fault_of_the_html_is_found_once(
    edition: Edition, old: str, new: str, severity: Severity, words: str
) -> None:
    assert old in HTML
    (problem,) = markup(page(HTML.replace(old, new)), edition)
    assert problem.severity == severity
    assert words in problem.text
    assert problem.hint


@pytest.mark.parametrize("link", LINKS)
def test_a_letter_without_one_of_the_reader_s_own_links_is_refused(edition: Edition, link: str) -> None:
    without = markup(
        page(HTML.replace(f'<a href="{link}">Посилання</a>', ""), TEXT.replace(link, "")), edition
    )
    assert [problem.severity for problem in without] == [ERROR, ERROR]
    assert {problem.text.split(" has no ")[0] for problem in without} == {"the HTML", "the text"}


@pytest.mark.parametrize(
    ("old", "new", "severity", "words"),
    [
        ("Форум громад", "Форум", ERROR, "the text lacks a heading of the HTML: форум громад"),
        ("https://auc.org.ua/forum", "", ERROR, "the text lacks a link of the HTML"),
        ("Текст.", "Текст. https://auc.org.ua/y.", ERROR, "the HTML lacks a link of the text"),
        ("Текст.", "Текст" + "." * 80, WARNING, "the text has lines of more than 78 characters"),
    ],
)
def test_a_fault_of_the_text_is_found_once(
    edition: Edition, old: str, new: str, severity: Severity, words: str
) -> None:
    assert old in TEXT
    (problem,) = markup(page(text=TEXT.replace(old, new)), edition)
    assert problem.severity == severity
    assert words in problem.text


def test_a_heading_that_is_wrapped_in_the_text_is_the_same_heading(edition: Edition) -> None:
    assert markup(page(text=TEXT.replace("Форум громад", "Форум\n    громад")), edition) == []


def test_a_long_address_is_not_a_long_line(edition: Edition) -> None:
    link = "https://auc.org.ua/forum"
    long = link + "/дуже-довга-адреса" * 5
    assert markup(page(HTML.replace(link, long), TEXT.replace(link, long)), edition) == []


def test_a_fault_in_an_item_s_own_words_names_the_item(
    edition: Edition, settings: Settings, make_item: Callable[..., Item]
) -> None:
    item = make_item(text="Див. [постанову](ftp://kmu.gov.ua/1)")
    edition = Edition(key="1" * 16, blocks=(Block(section=settings.model_sections[0], items=(item,)),))
    html = HTML.replace("Текст.", '<a href="ftp://kmu.gov.ua/1">Текст</a>.')
    (problem,) = markup(page(html), edition)
    assert problem.at == item.at


def test_an_address_written_out_in_both_parts_needs_no_link(edition: Edition) -> None:
    words = "Див. https://auc.org.ua/x."
    assert markup(page(HTML.replace("Текст.", words), TEXT.replace("Текст.", words)), edition) == []


def test_an_empty_page_is_an_error_and_not_a_crash(edition: Edition) -> None:
    (problem,) = markup(page(""), edition)
    assert problem.severity == ERROR


def with_pictures(*images: Image, source: str = "cid:{}") -> Rendered:
    shown = "".join(f'<img src="{source.format(one.cid)}" alt="Парк">' for one in images)
    return replace(page(HTML.replace("<p>Текст.</p>", f"<p>Текст.</p>{shown}")), pictures=images)


def test_pictures_that_the_message_carries_or_our_site_has_are_no_finding(edition: Edition) -> None:
    one = image()
    assert markup(with_pictures(one), edition) == []
    assert markup(with_pictures(one, source=f"{BASE}/pictures/{one.name}"), edition) == []


@pytest.mark.parametrize("source", ["cid:{}x", "CID:nothing@pictures"])
def test_a_picture_that_the_message_does_not_carry_is_an_error(edition: Edition, source: str) -> None:
    (problem,) = markup(with_pictures(image(), source=source), edition)
    assert problem.severity is ERROR
    assert "is no picture of the message" in problem.text
    assert "item.picture.src" in problem.hint


@pytest.mark.parametrize(
    ("bytes_", "severities"),
    [(300_000, []), (300_001, [WARNING]), (1_000_000, [WARNING]), (1_000_001, [ERROR])],
)
def test_all_pictures_of_a_message_have_a_budget(
    edition: Edition, bytes_: int, severities: list[Severity]
) -> None:
    first = image(b"a" * 100_000)
    found = markup(with_pictures(first, image(b"b" * (bytes_ - 100_000))), edition)
    assert [problem.severity for problem in found] == severities
