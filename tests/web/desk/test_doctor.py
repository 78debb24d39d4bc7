"""The page that says whether mail will arrive: looked at without the network, then examined by a job."""

import re

import pytest
from flask.testing import FlaskClient

from newsletter.doctor import Level, as_stored, passed, warned
from newsletter.doctor.providers import REQUIREMENTS
from newsletter.errors import Message
from newsletter.services import Workspace, doctor, jobs
from newsletter.services.jobs.kinds import Request
from newsletter.store import jobs as stored
from newsletter.store.db import writing
from newsletter.store.jobs import Progress, State
from tests.web.desk.visit import send

PAGE = "/desk/doctor?lang=uk"


def test_it_shows_what_can_be_known_without_the_network_and_every_requirement_in_ukrainian(
    client: FlaskClient,
) -> None:
    page = client.get(PAGE).text
    assert "без запитів у мережу" in page
    assert "<code>backup</code>" in page
    table = page[page.index("Чого вимагають") :]
    texts = re.findall(r'<th scope="row">(.*?)</th>', table)
    assert len(texts) == len(REQUIREMENTS)
    assert all(re.search("[а-яі]", text) for text in texts)
    assert "0,3 %<" in table
    assert all(name in table for name in ("Gmail", "Yahoo", "Outlook.com", "Apple", "ukr.net"))


def test_the_button_asks_for_a_job_whose_results_the_page_then_shows(
    client: FlaskClient, context: Workspace
) -> None:
    assert send(client, "/desk/doctor", {}).status_code == 303
    assert "Перевірка триває" in client.get(PAGE).text
    (job,) = jobs.jobs(context, kind="doctor")
    text = Message("the newest backup is %(days)s days old", days=9)
    results = [warned("ptr", text, "See why no newer one is made."), passed("spf", "names us")]
    found = {"results": [as_stored(one) for one in results]}
    with writing(context.database) as connection:
        taken = stored.take(connection, ["doctor"], "here:1", context.now())
        assert taken
        stored.end(connection, taken, State.DONE, context.now(), progress=Progress(), result=found)
    page = client.get(PAGE).text
    assert "Перевірка триває" not in page
    assert page.index("найновішій резервній копії 9") < page.index("names us"), "what is doubtful is first"
    assert "the newest backup" not in page
    row = page[page.index("SPF називає сервер") :]
    assert "гаразд" in row[: row.index("</tr>")]
    assert job.id == taken.id


def test_the_job_reports_how_far_it_is(context: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_online", lambda *_: [])  # nothing is asked of the internet here
    told: list[str] = []
    request = Request(
        workspace=context, arguments={}, by="", tell=lambda _done, _of, words: told.append(words)
    )
    results = doctor.examine_job(request)["results"]
    assert told[0] == "database"
    assert {one["level"] for one in results} <= {level.value for level in Level}
