"""The sign-up form: what it keeps, what it refuses, and that its answer tells nothing of an address."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select
from werkzeug.test import TestResponse

from newsletter.audience.optin import wording
from newsletter.links import Purpose
from newsletter.services import Workspace
from newsletter.store import people, rate_limits
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erase
from newsletter.store.schema import letter, request
from tests.web.preview.sample import subscribe
from tests.web.readers.forms import Fields, choices, fields, parse, texts

NOW = datetime(2025, 2, 14, 10, tzinfo=UTC)
EMAIL = "olena@konotop.example.org"
ROOT = Path(__file__).parents[3]
Send = Callable[..., TestResponse]


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Set the clock to a while after NOW."""
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.isoformat())
    return lambda later: monkeypatch.setenv("NEWSLETTER_NOW", (NOW + later).isoformat())


@pytest.fixture
def send(client: FlaskClient, context: Workspace) -> Send:
    """Send a form that is 10 seconds old and in order, but for what is given."""

    def send(
        path: str = "/signup?lang=uk", visitor: str = "192.0.2.1", **given: str | list[str]
    ) -> TestResponse:
        then = context.now() - timedelta(seconds=10)
        form: dict[str, Any] = {
            "stamp": context.signer.token(Purpose.FORM, int(then.timestamp()), then.date()),
            "email": EMAIL,
            "take": "all",
            "consent": wording(context.settings, "en" if "lang=en" in path else "uk").version,
            "homepage": "",
        }
        form |= {name.replace("_", "-"): value for name, value in given.items()}
        return client.post(path, data=form, environ_base={"REMOTE_ADDR": visitor})

    return send


def asked(context: Workspace) -> list[dict[str, Any]]:
    """Return the requests."""
    with reading(context.database) as connection:
        return [dict(row) for row in connection.execute(select(request)).mappings()]


def written(context: Workspace) -> int:
    """Return how many letters were put."""
    with reading(context.database) as connection:
        return connection.execute(select(func.count()).select_from(letter)).scalar_one()


def test_a_form_as_the_page_has_it_is_taken(
    client: FlaskClient, context: Workspace, at: Callable[[timedelta], None]
) -> None:
    page = client.get("/signup?lang=uk").text
    form = fields(page)
    form |= {"email": [EMAIL], "name": ["Олена Гнатюк"], "take": ["some"], "section": ["social", "staff"]}
    form |= {"consent": parse(page).xpath("//input[@name='consent']/@value")}
    at(timedelta(minutes=2))
    answer = client.post("/signup?lang=uk", data=form)
    assert (answer.status_code, answer.location) == (303, "/signup/sent?lang=uk")
    (found,) = asked(context)
    assert found["details"] == {"name": "Олена Гнатюк", "attributes": {}, "sections": ["social", "staff"]}
    assert (found["email"], found["language"], found["source"]) == (EMAIL, "uk", "sign-up page")
    assert found["consent"] == wording(context.settings, "uk").version
    assert b"127.0.0" not in found["ip"]
    assert written(context) == 1
    assert "Залишився один крок" in client.get(answer.location).text


def suppressed(context: Workspace) -> None:
    subscribe(context.database, 1, EMAIL, "*")
    with writing(context.database) as connection:
        people.suppress(connection, EMAIL, "complaint", NOW)


def left(context: Workspace) -> None:
    subscribe(context.database, 1, EMAIL, "*")
    with writing(context.database) as connection:
        people.leave(connection, 1, (), (), NOW)


def erased(context: Workspace) -> None:
    subscribe(context.database, 1, EMAIL, "*")
    erase(context.database, EMAIL, context.signer, NOW)


@pytest.mark.parametrize(
    "known",
    [
        lambda _context: None,
        lambda context: subscribe(context.database, 1, EMAIL, "*"),
        left,
        suppressed,
        erased,
    ],
    ids=["new", "active", "left", "suppressed", "erased"],
)
def test_the_answer_is_the_same_whatever_is_known_of_an_address(
    known: Callable[[Workspace], None], send: Send, context: Workspace, client: FlaskClient
) -> None:
    known(context)
    answers = [send(), send()]  # the second while the first is pending
    for answer in answers:
        assert (answer.status_code, answer.location) == (303, "/signup/sent?lang=uk")
    assert answers[0].data == answers[1].data
    assert [name for name, _ in answers[0].headers] == [name for name, _ in answers[1].headers]
    assert EMAIL not in client.get(answers[0].location).text
    assert len(asked(context)) == 2
    assert written(context) == (0 if known is suppressed else 1)


def test_many_forms_from_many_networks_for_one_victim_are_one_letter(send: Send, context: Workspace) -> None:
    for number in range(60):
        email = EMAIL.upper() if number % 2 else EMAIL
        assert send(visitor=f"10.0.{number}.9", email=email).status_code == 303
    assert written(context) == 1


def test_one_network_is_slowed_down(send: Send) -> None:
    codes = [
        send(visitor=f"192.0.2.{number}", email=f"a{number}@example.org").status_code for number in range(40)
    ]
    assert codes == [303] * 30 + [429] * 10
    assert send(visitor="192.0.3.1").status_code == 303


@pytest.mark.parametrize("reason", ["trap", "quick"])
def test_a_form_that_is_filled_in_as_programs_do_it_is_shown_again_counted_and_logged(
    reason: str, send: Send, context: Workspace, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    then = context.now() - timedelta(seconds=2)
    early = {"stamp": context.signer.token(Purpose.FORM, int(then.timestamp()), then.date())}
    with caplog.at_level(logging.INFO):
        answer = send(**({"homepage": "https://spam.example"} if reason == "trap" else early))
    assert answer.status_code == 422
    assert "надішліть її ще раз" in "".join(texts(answer.text, "//div[@role='alert']"))
    form = fields(answer.text)
    assert form["email"] == [EMAIL]
    assert "spam.example" not in answer.text
    assert asked(context) == []
    line = f"192.0.2.0/24 sign-up for o***@konotop.example.org not taken: {reason}"
    assert [record.getMessage() for record in caplog.records if "sign-up for" in record.getMessage()] == [
        line
    ]
    assert f'newsletter_forms_refused_total{{reason="{reason}"}} 1.0' in client.get("/metrics").text
    again = {"stamp": form["stamp"][0]} if reason == "trap" else {}
    assert send(**again).status_code == 303


def crowd(context: Workspace, number: int, *, turn: float) -> None:
    """Have so many letters wait, and all that may leave at once be gone."""
    with writing(context.database) as connection:
        rate_limits.hold(connection, "letters:visitor", NOW.timestamp() + 300 * 3.6)
        connection.execute(
            insert(letter),
            [
                {"kind": "confirm", "email": f"a{n}@example.org", "email_key": "", "language": "uk"}
                | {"created_at": "", "due_at": 0.0, "lane": 2, "turn": turn}
                for n in range(number)
            ],
        )


@pytest.mark.parametrize(("waiting", "wait"), [(10, ""), (60, "&wait=5"), (990, "&wait=60")])
def test_whose_letter_waits_is_told_for_how_long(
    waiting: int, wait: str, send: Send, context: Workspace, client: FlaskClient
) -> None:
    crowd(context, waiting, turn=NOW.timestamp() - 1)
    answer = send()
    assert answer.location == f"/signup/sent?lang=uk{wait}"
    words = f"аж через {wait[6:]} хв." if wait else "За кілька хвилин на вказану адресу"
    assert words in " ".join(client.get(answer.location).text.split())
    english = client.get(f"/signup/sent?lang=en{wait}").text
    assert ("may take up to" in english) == bool(wait)
    assert "may take up to" not in client.get("/signup/sent?lang=en&wait=7777777").text


def test_a_form_whose_letter_would_wait_for_hours_is_not_taken_and_told_so(
    send: Send, context: Workspace, client: FlaskClient
) -> None:
    crowd(context, 6200, turn=NOW.timestamp() - 1)
    answer = send(path="/signup?lang=en")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert "try again in an hour" in "".join(texts(answer.text, "//div[@role='alert']"))
    assert fields(answer.text)["email"] == [EMAIL]
    assert asked(context) == []
    assert 'newsletter_forms_refused_total{reason="crowded"} 1.0' in client.get("/metrics").text


def test_what_others_ask_for_in_masses_holds_up_nobody_else(send: Send, context: Workspace) -> None:
    crowd(context, 6200, turn=NOW.timestamp() + 600)
    assert send().location == "/signup/sent?lang=uk"


@pytest.mark.parametrize(
    ("bits", "taken"), [(64, 30), (56, 60), (48, 120)], ids=["one /64", "a /56 of many", "a /48 of many"]
)
def test_a_network_of_networks_is_slowed_down_as_a_whole(bits: int, taken: int, send: Send) -> None:
    step = {64: 0, 56: 1 << 64, 48: 1 << 72}[bits]
    first = int(ip_address("2001:db8:1::1"))
    codes = [
        send(visitor=str(ip_address(first + step * number)), consent="").status_code
        for number in range(taken + 5)
    ]
    assert codes == [422] * taken + [429] * 5
    assert send(visitor="2001:db8:2::1", consent="").status_code == 422


@pytest.mark.parametrize("hours", [25, None])
def test_a_form_that_is_too_old_or_not_ours_is_shown_again_with_all_its_values(
    hours: int | None, send: Send, context: Workspace
) -> None:
    then = NOW - timedelta(hours=hours or 0)
    stamp = context.signer.token(Purpose.FORM, int(then.timestamp()), then.date()) if hours else "forged"
    answer = send(stamp=stamp, name="Олена", take="some", section=["social"])
    assert answer.status_code == 422
    assert "дуже довго" in answer.text
    form = fields(answer.text)
    assert (form["name"], form["section"], form["email"]) == (["Олена"], ["social"], [EMAIL])
    assert form["stamp"] != [stamp]
    assert "consent" in form
    assert asked(context) == []


def test_faults_stand_on_top_with_links_and_beside_their_fields(send: Send) -> None:
    answer = send(email="olena", take="some", consent="", name="ї" * 101)
    assert answer.status_code == 422
    page = parse(answer.text)
    links = [str(href) for href in page.xpath("//div[@role='alert']//a/@href")]
    assert links == ["#email", "#name", "#section", "#consent"]
    for link in links:
        (field,) = page.xpath(f"//*[@id='{link[1:]}']")
        if link != "#section":
            (error,) = page.xpath(f"//*[@id='{field.get('aria-describedby')}']")
            assert error.text_content().strip() in page.xpath("string(//div[@role='alert'])")
            assert field.get("aria-invalid") == "true"
    assert str(page.xpath("string(//title)")).startswith("Помилка: ")
    assert fields(answer.text)["name"] == ["ї" * 101]


def test_communities_of_a_region_are_listed_and_all_values_kept(send: Send, context: Workspace) -> None:
    answer = send(step="communities", field_region="Сумська", email="olena@", take="some", section=["social"])
    assert answer.status_code == 200
    assert texts(answer.text, "//div[@role='alert']") == []
    form = fields(answer.text)
    assert (form["field-region"], form["email"], form["section"]) == (["Сумська"], ["olena@"], ["social"])
    listed = choices(answer.text, "field-community")
    assert (listed[0], listed[1], len(listed)) == ("", "Андріяшівська", 52)
    assert asked(context) == []
    other = send(step="communities", field_region="Сумська", other_community="Нова")
    assert fields(other.text)["other-community"] == ["Нова"]
    kyiv = send(step="communities", field_region="Київ")
    assert choices(kyiv.text, "field-community") == []
    assert fields(kyiv.text)["field-community"] == [""]


def test_a_community_of_another_region_is_asked_again_from_the_right_list(send: Send) -> None:
    answer = send(field_region="Харківська", field_community="Конотопська")
    assert answer.status_code == 422
    assert texts(answer.text, "//div[@role='alert']//li") == ["Ця громада в іншій області: оберіть її ще раз"]
    assert "Ізюмська" in choices(answer.text, "field-community")


@pytest.mark.parametrize(("language", "word"), [("uk", "Підписатися"), ("en", "Subscribe")])
def test_the_form_speaks_the_visitor_s_language(client: FlaskClient, language: str, word: str) -> None:
    answer = client.get("/signup", headers={"Accept-Language": language})
    assert texts(answer.text, "//h1") == [word]


def test_the_form_is_small_and_sections_that_always_come_are_not_asked_about(client: FlaskClient) -> None:
    answer = client.get("/signup?lang=uk")
    assert len(answer.data) < 50_000
    assert "За будь-якого вибору надходить також: ТОП." in answer.text
    assert parse(answer.text).xpath("//input[@name='section']/@value")[0] == "staff"
    assert "style=" not in answer.text
    assert "<script" not in answer.text


def test_get_and_head_store_nothing(client: FlaskClient, context: Workspace) -> None:
    for path in ("/", "/signup", "/signup/sent", "/embed", "/confirm/abc"):
        for _ in range(3):
            client.get(path)
            client.head(path)
    assert asked(context) == []


names = st.sampled_from(
    [
        *("email", "name", "take", "section", "consent", "stamp", "homepage", "step"),
        *("field-region", "field-community", "other-community", "field-position"),
    ]
)
values = st.one_of(st.text(), st.sampled_from(["Сумська", "all", "some", "social", EMAIL, "communities"]))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.dictionaries(names, st.lists(values, max_size=2)), number=st.integers(0, 2**24))
def test_no_form_is_a_trouble(form: Fields, number: int, client: FlaskClient, context: Workspace) -> None:
    form.setdefault("stamp", [context.signer.token(Purpose.FORM, int(NOW.timestamp()) - 60, NOW.date())])
    form.setdefault("consent", [wording(context.settings, "uk").version])
    network = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    answer = client.post("/signup?lang=uk", data=form, environ_base={"REMOTE_ADDR": network})
    assert answer.status_code in {200, 303, 422, 429}


def test_the_form_to_paste_is_the_example_s_and_presets_what_its_address_names(
    client: FlaskClient,
) -> None:
    given = client.get("/embed/plain?lang=uk")
    assert given.mimetype == "text/plain"
    assert given.text.strip() in (ROOT / "docs/examples/sign-up.html").read_text("utf-8")
    text = client.get("/embed/plain?lang=en&sections=social,top,%3Cscript%3E,education").text
    assert text.count('name="section"') == 2
    assert ("script" in text, 'value="some"' in text, "I agree" in text) == (False, True, True)
    for path in ("/signup", "/embed"):
        plain, preset, unknown = (
            client.get(f"{path}{query}").text.count(" checked")
            for query in ("", "?sections=social,nowhere", "?sections=nowhere")
        )
        assert (preset, unknown) == (plain + 1, plain)


@pytest.mark.parametrize(
    ("origin", "status", "taken"),
    [("https://auc.org.ua", 303, 1), ("https://evil.example", 200, 0), ("null", 200, 0), (None, 200, 0)],
)
def test_a_plain_form_needs_its_origin_or_another_press(
    client: FlaskClient, context: Workspace, origin: str | None, status: int, taken: int
) -> None:
    form = {"email": EMAIL, "take": "all", "consent": wording(context.settings, "uk").version, "homepage": ""}
    headers = {"Origin": origin} if origin else {}
    answer = client.post("/signup?from=site&lang=uk", data=form, headers=headers)
    assert (answer.status_code, len(asked(context))) == (status, taken)
    trapped = client.post("/signup?from=site", data={**form, "homepage": "x"}, headers=headers)
    assert (trapped.status_code, len(asked(context))) == (
        422 if origin == "https://auc.org.ua" else 200,
        taken,
    )
    old_words = client.post("/signup?from=site&lang=uk", data={**form, "consent": "old"}, headers=headers)
    assert "Я погоджуюся" in old_words.text
    assert len(asked(context)) == taken
