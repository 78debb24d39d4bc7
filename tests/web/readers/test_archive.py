"""The archive's pages: what they show and say, addresses, copies, and a reader's letter in the browser."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html

from newsletter.links import Purpose
from newsletter.model import ClosingCall, IssueState
from newsletter.sending.freeze import Approval, freeze
from newsletter.services import Workspace
from newsletter.store import issues
from newsletter.store.db import writing
from newsletter.store.erasure import erase
from newsletter.web.readers.app import create_site
from newsletter.web.readers.archive import pages as archive
from tests import press
from tests.sample import sample
from tests.sending import house

BASE = "https://news.example.org"
ISSUE = f"/issues/{press.CLOSING}"
BEFORE = press.CLOSING - timedelta(weeks=1)
ITEMS = [
    press.item("Житло для ВПО", "Про **субсидії**.", section="social", link="https://auc.org.ua/a"),
    press.item("Школи <b>", "Про школи & вчителів.", section="old"),
]


@pytest.fixture
def filled(context: Workspace, client: FlaskClient) -> FlaskClient:
    """Fill the archive with two issues."""
    press.publish(context.database, press.issue(BEFORE, ITEMS[:1]))
    call = ClosingCall(text="Закликаємо.", hashtag="#FreeOurPeople")
    press.publish(context.database, press.issue(press.CLOSING, ITEMS, intro="Вітаємо!", call=call))
    return client


def page(client: FlaskClient, address: str, status: int = 200, **headers: str) -> html.HtmlElement:
    """Return a page that passes for what every page has to be."""
    answer = client.get(address, headers=headers)
    assert answer.status_code == status
    tree = html.document_fromstring(answer.get_data(as_text=True))
    levels = [int(one.tag[1]) for one in tree.iter("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels)), levels
    ids = [one.get("id") for one in tree.iter() if one.get("id")]
    assert len(ids) == len(set(ids)), "an id is there twice"
    assert not tree.xpath("//script | //style | //@style")
    assert not tree.xpath("//img[not(@alt) or not(starts-with(@src, '/'))]")
    assert len(answer.data) < 50 * 1024
    return tree


def words(tree: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(one.text_content().split()) for one in tree.xpath(path)]


def test_issues_are_listed_the_newest_first_with_their_sections(filled: FlaskClient) -> None:
    tree = page(filled, "/issues")
    assert words(tree, "//h1") == ["Випуски"]
    assert tree.xpath("//ol//a/@href") == [ISSUE, f"/issues/{BEFORE}"]
    assert words(tree, "//ol//a") == ["Дайджест 2025-02-14", "Дайджест 2025-02-07"]
    assert words(tree, "//ol//p[1]") == ["8 – 14 лютого 2025 року", "1 – 7 лютого 2025 року"]
    assert tree.xpath("//ul[@class='section-list']//a/@href") == ["/sections/social", "/sections/old"]
    assert words(tree, "//ul[@class='section-list']//a") == ["Соціальний захист", "Рубрика old"]


def test_an_empty_archive_says_so(client: FlaskClient) -> None:
    assert "Ще жодного випуску не надіслано" in client.get("/issues").text
    assert client.get("/search?q=житло").status_code == 200
    assert client.get("/sections/social").status_code == 200, "a section of today without items"
    for address in (ISSUE, "/sections/old", "/issues/page/2", "/sections/social/page/2"):
        assert client.get(address).status_code == 404


def test_long_lists_are_cut_into_pages_that_lead_to_each_other(
    context: Workspace, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "ISSUES", 2)
    monkeypatch.setattr(archive, "ITEMS", 2)
    for closing in press.weeks(3):
        press.publish(context.database, press.issue(closing, [press.item("Житло")]))
    first, second = page(client, "/issues"), page(client, "/issues/page/2")
    assert [len(words(tree, "//ol/li")) for tree in (first, second)] == [2, 1]
    assert (
        first.xpath("//a[@rel='next']/@href")
        == first.xpath("//link[@rel='next']/@href")
        == ["/issues/page/2"]
    )
    assert second.xpath("//a[@rel='prev']/@href") == second.xpath("//link[@rel='prev']/@href") == ["/issues"]
    assert not first.xpath("//*[@rel='prev']")
    assert not second.xpath("//*[@rel='next']")
    assert page(client, "/sections/social").xpath("//a[@rel='next']/@href") == ["/sections/social/page/2"]
    found = page(client, "/search?q=житло&page=2")
    assert found.xpath("//a[@rel='prev']/@href") == ["/search?q=%D0%B6%D0%B8%D1%82%D0%BB%D0%BE&page=1"]
    for beyond in (
        "/issues/page/1",
        "/issues/page/3",
        f"/issues/page/{'9' * 5000}",
        "/search?q=житло&page=3",
    ):
        assert client.get(beyond).status_code == 404


def test_an_issue_reads_as_it_was_approved(filled: FlaskClient) -> None:
    tree = page(filled, ISSUE)
    assert words(tree, "//h1") == ["Дайджест 2025-02-14"]
    assert words(tree, "//header[@class='masthead']/p") == [
        "Робота громад в умовах воєнного стану · 8 – 14 лютого 2025 року"
    ]
    assert words(tree, "//h2") == ["Рубрика social", "Рубрика old"]
    assert words(tree, "//h3") == ["Житло для ВПО", "Школи <b>"]
    assert tree.xpath("//article/@id") == ["житло-для-впо", "школи-<b>"]
    assert words(tree, "//article//strong") == ["субсидії"]
    assert words(tree, "//div[@class='call']") == ["Закликаємо. #FreeOurPeople"]
    (link,) = tree.xpath("//article//a")
    assert (link.text_content(), link.get("href")) == ("Житло для ВПО", "https://auc.org.ua/a")
    assert tree.xpath("//a[@rel='prev']/@href") == [f"/issues/{BEFORE}"]
    assert page(filled, f"/issues/{BEFORE}").xpath("//a[@rel='next']/@href") == [ISSUE]


def test_an_issue_tells_other_sites_what_it_is(filled: FlaskClient) -> None:
    tree = page(filled, ISSUE)
    told = {one.get("property"): one.get("content") for one in tree.xpath("//meta[@property]")}
    assert told["og:type"] == "article"
    assert told["og:title"] == "Дайджест 2025-02-14"
    assert told["og:description"] == "Що сталося за тиждень"
    assert told["og:url"] == f"{BASE}{ISSUE}"
    assert told["og:image"] == f"{BASE}{ISSUE}/card.png"
    assert told["og:image:alt"] == "Асоціація міст України: Дайджест 2025-02-14"
    assert tree.xpath("//link[@rel='canonical']/@href") == [f"{BASE}{ISSUE}"]
    assert tree.xpath("//link[@rel='alternate']/@href") == ["/feed.xml", "/feed.json"]


def test_the_page_speaks_the_visitor_s_language_and_marks_the_issue_s(filled: FlaskClient) -> None:
    tree = page(filled, ISSUE, accept_language="en")
    assert tree.get("lang") == "en"
    assert "Робота громад в умовах воєнного стану · 8–14 February 2025" in words(tree, "//header/p")
    assert set(tree.xpath("//article/@lang | //h1/@lang | //h2/@lang")) == {"uk"}
    assert not page(filled, ISSUE, accept_language="uk").xpath("//article/@lang")


def test_a_contents_names_the_sections_from_three_up(context: Workspace, client: FlaskClient) -> None:
    items = [press.item(f"Новина {slug}", section=slug) for slug in ("social", "staff", "education")]
    press.publish(context.database, press.issue(press.CLOSING, items))
    contents = page(client, ISSUE).xpath("//nav[@class='contents']//a")
    assert [link.text for link in contents] == ["Рубрика social", "Рубрика staff", "Рубрика education"]
    press.publish(context.database, press.issue(BEFORE, items[:2]))
    assert not page(client, f"/issues/{BEFORE}").xpath("//nav[@class='contents']")


def test_a_section_shows_its_items_over_all_issues_even_when_it_is_no_more(filled: FlaskClient) -> None:
    tree = page(filled, "/sections/social")
    assert words(tree, "//h1") == ["Соціальний захист"], "its title today"
    assert words(tree, "//h2") == ["Дайджест 2025-02-14", "Дайджест 2025-02-07"]
    assert words(tree, "//h2/following-sibling::p") == ["8 – 14 лютого 2025 року", "1 – 7 лютого 2025 року"]
    assert (
        tree.xpath("//article/h3/a/@href")[0]
        == f"{ISSUE}#%D0%B6%D0%B8%D1%82%D0%BB%D0%BE-%D0%B4%D0%BB%D1%8F-%D0%B2%D0%BF%D0%BE"
    )
    assert "/sections/social/feed.xml" in tree.xpath("//link[@rel='alternate']/@href")
    assert words(page(filled, "/sections/old"), "//h1") == ["Рубрика old"]
    assert filled.get("/sections/none").status_code == 404


def test_search_shows_what_was_found_and_where_the_words_stand(filled: FlaskClient) -> None:
    tree = page(filled, "/search?q=субсидія")
    assert words(tree, "//h2") == ["Знайдено 2 новини"]
    assert words(tree, "//article/p[1]") == ["Про субсидії."] * 2
    assert words(tree, "//mark") == ["субсидії"] * 2
    assert tree.xpath("//input[@name='q']/@value") == ["субсидія"]
    assert (
        words(tree, "//article//p[2]")[0] == "Рубрика social · Дайджест 2025-02-14 · 8 – 14 лютого 2025 року"
    )
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_search_escapes_before_it_marks(filled: FlaskClient) -> None:
    answer = filled.get("/search?q=<b> школи").text
    assert "<mark>Школи</mark> &lt;<mark>b</mark>&gt;" in answer
    assert 'value="&lt;b&gt; школи"' in answer


def test_search_says_in_words_what_it_lacks(filled: FlaskClient) -> None:
    assert not page(filled, "/search").xpath("//h2")
    assert words(page(filled, "/search?q=їжак"), "//h2") == ["Нічого не знайдено"]
    assert words(page(filled, "/search?q=%22%27*("), "//h2") == ["Нічого не знайдено"]
    tree = page(filled, f"/search?q={'а' * 201}", status=400)
    field = tree.xpath("//input[@name='q']")[0]
    assert words(tree, f"//*[@id='{field.get('aria-describedby')}']") == [
        "У запиті може бути щонайбільше 200 знаків."
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(query=st.text(max_size=40), number=st.text(max_size=6) | st.integers().map(str))
def test_no_query_is_an_error(filled: FlaskClient, query: str, number: str) -> None:
    assert filled.get("/search", query_string={"q": query, "page": number}).status_code in (200, 404, 429)


def test_pages_may_be_kept_and_are_not_sent_twice(filled: FlaskClient) -> None:
    for address in ("/issues", ISSUE, "/sections/social", "/search?q=житло"):
        answer = filled.get(address)
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert answer.headers["Vary"] == "Accept-Language"
        again = filled.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        english = filled.get(address, headers={"Accept-Language": "en"})
        assert english.headers["ETag"] != answer.headers["ETag"]


def letter(context: Workspace) -> str:
    """Send one reader the issue, and return the token of the letter's link to itself."""
    house.people(context.database, 1)
    press.publish(context.database, press.issue(press.CLOSING, ITEMS))
    return context.signer.token(Purpose.VIEW, 1, press.CLOSING)


def test_a_reader_sees_their_own_letter_in_the_browser(context: Workspace, client: FlaskClient) -> None:
    answer = client.get(f"/view/{letter(context)}")
    assert answer.status_code == 200
    assert "r***@city.example.org" in answer.text
    assert house.address(1) not in answer.text
    assert "QZ7" not in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_letter_stays_when_the_issue_is_cancelled(context: Workspace, client: FlaskClient) -> None:
    token = letter(context)
    with writing(context.database) as connection:
        issues.change_state(connection, str(press.CLOSING), IssueState.CANCELLED, among=list(IssueState))
    assert client.get(f"/view/{token}").status_code == 200
    assert client.get(ISSUE).status_code == 404


def test_a_letter_that_is_nobody_s_is_not_found_and_all_look_alike(
    context: Workspace, client: FlaskClient
) -> None:
    token, sign = letter(context), context.signer.token
    strangers = [
        "x",
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        sign(Purpose.PREFERENCES, 1, press.CLOSING),
        sign(Purpose.VIEW, 2, press.CLOSING),
        sign(Purpose.VIEW, 1, BEFORE),
    ]
    answers = [client.get(f"/view/{one}") for one in strangers]
    erase(context.database, house.address(1), context.signer, house.NOW)
    answers.append(client.get(f"/view/{token}"))
    assert {answer.status_code for answer in answers} == {404}
    assert len({re.sub(r"/view/[\w-]+", "", answer.text) for answer in answers}) == 1
    assert client.post(f"/view/{token}").status_code == 405


def test_the_real_digest_fits_in_a_page_and_the_links_of_its_letter_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-15T09:00:00+00:00")
    with sample() as context:
        house.people(context.database, 1)
        proof = context.proof(press.CLOSING)
        approval = Approval(by="Олена", at=house.NOW, sources={}, errors=0)
        shared = context.settings.envelope(proof.issue.name)
        freeze(context.database, proof.editions, proof.pages, shared, approval)
        with writing(context.database) as connection:
            issues.begin(connection, proof.issue.name, "outbox", house.NOW)
        client = create_site(context).test_client()
        tree = page(client, ISSUE)
        assert len(tree.xpath("//article")) == 13
        assert words(tree, "//article//p[@class='call']") == ["#FreeOurPeople"]
        shown = client.get(f"/view/{context.signer.token(Purpose.VIEW, 1, press.CLOSING)}").text
        for link in set(re.findall(rf'href="{BASE}(/[^"]+)"', shown)):
            assert client.get(link).status_code == 200, link
