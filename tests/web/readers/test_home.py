"""The first page: what the digest is, when it comes, and the newest issue once there is one."""

import pytest
from flask.testing import FlaskClient

from newsletter.services import Workspace
from tests import press
from tests.web.readers.forms import parse, texts


def test_it_says_what_when_and_in_which_sections(client: FlaskClient, context: Workspace) -> None:
    page = client.get("/?lang=uk").text
    assert texts(page, "//h1") == ["Робота громад в умовах воєнного стану"]
    assert "Виходить раз на тиждень: пʼятниця, 16:00." in page
    assert texts(page, "//main//li/strong") == [section.title for section in context.settings.sections]
    assert "Школи, професійна освіта" in page


def test_it_leads_to_the_form_the_archive_and_the_feed(client: FlaskClient) -> None:
    links = {str(href).partition("?")[0] for href in parse(client.get("/").text).xpath("//main//a/@href")}
    assert links == {"/signup", "/issues", "/feed.xml"}
    assert all(client.get(link).status_code == 200 for link in links)


def test_the_newest_issue_is_there_to_look_at(client: FlaskClient, context: Workspace) -> None:
    assert "Найновіший випуск" not in client.get("/?lang=uk").text
    items = [press.item("Житло"), press.item("Школи")]
    press.publish(context.database, press.issue(press.CLOSING, items))
    page = client.get("/?lang=uk").text
    (link,) = parse(page).xpath("//main//a[contains(@class, 'newest')]")
    assert link.text_content() == "8 – 14 лютого 2025 року"
    assert client.get(link.get("href")).status_code == 200
    assert "2 новини" in page


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_words_of_the_workspace_keep_their_language(client: FlaskClient, language: str) -> None:
    (heading,) = parse(client.get(f"/?lang={language}").text).xpath("//h1")
    assert heading.get("lang") == (None if language == "uk" else "uk")


def test_without_an_hour_it_says_only_how_often(client: FlaskClient, context: Workspace) -> None:
    schedule = context.settings.schedule.model_copy(update={"weekly": None})
    context.settings = context.settings.model_copy(update={"schedule": schedule})
    assert "Виходить раз на тиждень. Це безкоштовно" in " ".join(client.get("/?lang=uk").text.split())


def test_a_copy_of_it_may_be_kept_for_a_while(client: FlaskClient) -> None:
    first = client.get("/")
    assert first.cache_control.public
    again = client.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
