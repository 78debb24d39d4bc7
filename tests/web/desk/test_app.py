"""What all pages of the desk share: roles, forms with a token, headers, settings of this moment, errors."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import HtmlElement, document_fromstring

from newsletter.config.types import Role
from newsletter.services import Workspace
from newsletter.web.desk.access import needed, requires
from newsletter.web.desk.app import PREFIX, create_desk
from tests.web.desk.visit import send


def test_every_route_says_which_role_it_demands(desk: Flask) -> None:
    for rule in desk.url_map.iter_rules():
        assert rule.rule.startswith(f"{PREFIX}/"), rule
        needed(desk, rule.endpoint)  # raises LookupError for a view without a role


def test_a_route_without_a_role_is_closed_to_everybody(desk: Flask) -> None:
    desk.add_url_rule("/desk/forgotten", "forgotten", lambda: "open")
    assert desk.test_client().get("/desk/forgotten").status_code == 500


@pytest.mark.parametrize("role", Role)
def test_a_role_includes_those_before_it(role: Role) -> None:
    assert [one for one in Role if role.covers(one)] == list(Role)[: list(Role).index(role) + 1]


def test_a_form_without_the_token_of_its_session_changes_nothing(desk: Flask) -> None:
    changes = []

    def change() -> str:
        changes.append(1)
        return "changed"

    desk.add_url_rule("/desk/change", "change", requires(Role.EDITOR)(change), methods=["POST"])
    client = desk.test_client()
    answer = client.post("/desk/change")
    assert answer.status_code == 400
    assert "Нічого не змінено" in answer.text
    assert not changes
    assert send(client, "/desk/change").text == "changed"


def test_no_page_can_be_framed_scripted_or_kept(client: FlaskClient) -> None:
    answer = client.get("/desk/issues")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


def test_the_desk_of_one_person_answers_to_this_machine_s_names_only(client: FlaskClient) -> None:
    assert client.get("/desk/issues", headers={"Host": "news.example.org"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("issues", "desk"),
        ("2025-02-14", "desk"),
        ("readers/import", "readers"),
        ("reports/2025-02-14", "reports"),
    ],
)
def test_the_navigation_marks_the_part_that_a_page_is_of(client: FlaskClient, path: str, part: str) -> None:
    page: HtmlElement = document_fromstring(client.get(f"/desk/{path}").get_data(as_text=True))
    (current,) = page.xpath("//nav[contains(@class, 'parts')]//a[@aria-current]/@href")
    assert current.removeprefix("/desk/") == {"desk": ""}.get(part, part)


def test_the_navigation_shows_only_pages_that_exist(client: FlaskClient, desk: Flask) -> None:
    page = client.get("/desk/issues").text
    assert 'href="/desk/"' in page
    assert ("/desk/inbox" in page) == ("inbox.show" in desk.view_functions)


def test_a_language_once_chosen_stays(client: FlaskClient) -> None:
    assert "Випуски" in client.get("/desk/issues?lang=uk").text
    assert "Випуски" in client.get("/desk/issues", headers={"Accept-Language": "en"}).text
    client.get("/desk/issues?lang=en")
    assert "Випуски" not in client.get("/desk/issues", headers={"Accept-Language": "uk"}).text


def test_settings_are_those_of_this_moment_and_a_fault_is_shown(
    client: FlaskClient, context: Workspace
) -> None:
    file = context.root / "newsletter.yaml"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace("publisher: Асоціація міст України", "publisher: Спілка громад"), "utf-8")
    assert "Спілка громад" in client.get("/desk/issues").text
    file.write_text(whole.replace("week: {starts: saturday}", "week: {starts: never}"), "utf-8")
    page = client.get("/desk/issues").text
    assert "newsletter.yaml:" in page
    assert "Спілка громад" in page
    file.write_text(whole, "utf-8")
    page = client.get("/desk/issues").text
    assert "newsletter.yaml:" not in page
    assert "Спілка громад" not in page


def test_without_a_person_nothing_but_files_is_shown(context: Workspace) -> None:
    stranger = create_desk(context, single=None).test_client()
    for path in ("/desk/", "/desk/issues"):
        answer = stranger.get(path, headers={"Sec-Fetch-Mode": "cors"})
        assert answer.status_code == 401
        assert "2025" not in answer.text
    with stranger.get("/desk/static/desk.css") as file:
        assert file.status_code == 200


def test_what_does_not_exist_is_explained(client: FlaskClient) -> None:
    answer = client.get("/desk/nowhere?lang=en")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
