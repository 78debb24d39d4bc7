"""Copies of what is published: never of yesterday's archive, never in another's language, and made once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient
from jinja2 import Template

from newsletter.model import IssueState
from newsletter.services import Workspace
from newsletter.store import issues
from newsletter.store.db import writing
from newsletter.web.readers.archive import page_cache
from tests import press

ISSUE = f"/issues/{press.CLOSING}"
BEFORE = press.CLOSING - timedelta(weeks=1)
LISTS = (
    "/",
    "/issues",
    "/sections/social",
    "/sections/social/feed.json",
    "/feed.xml",
    "/feed.json",
    "/sitemap.xml",
)
ITEMS = [press.item("Житло")]


@pytest.fixture(autouse=True)
def earlier(context: Workspace) -> None:
    """Have one issue in the archive."""
    press.publish(context.database, press.issue(BEFORE, ITEMS))


@contextmanager
def made(site: Flask) -> Iterator[list[str]]:
    """Collect the names of the templates that are used in the block."""
    names: list[str] = []

    def note(_sender: Flask, template: Template, **_more: object) -> None:
        names.append(template.name or "")

    with template_rendered.connected_to(note, site):
        yield names


@pytest.mark.parametrize("address", LISTS)
def test_an_issue_is_shown_once_it_leaves_and_no_more_once_it_is_cancelled(
    context: Workspace, client: FlaskClient, address: str
) -> None:
    before = client.get(address)
    press.approve(context.database, press.issue(press.CLOSING, ITEMS))
    assert client.get(address).data == before.data
    with writing(context.database) as connection:
        issues.begin(connection, str(press.CLOSING), "outbox", context.now())
    shown = client.get(address, headers={"If-None-Match": before.headers["ETag"]})
    assert shown.status_code == 200
    assert ISSUE in shown.text
    with writing(context.database) as connection:
        issues.change_state(connection, str(press.CLOSING), IssueState.CANCELLED, among=list(IssueState))
    assert client.get(address).data == before.data


def test_the_page_of_an_issue_comes_and_goes_with_it_and_so_do_links_to_it(
    context: Workspace, client: FlaskClient
) -> None:
    assert client.get(ISSUE).status_code == 404
    assert ISSUE not in client.get(f"/issues/{BEFORE}").text
    press.publish(context.database, press.issue(press.CLOSING, ITEMS))
    assert client.get(ISSUE).status_code == 200
    assert ISSUE in client.get(f"/issues/{BEFORE}").text
    with writing(context.database) as connection:
        issues.change_state(connection, str(press.CLOSING), IssueState.CANCELLED, among=list(IssueState))
    assert client.get(ISSUE).status_code == 404
    assert ISSUE not in client.get(f"/issues/{BEFORE}").text


def test_each_page_has_a_copy_of_its_own(context: Workspace, client: FlaskClient) -> None:
    press.publish(context.database, press.issue(press.CLOSING, [press.item("Школи", section="old")]))
    addresses = [ISSUE, f"/issues/{BEFORE}", "/sections/social", "/sections/old"]
    for _ in range(2):
        for address in addresses:
            canonical = f'rel="canonical" href="{context.settings.base_url}{address}"'
            assert canonical in client.get(address).text


def test_a_page_is_made_once_in_each_language_it_is_asked_for(site: Flask, client: FlaskClient) -> None:
    asked = [("/issues", "uk"), ("/issues", "en"), ("/issues?lang=en", "uk"), ("/issues?lang=uk", "en")]
    with made(site) as names:
        first = [client.get(address, headers={"Accept-Language": browser}) for address, browser in asked]
        again = [client.get(address, headers={"Accept-Language": browser}) for address, browser in asked]
    assert names == ["issues.html"] * 4
    assert [answer.data for answer in again] == [answer.data for answer in first]
    assert len({answer.data for answer in first}) == 4, "a page with ?lang= leads on in that language"
    spoken = [answer.text.partition('<html lang="')[2][:2] for answer in again]
    assert spoken == ["uk", "en", "en", "uk"]


def test_what_a_visitor_adds_to_an_address_comes_back_to_that_visitor_only(
    site: Flask, client: FlaskClient
) -> None:
    plain = client.get("/issues")
    with made(site) as names:
        assert "?utm=x&amp;lang=en" in client.get("/issues?utm=x").text
        assert client.get("/issues").data == plain.data
        assert client.get("/issues?utm=x").status_code == 200
    assert names == ["issues.html"] * 2, "addresses that visitors make up are not kept"


def test_a_copy_answers_as_the_page_did(client: FlaskClient) -> None:
    first, again, head = client.get("/issues"), client.get("/issues"), client.head("/issues")
    assert dict(first.headers) == dict(again.headers) == dict(head.headers)
    assert (head.status_code, head.data) == (200, b"")
    known = client.get("/issues", headers={"If-None-Match": first.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")
    assert client.head("/issues", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_only_so_many_copies_are_kept_and_those_asked_for_last(
    site: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_cache, "_MOST", 2)
    for address in ("/", "/issues", "/", "/feed.xml"):
        client.get(address)
    with made(site) as names:
        for address in ("/", "/feed.xml", "/issues"):
            client.get(address)
    assert names == ["issues.html"]


def test_a_change_of_the_settings_is_on_every_page_at_once_and_a_fault_changes_none(
    context: Workspace, client: FlaskClient
) -> None:
    assert all("Асоціація міст України" in client.get(address).text for address in ("/", "/issues"))
    file = context.root / "newsletter.yaml"
    text = file.read_text(encoding="utf-8").replace("Асоціація міст України", "Спілка громад")
    file.write_text(text, encoding="utf-8")
    for address in ("/", "/issues", "/link"):
        page = client.get(address).text
        assert "Спілка громад" in page
        assert "Асоціація міст України" not in page
    file.write_text(text.replace("Спілка громад", "Нова спілка") + "\nfoo: [", encoding="utf-8")
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Спілка громад" in answer.text
