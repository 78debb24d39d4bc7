"""A site's own program puts news into the inbox, changes and dismisses it; two programs lose nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from newsletter.services import Workspace, inbox, journal
from newsletter.services.journal import Act
from newsletter.store.journal import Wanted
from newsletter.web.api.versions import PREFIX
from tests.web.api.conftest import Program
from tests.web.readers.people import NOW

ITEMS = f"{PREFIX}/items"


def push(program: Program, key: str = "", **item: Any) -> TestResponse:
    return program().post(ITEMS, json=item, headers={"Idempotency-Key": key} if key else {})


def test_news_waits_in_the_inbox_with_the_program_s_name(press: Workspace, program: Program) -> None:
    answer = push(
        program,
        title="Нові гранти",
        text="Для **громад**.",
        link="https://example.org/grants?utm_source=x",
        sections=["social"],
        date="2025-02-12",
    )
    assert answer.status_code == 201
    assert answer.json
    assert program().get(answer.headers["Location"]).json == answer.json
    (one,) = [one for one in inbox.waiting(press) if one.name == answer.json["name"]]
    assert one.fields
    assert (one.source, one.fields.date, one.fields.sections) == ("everything", "2025-02-12", ("social",))
    assert journal.entries(press, Wanted(did=Act.ITEM_ADDED))[0].subject == one.name
    again = push(program, title="Інша назва", link="http://www.example.org/grants")
    assert (again.status_code, again.json and again.json["detail"]) == (409, "this link is known")
    assert answer.json["name"] in {one["name"] for one in program().get(ITEMS).json["data"]}  # type: ignore[index]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"title": "a\ud800"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": 5}, "title"),
        ({"title": "a", "colour": "red"}, "colour"),
        ({"title": "a", "kind": "poem"}, "kind"),
        ({"title": "a", "lead": "yes"}, "lead"),
        ({"title": "a", "sections": ["socail"]}, "sections.0"),
        ({"title": "a", "link": "javascript:alert(1)"}, "link"),
        ({"title": "a", "date": "2025-02-30"}, "date"),
        ({"title": "a", "text": "a\x00b"}, "text"),
    ],
)
def test_what_is_wrong_in_an_item_is_named(program: Program, item: dict[str, Any], field: str) -> None:
    answer = program().post(ITEMS, data=json.dumps(item), content_type="application/json")
    assert answer.status_code == 422
    assert answer.json
    assert answer.json["problems"][0]["field"] == field


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ("{", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ("[]", "application/json", 422),
        ("null", "application/json", 422),
        ('{"title": "a"}', "text/plain", 415),
        ("title=a", "application/x-www-form-urlencoded", 415),
        (f'{{"title": "{"x" * (1 << 20)}"}}', "application/json", 413),
    ],
)
def test_a_body_that_is_no_object_of_json_is_refused(
    program: Program, body: str, kind: str, code: int
) -> None:
    answer = program().post(ITEMS, data=body, content_type=kind)
    assert (answer.status_code, answer.content_type) == (code, "application/problem+json")


def test_of_two_programs_that_change_an_item_the_second_is_told(program: Program) -> None:
    made = push(program, title="Спільна новина", link="https://example.org/shared")
    place, mark = made.headers["Location"], made.headers["ETag"]
    first = program().patch(place, json={"title": "Перша"}, headers={"If-Match": mark})
    assert (first.status_code, first.json and first.json["title"]) == (200, "Перша")
    assert first.json
    assert first.json["link"] == "https://example.org/shared"
    late = program().patch(place, json={"title": "Друга"}, headers={"If-Match": mark})
    assert late.status_code == 412
    assert program().patch(place, json={"title": "Друга"}).status_code == 428
    assert program().delete(place, headers={"If-Match": mark}).status_code == 412
    assert program().delete(place, headers={"If-Match": first.headers["ETag"]}).status_code == 204
    assert program().get(place).status_code == 404
    assert push(program, title="Знову", link="https://example.org/shared").status_code == 409


def test_a_request_that_is_sent_twice_is_done_once(press: Workspace, program: Program) -> None:
    before = inbox.number(press)
    answers = [push(program, "k-1", title="Без посилання") for _ in range(3)]
    assert inbox.number(press) == before + 1
    assert {one.status_code for one in answers} == {201}
    assert len({(one.data, one.headers["ETag"], one.headers["Location"]) for one in answers}) == 1
    assert [one.headers.get("Idempotency-Replayed") for one in answers] == [None, "true", "true"]
    other = push(program, "k-1", title="Інша")
    assert (other.status_code, other.json and other.json["problems"][0]["field"]) == (422, "Idempotency-Key")
    assert push(program, "ключ", title="Інша").status_code == 422
    assert push(program, "k-2", title="Без посилання").status_code == 201


def test_a_request_that_failed_may_be_sent_again_with_its_key(program: Program) -> None:
    assert push(program, "k-3", title="a", sections=["none"]).status_code == 422
    assert push(program, "k-3", title="a", sections=["social"]).status_code == 201


def test_an_answer_is_forgotten_after_a_day(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    first = push(program, "k-4", title="Щодня")
    monkeypatch.setenv("NEWSLETTER_NOW", (NOW + timedelta(days=1)).isoformat())
    second = push(program, "k-4", title="Щодня")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data != second.data
