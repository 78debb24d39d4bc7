"""The check at the desk: findings with their fields, mending by a button, silencing with a reason."""

import json
import re
from datetime import date

import pytest
from flask.testing import FlaskClient

from newsletter.checks.link_answers import links_of
from newsletter.services import Workspace, jobs
from newsletter.store.db import reading
from tests.sample import ROOT
from tests.sending import house
from tests.web.desk.visit import send

CLOSING = date(2025, 2, 14)
PAGE = f"/desk/{CLOSING}/check?lang=en"


@pytest.fixture
def item(context: Workspace) -> str:
    """Return the name of an item that was typed in a hurry."""
    file = next((context.root / f"issues/{CLOSING}/items").glob("*.md"))
    file.write_text(file.read_text("utf-8") + '\nПроєкт "Дія" - так.\n', encoding="utf-8")
    return file.stem


def test_what_is_mechanical_is_mended_as_it_was_shown_and_not_otherwise(
    client: FlaskClient, context: Workspace, item: str
) -> None:
    file = context.root / f"issues/{CLOSING}/items/{item}.md"
    page = client.get(PAGE).text
    assert "<ins>«</ins>" in page
    (mark,) = (one for one in re.findall(r'name="file" value="([^"]+)"', page) if item in one)
    typed = file.read_text("utf-8")
    file.write_text(typed + "\nІще.\n", encoding="utf-8")
    send(client, f"/desk/{CLOSING}/mend", {"file": mark})
    assert "Nothing was mended" in client.get(PAGE).text
    file.write_text(typed, encoding="utf-8")
    send(client, f"/desk/{CLOSING}/mend", {"file": mark})
    assert "Проєкт «Дія» – так." in file.read_text("utf-8")


def test_a_finding_is_silenced_and_shown_again(client: FlaskClient, context: Workspace, item: str) -> None:
    file = context.root / f"issues/{CLOSING}/items/{item}.md"
    finding = {"finding": "quotes-straight"}
    assert 'value="quotes-straight"' in client.get(PAGE).text
    refused = send(client, f"/desk/{CLOSING}/silence/{item}", {**finding, "reason": " "})
    assert refused.status_code == 422
    send(client, f"/desk/{CLOSING}/silence/{item}", {**finding, "reason": "так у назві <b>"})
    assert "так у назві &lt;b&gt;" in client.get(PAGE).text
    assert "quotes-straight: так у назві <b>" in file.read_text("utf-8")
    send(client, f"/desk/{CLOSING}/silence/{item}", {**finding, "again": "yes"})
    assert "silenced" not in file.read_text("utf-8")
    lost = send(client, f"/desk/{CLOSING}/silence/..%2f..%2fnewsletter", {**finding, "reason": "так"})
    assert lost.status_code in (404, 422)


def test_the_links_are_asked_by_a_button_and_what_they_answered_is_found(
    client: FlaskClient, context: Workspace, item: str
) -> None:
    assert "Ask the links" not in client.get(PAGE).text
    file = context.root / f"issues/{CLOSING}/items/{item}.md"
    file.write_text(f"{file.read_text('utf-8')}\nhttps://auc.org.ua/a\n", "utf-8")
    assert "Nobody has asked them yet." in client.get(PAGE).text
    for _ in range(2):  # while a job waits, there is no second one
        assert send(client, f"/desk/{CLOSING}/links").status_code == 303
    (job,) = jobs.jobs(context, kind="links")
    page = client.get(PAGE).text
    assert "The links will be asked in a moment." in page
    assert "Ask the links" not in page
    jobs.cancel(context, job.id, "Олена")
    href, _ = next(iter(links_of(context.issue(CLOSING)[0])))
    answers = {href: {"at": str(context.now()), "status": 404, "url": href, "moved": "", "why": ""}}
    answers[href] |= {"certificate_ends": None, "cause": None}
    (context.var / "links.json").write_text(json.dumps(answers), "utf-8")
    page = client.get(PAGE).text
    assert "1 link was asked, the oldest answer is of" in page
    assert "leads to no page: it answers 404" in page
    assert "Ask the links" in page


def test_the_theme_is_checked_and_approved_as_its_files_are_now(
    client: FlaskClient, context: Workspace
) -> None:
    house.people(context.database, 1)
    block = context.root / "templates/digest/blocks/news.mjml"
    block.parent.mkdir(parents=True)
    whole = (ROOT / "templates/digest/blocks/news.mjml").read_text("utf-8")
    assert "error" not in client.get(PAGE).text
    block.write_text(f"{whole}{{% broken %}}\n", "utf-8")
    page = client.get(PAGE).text
    assert "templates/digest/blocks/news.mjml" in page
    assert f"line {len(whole.splitlines()) + 1}" in page
    assert send(client, f"/desk/{CLOSING}/approve").status_code == 422
    block.write_text(whole.replace("{{ item.title", "№ {{ item.title"), "utf-8")
    assert "blocks/news.mjml" not in client.get(PAGE).text
    send(client, f"/desk/{CLOSING}/approve")
    with reading(context.database) as connection:
        assert "№ " in "".join(page.html for page in house.frozen_pages(connection).values())
