"""What programs read: lists in pages, issues, outcomes, the archive; unchanged answers are not sent again."""

import json
from datetime import date
from typing import Any

import pytest
from flask import Flask
from lxml.html import HtmlElement, document_fromstring

from newsletter.services import Workspace
from newsletter.web.api.app import create_api
from newsletter.web.api.versions import PREFIX, Dates
from tests.web.api.conftest import DRAFT, SENT, Program


def read(program: Program, path: str) -> Any:
    answer = program().get(f"{PREFIX}/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_list_comes_in_pages_each_thing_once(program: Program) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = read(program, f"issues?limit=1&cursor={cursor}")
        seen += [one["issue"] for one in page["data"]]
        cursor = page["next"]
    assert seen == [DRAFT, SENT]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=%00", "cursor=!!", "unknown=1", "limit=1&limit=2"]
)
def test_what_is_wrong_in_a_query_is_named(program: Program, query: str) -> None:
    answer = program().get(f"{PREFIX}/issues?{query}")
    assert answer.status_code == 422
    assert answer.json
    assert answer.json["problems"][0]["field"] == query.partition("=")[0]


def test_an_issue_says_where_it_stands_and_what_it_holds(program: Program) -> None:
    draft, sent = read(program, f"issues/{DRAFT}"), read(program, f"issues/{SENT}")
    assert (draft["state"], draft["sending"]) == ("composed", None)
    assert sent["state"] == "sending"
    assert sent["sending"]["transport"] == "outbox"
    items = read(program, f"issues/{DRAFT}/items")["data"]
    assert [one["id"] for one in items] == ["01-forum", "02-flats", "03-schools"]


def test_deliveries_and_outcomes_agree(program: Program) -> None:
    page = read(program, f"issues/{SENT}/deliveries?state=pending")
    total = read(program, f"issues/{SENT}/outcomes")["total"]
    assert len(page["data"]) == page["found"]
    assert page["found"] == total["pending"] < total["readers"]


def test_the_archive_has_what_was_sent(program: Program) -> None:
    (issue,) = read(program, "archive")["data"]
    assert issue["url"].endswith(f"/issues/{SENT}")
    assert read(program, f"archive/{SENT}")["items"]
    assert program().get(f"{PREFIX}/archive/{DRAFT}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["issues/2025-02-30", "issues/2030-01-01", f"issues/{DRAFT}/deliveries", "issues/x/items", "items/a%00b"],
)
def test_what_is_not_there_is_a_problem_with_a_hint(program: Program, path: str) -> None:
    answer = program().get(f"{PREFIX}/{path}")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.json
    assert answer.json["hint"]


def test_what_a_program_has_already_is_not_sent_again(program: Program) -> None:
    first = program().get(f"{PREFIX}/sections")
    again = program().get(f"{PREFIX}/sections", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert program().get(f"{PREFIX}/sections", headers={"If-None-Match": '"x"'}).status_code == 200


def test_the_end_of_a_version_is_announced_with_its_dates(press: Workspace) -> None:
    api = create_api(press, Dates(deprecated=date(2027, 1, 1), ends=date(2028, 1, 1)))
    answer = api.test_client().get(f"{PREFIX}/issues")
    assert answer.headers["Deprecation"] == "@1798761600"
    assert answer.headers["Sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
    assert "Sunset" not in create_api(press).test_client().get(f"{PREFIX}/issues").headers


def test_the_document_and_its_page_name_every_route_and_model(api: Flask) -> None:
    client = api.test_client()
    document = json.loads(client.get(f"{PREFIX}/openapi.json").data)
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "https://news.example.org"}]
    answer = client.get(f"{PREFIX}/reference")
    assert "<script" not in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    page: HtmlElement = document_fromstring(answer.text)
    calls = set(page.xpath("//code/text()"))
    assert set(document["paths"]) <= calls
    ids = {element.get("id") for element in page.iter() if element.get("id")}
    targets = {str(link).removeprefix("#") for link in page.xpath("//a/@href") if str(link).startswith("#")}
    assert targets <= ids
