"""Programs find, invite, change, unsubscribe and erase readers, by the rules that hold for everybody."""

from typing import Any

import pytest

from newsletter.services import Workspace, journal
from newsletter.services.letters import send_letters
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.store.journal import Wanted
from newsletter.store.schema import api_answer, letter
from newsletter.web.api.versions import PREFIX
from tests.web.api.conftest import Program
from tests.web.readers.people import stop, subscribe

KNOWN = "olena@konotop.example.org"
READERS = f"{PREFIX}/readers"


def consent(program: Program) -> str:
    answer = program().get(f"{PREFIX}/consent?language=uk")
    assert answer.json
    return str(answer.json["version"])


def find(program: Program, **query: str) -> list[dict[str, Any]]:
    answer = program().get(READERS, query_string=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["data"]  # type: ignore[index]
    return found


def test_who_signs_up_through_a_program_gets_a_letter_and_is_no_reader_yet(
    press: Workspace, program: Program
) -> None:
    version = consent(program)
    new = {"email": "New.Reader@example.org", "name": "Новий", "sections": ["social"], "consent": version}
    known = {"email": KNOWN, "consent": version}
    answers = [program().post(READERS, json=one) for one in (new, known)]
    assert [(one.status_code, one.json) for one in answers] == [(202, {"status": "asked"})] * 2
    assert find(program, email="new.reader@example.org") == []
    with reading(press.database) as connection:
        asked = connection.execute(letter.select().where(letter.c.kind == "confirm")).all()
    assert {one.email_key for one in asked} == {"new.reader@example.org", KNOWN}
    assert send_letters(press) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"consent": "000000000000"}, "consent"),
        ({"email": "no address"}, "email"),
        ({"sections": ["none"]}, "sections.0"),
        ({"fields": {"shoe": "44"}}, "fields.shoe"),
        ({"language": "xx"}, "language"),
        ({"name": "a\x00"}, "name"),
    ],
)
def test_what_is_wrong_in_a_sign_up_is_named(program: Program, change: dict[str, Any], field: str) -> None:
    answer = program().post(READERS, json={"email": "a@example.org", "consent": consent(program), **change})
    assert answer.status_code == 422
    assert answer.json
    assert answer.json["problems"][0]["field"] == field


def test_readers_are_found_and_read(press: Workspace, program: Program) -> None:
    subscribe(press, "found@example.org", name="Знайдений")
    (one,) = find(program, words="знайд")
    assert (one["email"], one["position"], one["external_id"]) == ("found@example.org", "reader", None)
    assert find(program, email="FOUND@example.org") == [one]
    answer = program().get(f"{READERS}/{one['id']}")
    assert answer.json == one
    assert answer.headers["Cache-Control"] == "no-store"
    assert program().get(f"{READERS}?segment=none").status_code == 422
    assert journal.entries(press, Wanted(did="reader seen"))[0].subject == str(one["id"])


def test_a_change_needs_the_version_that_it_changes(press: Workspace, program: Program) -> None:
    number = subscribe(press, "changed@example.org")
    place = f"{READERS}/{number}"
    mark = program().get(place).headers["ETag"]
    body = {"name": "Змінений", "fields": {"position": "мер"}}
    done = program().patch(place, json=body, headers={"If-Match": mark})
    assert done.json
    assert (done.json["name"], done.json["fields"]["position"]) == ("Змінений", "мер")
    assert done.json["fields"]["region"] == "Сумська"
    assert program().patch(place, json=body, headers={"If-Match": mark}).status_code == 412
    assert program().patch(place, json=body).status_code == 428
    wrong = program().patch(
        place, json={"fields": {"shoe": "44"}}, headers={"If-Match": done.headers["ETag"]}
    )
    assert wrong.status_code == 422


def test_who_left_through_a_program_is_not_brought_back_by_one(press: Workspace, program: Program) -> None:
    number = subscribe(press, "leaves@example.org")
    place = f"{READERS}/{number}"
    some = program().post(f"{place}/leave", json={"sections": ["none"]})
    assert some.status_code == 422
    answer = program().post(f"{place}/leave", json={}, headers={"Idempotency-Key": "leave"})
    assert answer.json == {"everything": True, "remaining": []}
    found = program().get(place)
    assert found.json
    assert found.json["position"] == "left"
    again = program().patch(place, json={"sections": ["*"]}, headers={"If-Match": found.headers["ETag"]})
    assert again.status_code == 422
    assert again.json
    assert "left every section" in again.json["detail"]


def test_an_erased_reader_is_gone_with_all_answers_about_people(press: Workspace, program: Program) -> None:
    number = subscribe(press, "erased@example.org")
    place = f"{READERS}/{number}"
    program().post(f"{place}/leave", json={}, headers={"Idempotency-Key": "before"})
    mark = program().get(place).headers["ETag"]
    assert program().delete(place).status_code == 428
    assert program().delete(place, headers={"If-Match": '"old"'}).status_code == 412
    assert program().delete(place, headers={"If-Match": mark}).status_code == 204
    assert program().get(place).status_code == 404
    with reading(press.database) as connection:
        assert people.find(connection, "erased@example.org") is None
        assert not connection.execute(api_answer.select().where(api_answer.c.personal)).all()
    assert journal.entries(press, Wanted(did="reader erased"))[0].subject == str(number)


def test_a_suppressed_reader_stays_so(press: Workspace, program: Program) -> None:
    number = subscribe(press, "bounced@example.org")
    stop(press, "bounced@example.org")
    answer = program().get(f"{READERS}/{number}")
    assert answer.json
    assert answer.json["position"] == "suppressed"
    changed = program().patch(
        f"{READERS}/{number}", json={"name": "x"}, headers={"If-Match": answer.headers["ETag"]}
    )
    assert changed.status_code == 422
