"""A reader's own page: what it shows, what saving does, and what it refuses."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from newsletter.services import Workspace
from newsletter.store.choices import CHOSEN, LEFT, Choices, by_choosing, by_pausing, has_left
from newsletter.store.db import reading
from newsletter.store.people import find
from tests.web.readers.people import OPTIONAL, dump, person, states, stop, subscribe, token

FORM = {"take": "some", "language": "en"}
TODAY, LATER = "2025-02-14", "2025-03-01"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")


def shown(response: TestResponse) -> str:
    """Return the words of a page."""
    main = response.text.partition("<main")[2].partition("</main>")[0]
    return unescape(" ".join(re.sub("<[^>]+>", " ", main).split()))


def status(response: TestResponse) -> str:
    """Return what the page says has changed."""
    found = re.search(r'role="status".*?</div>', response.text, re.DOTALL)
    assert found
    return unescape(" ".join(re.sub("<[^>]+>", " ", found[0].partition(">")[2]).split()))


def ticked(response: TestResponse, name: str) -> list[str]:
    """Return the values of the boxes that are ticked."""
    return re.findall(rf'name="{name}" value="([^"]+)"[^>]* checked', response.text)


def save(client: FlaskClient, context: Workspace, number: int, **form: object) -> TestResponse:
    return client.post(f"/preferences/{token(context, number)}", data=FORM | form)


def test_the_page_shows_what_stands(client: FlaskClient, context: Workspace) -> None:
    choices = by_pausing(by_choosing({}, {"social", "education"}, OPTIONAL), ["education"], LATER, OPTIONAL)
    response = client.get(f"/preferences/{token(context, subscribe(context, choices=choices))}")
    assert ticked(response, "take") == ["some"]
    assert ticked(response, "section") == ["social", "education"]
    assert ticked(response, "pause") == ["education"]
    assert "Paused until 1 March 2025" in shown(response)
    assert "o***@konotop.example.org" in shown(response)
    assert "With any choice you also get: ТОП." in shown(response)
    assert 'min="2025-02-15" max="2026-02-14"' in response.text


def test_saving_chooses_and_says_what_changed(client: FlaskClient, context: Workspace) -> None:
    number = subscribe(context)
    response = save(client, context, number, section=["social", "staff"])
    assert status(response) == (
        "You no longer get: Освіта, Адміністративні послуги, Сталий економічний розвиток, АМУ на зв'язку з"
        " міжнародною спільнотою."
    )
    after = person(context, number)
    assert after.choices["social"] == after.choices["staff"] == CHOSEN
    assert after.choices["education"] == LEFT
    response = save(client, context, number, take="all")
    assert status(response) == "You get all sections, including new ones."
    assert person(context, number).choices == {"*": CHOSEN}
    assert status(save(client, context, number, take="all", section=list(OPTIONAL))) == "Nothing changed."


def test_a_pause_to_a_day_and_its_end(client: FlaskClient, context: Workspace) -> None:
    number = subscribe(context)
    response = save(client, context, number, take="all", section=list(OPTIONAL), rest="all", until=LATER)
    assert status(response).startswith("Paused until 1 March 2025: Кадри та організація роботи, ")
    assert states(person(context, number).choices) == {"*": "paused"}
    assert person(context, number).choices["*"].until == LATER
    response = save(client, context, number, take="all", section=list(OPTIONAL), until=LATER)
    assert status(response).startswith("The pause is over: ")
    assert person(context, number).choices == {"*": CHOSEN}


@pytest.mark.parametrize("until", [TODAY, "2026-02-15", "1.3.2025", "2025-W10-1", "2025-02-30", "x" * 50])
def test_a_day_that_cannot_be_is_said_beside_its_field_and_nothing_is_lost(
    client: FlaskClient, context: Workspace, until: str
) -> None:
    number = subscribe(context)
    before = dump(context)
    response = save(client, context, number, section="social", rest="all", until=until)
    assert response.status_code == 422
    assert shown(response).count("Choose a day from 15 February 2025 to 14 February 2026") == 2
    assert f'value="{until}"' in response.text
    assert ticked(response, "section") == ["social"]
    assert dump(context) == before


def test_a_day_without_anything_to_pause_is_asked_about(client: FlaskClient, context: Workspace) -> None:
    response = save(client, context, subscribe(context), section="social", until=LATER)
    assert response.status_code == 422
    assert "Tick what to pause, or clear the date" in shown(response)


def test_choosing_nothing_asks_before_it_is_leaving(client: FlaskClient, context: Workspace) -> None:
    number = subscribe(context)
    before = dump(context)
    response = save(client, context, number)
    assert "Do you want to leave the digest?" in shown(response)
    assert dump(context) == before
    response = save(client, context, number, do="leave")
    assert status(response).startswith("You have unsubscribed: you will get no more emails.")
    after = person(context, number)
    assert has_left(after.choices)
    response = save(client, context, number)
    assert status(response) == "Nothing changed."
    save(client, context, number, section="social")
    assert states(person(context, number).choices)["social"] == "active"


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"*": CHOSEN}, "Pause “Освіта”?"),
        (by_pausing({"*": CHOSEN}, ["education"], LATER, OPTIONAL), "You will get it again from 1 March"),
        (by_choosing({}, {"social"}, OPTIONAL), "You do not get “Освіта”"),
    ],
)
def test_a_letter_s_link_to_pause_a_section_asks_that_first(
    client: FlaskClient, context: Workspace, choices: Choices, said: str
) -> None:
    number = subscribe(context, choices=choices)
    words = shown(client.get(f"/preferences/{token(context, number)}?pause=education"))
    assert words.index(said) < words.index("What would you like to read?")


@pytest.mark.parametrize(("until", "day"), [("month", "2025-03-16"), ("return", "")])
def test_one_button_pauses_a_section_or_everything_and_another_ends_it(
    client: FlaskClient, context: Workspace, until: str, day: str
) -> None:
    number = subscribe(context)
    for section, paused in (("education", "education"), ("*", "social")):
        save(client, context, number, do="pause", section=section, **{"for": until})
        choice = person(context, number).choices[paused]
        assert (choice.state, choice.until) == ("paused", day)
    save(client, context, number, do="resume", section="*")
    assert set(states(person(context, number).choices).values()) == {"active"}


@pytest.mark.parametrize("section", ["top", "nosuch", "", "*'"])
def test_a_button_for_what_cannot_be_paused_changes_nothing(
    client: FlaskClient, context: Workspace, section: str
) -> None:
    number = subscribe(context)
    assert status(save(client, context, number, do="pause", section=section)) == "Nothing changed."
    assert states(person(context, number).choices) == {"*": "active"}


def test_the_last_of_two_tabs_wins_without_an_error(client: FlaskClient, context: Workspace) -> None:
    number = subscribe(context)
    save(client, context, number, section=["social", "staff"])
    assert save(client, context, number, section=["economy"]).status_code == 200
    chosen = [
        section for section, state in states(person(context, number).choices).items() if state == "active"
    ]
    assert chosen == ["economy"]


def test_boxes_changed_under_all_sections_count_where_a_browser_shows_them(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context)
    save(client, context, number, take="all", section=["social"])
    assert states(person(context, number).choices)["staff"] == "left"
    save(client, context, number, take="all", section=["social"])
    assert person(context, number).choices == {"*": CHOSEN}


def test_the_page_speaks_the_reader_s_language_and_saving_remembers_another(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context, language="uk")
    page = f"/preferences/{token(context, number)}"
    assert "Ваш вибір" in client.get(page, headers={"Accept-Language": "en"}).text
    assert "Your choice" in client.get(f"{page}?lang=en").text
    assert "Your choice" in save(client, context, number, take="all", language="en").text
    assert "Your choice" in client.get(page, headers={"Accept-Language": "uk"}).text
    number = subscribe(context, "new@example.org", language="")
    assert (
        "Your choice"
        in client.get(f"/preferences/{token(context, number)}", headers={"Accept-Language": "en"}).text
    )


@pytest.mark.parametrize(
    "reason", ["bounced: 550 5.1.1 <olena@konotop.example.org> unknown", "complained: abuse", "handed over"]
)
def test_whoever_is_not_written_to_learns_it_and_whom_to_ask_but_not_why(
    client: FlaskClient, context: Workspace, reason: str
) -> None:
    number = subscribe(context)
    stop(context, "olena@konotop.example.org", reason)
    before = dump(context)
    for response in (
        client.get(f"/preferences/{token(context, number)}"),
        save(client, context, number, take="all"),
    ):
        assert "bounced, or one was reported as spam, or the post was handed over" in shown(response)
        assert "office@news.example.org" in shown(response)
        assert "<form" not in response.text
    assert dump(context) == before


def test_it_is_one_page_without_a_script_or_a_third_party(client: FlaskClient, context: Workspace) -> None:
    response = client.get(f"/preferences/{token(context, subscribe(context))}?pause=social")
    assert len(response.data) <= 50 * 1024
    assert not re.search(r"<script|<style|style=|onclick|https?://(?!auc\.org\.ua)", response.text)
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers


inputs = st.sampled_from([*FORM, "do", "what", "for", "section", "pause", "rest", "until", "email", "lang"])
values = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["all", "some", "*", "social", "pause", "resume", "leave", "month", "9999-12-31", "0001-01-01"]
    ),
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.dictionaries(inputs, st.lists(values, max_size=3), max_size=8))
def test_whatever_is_sent_is_answered(
    client: FlaskClient, context: Workspace, form: dict[str, list[str]]
) -> None:
    email = "fuzz@example.org"
    number = _known(context, email) or subscribe(context, email)
    for place in ("", "/mail"):
        response = client.post(
            f"/preferences/{token(context, number)}{place}", data=form, environ_base=_somewhere()
        )
        assert response.status_code in {200, 404, 422, 429}
    choices = person(context, number).choices
    if "*" in choices and choices["*"].state == "active":
        assert set(states(choices).values()) == {"active"}


_calls = iter(range(1, 1_000_000))


def _somewhere() -> dict[str, str]:
    """Return another network each time: how often one may ask is tested elsewhere."""
    place = next(_calls)
    return {"REMOTE_ADDR": f"10.{place >> 8 & 255}.{place & 255}.1"}


def _known(context: Workspace, email: str) -> int:
    with reading(context.database) as connection:
        record = find(connection, email)
    return record.id if record else 0
