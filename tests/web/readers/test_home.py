"""The first page: what the digest is, when it comes, and the newest issue once there is one."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from newsletter.services import Workspace
from newsletter.store.db import reading
from newsletter.store.schema import request
from tests import press
from tests.unbound import unbound
from tests.web.readers.forms import fields, parse, texts


def test_it_says_whose_it_is_what_comes_and_when(client: FlaskClient, context: Workspace) -> None:
    page = client.get("/?lang=uk").text
    assert texts(page, "//h1") == ["Робота громад в умовах воєнного стану"]
    assert texts(page, "//header//p[@class='house']") == ["Асоціація міст України"]
    assert "Виходить раз на тиждень: пʼятниця, 16:00." in page
    titles = [section.title for section in context.settings.sections if not section.always]
    assert parse(unbound(page)).xpath("//fieldset//label/span/text()") == titles
    assert "Школи, професійна освіта" in page
    assert "За будь-якого вибору надходить також: ТОП." in page


def test_it_leads_to_the_form_the_archive_and_the_feed(client: FlaskClient) -> None:
    links = {str(href).partition("?")[0] for href in parse(client.get("/").text).xpath("//main//a/@href")}
    assert links == {"/issues", "/feed.xml"}
    assert all(client.get(link).status_code == 200 for link in links)


def test_the_newest_issue_is_there_by_its_subject_its_dates_and_its_lead(
    client: FlaskClient, context: Workspace
) -> None:
    assert "Найновіший випуск" not in client.get("/?lang=uk").text
    items = [press.item("Школи"), replace(press.item("Житло", f"Про {'субсидії ' * 60}"), lead=True)]
    press.publish(context.database, press.issue(press.CLOSING, items))
    page = client.get("/?lang=uk").text
    (link,) = parse(page).xpath("//main//a[contains(@class, 'newest')]")
    assert link.text_content() == "Дайджест 2025-02-14"
    assert client.get(link.get("href")).status_code == 200
    assert texts(page, "//article/p")[:2] == ["8 – 14 лютого 2025 року · 2 новини", "Житло"]
    opening = texts(page, "//article/p")[2]
    assert 200 < len(opening) < 265
    assert opening.endswith("субсидії…")


def signed_up(client: FlaskClient, context: Workspace, at: datetime, **given: list[str]) -> TestResponse:
    """Fill in the form of the landing page at `at` and send it as its button does."""
    page = client.get("/?lang=uk").text
    (form,) = parse(page).xpath("//main//form")
    consent = parse(page).xpath("//input[@name='consent']/@value")
    sent = {**fields(page), "email": ["olena@example.org"], "consent": consent, **given}
    context.now = lambda: at  # type: ignore[method-assign]  # a visitor takes a while to fill it in
    return client.post(form.get("action"), data=sent)


def chosen(context: Workspace) -> list[list[str]]:
    with reading(context.database) as connection:
        return [
            sorted(details["sections"]) for details in connection.execute(select(request.c.details)).scalars()
        ]


def test_its_form_signs_up_for_all_sections_when_all_stay_ticked(
    client: FlaskClient, context: Workspace
) -> None:
    answer = signed_up(client, context, context.now() + timedelta(seconds=20))
    assert (answer.status_code, answer.location) == (303, "/signup/sent?lang=uk")
    assert chosen(context) == [["*"]]


def test_its_form_signs_up_for_the_sections_that_stay_ticked(client: FlaskClient, context: Workspace) -> None:
    later = context.now() + timedelta(seconds=20)
    assert signed_up(client, context, later, section=["social", "staff"]).status_code == 303
    assert chosen(context) == [["social", "staff"]]


def test_its_form_is_as_old_as_the_visit_though_the_page_is_kept(
    client: FlaskClient, context: Workspace
) -> None:
    client.get("/?lang=uk")  # now the page is kept
    assert signed_up(client, context, context.now() + timedelta(seconds=1)).status_code == 422
    assert signed_up(client, context, context.now() + timedelta(hours=30)).status_code == 422


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


def test_a_copy_of_it_is_not_kept_longer_than_its_form_is_valid(
    client: FlaskClient, context: Workspace
) -> None:
    first = client.get("/")
    later = context.now() + timedelta(hours=2)
    context.now = lambda: later  # type: ignore[method-assign]  # the clock of the machine goes on
    assert client.get("/", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
