"""Sign-in at the desk: a link, once, in the browser that asked; and what attackers try."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from newsletter.services import Workspace, journal
from newsletter.services.editors import why_no_desk
from newsletter.services.journal import Act
from newsletter.services.sign_in import hashed
from newsletter.store import letters as store
from newsletter.store.db import reading
from newsletter.store.journal import Wanted
from newsletter.store.schema import desk_session
from newsletter.web.desk.app import PREFIX, create_desk
from newsletter.web.readers.app import beside, create_site
from tests.web.desk.newsroom import PEOPLE, SITE, ask, browser, letters, link, post, sign_in, staff
from tests.web.readers.people import NOW


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, timedelta())


@pytest.fixture
def desk(context: Workspace) -> Flask:
    """Return the desk of three people, behind sign-in."""
    staff(context.root)
    return create_desk(context, single=None)


@pytest.fixture
def olena(desk: Flask, context: Workspace) -> FlaskClient:
    """Return the browser of an editor who is signed in."""
    return sign_in(browser(desk), context, "editor")


def at(monkeypatch: pytest.MonkeyPatch, later: timedelta) -> datetime:
    """Set the clock."""
    monkeypatch.setenv("NEWSLETTER_NOW", (NOW + later).isoformat())
    return NOW + later


def signed_in(client: FlaskClient) -> bool:
    return client.get("/desk/issues").status_code == 200


def test_a_link_signs_in_the_browser_that_asked_and_leads_to_the_page_it_wanted(
    desk: Flask, context: Workspace
) -> None:
    client = browser(desk)
    door = client.get("/desk/issues?lang=en")
    assert door.status_code == 303
    assert client.get(door.location).status_code == 200
    path = ask(client, context, "editor")
    assert client.get(path).status_code == 200
    assert not signed_in(client), "opening the link is not enough"
    answer = post(client, path)
    assert answer.location == "/desk/issues?lang=en"
    assert signed_in(client)
    [entry] = journal.entries(context, Wanted())
    assert (entry.did, entry.address, entry.network) == (Act.SIGNED_IN, PEOPLE["editor"], "127.0.0.0/24")


def test_a_link_works_once(desk: Flask, context: Workspace) -> None:
    client = browser(desk)
    path = ask(client, context, "editor")
    post(client, path)
    post(client, "/desk/sign-out")
    assert post(client, path).status_code == 404
    assert not signed_in(client)


def test_a_link_works_for_ten_minutes(
    desk: Flask, context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(desk)
    path = ask(client, context, "editor")
    at(monkeypatch, timedelta(minutes=10))
    assert client.get(path).status_code == 404
    assert post(client, path).status_code == 404


def test_a_forwarded_link_opens_nothing_elsewhere_and_still_opens_where_it_was_asked(
    desk: Flask, context: Workspace
) -> None:
    client, thief = browser(desk), browser(desk)
    path = ask(client, context, "operator")
    post(thief, "/desk/sign-in", email="thief@example.org")  # which binds a browser of their own
    assert thief.get(path).status_code == 404
    assert post(thief, path).status_code == 404
    assert not signed_in(thief)
    assert post(client, path).status_code == 303


def test_a_scanner_that_opens_every_link_uses_up_none(desk: Flask, context: Workspace) -> None:
    client, scanner = browser(desk), desk.test_client()
    path = ask(client, context, "editor")
    for _ in range(3):
        scanner.get(path, base_url=SITE)
        scanner.head(path, base_url=SITE)
    scanner.post(path, base_url=SITE)  # one that presses buttons has no token of a session
    assert post(client, path).status_code == 303


@pytest.mark.parametrize("path", ["/desk/sign-in/x", "/desk/sign-in/" + "A" * 31, "/desk/sign-in/%00"])
def test_a_link_that_is_none_opens_nothing(desk: Flask, path: str) -> None:
    client = browser(desk)
    assert client.get(path).status_code == 404
    assert post(client, path).status_code == 404


def test_known_and_unknown_addresses_get_the_same_answer(desk: Flask, context: Workspace) -> None:
    answers = []
    for address in (PEOPLE["editor"], "stranger@example.org"):
        client = browser(desk)
        answer = post(client, "/desk/sign-in", email=address)
        sent = client.get(answer.location)
        answers.append((answer.status_code, answer.location, sent.status_code, len(sent.text)))
    assert answers[0] == answers[1]
    assert [letter["To"] for letter in letters(context)] == [PEOPLE["editor"]]


def test_an_address_is_known_however_its_letters_are_typed(desk: Flask, context: Workspace) -> None:
    post(browser(desk), "/desk/sign-in", email="Olena@Hromada.example.ORG")
    assert waiting(context) == 1


def test_a_network_is_let_through_twenty_times_and_an_address_keeps_its_turns(
    desk: Flask, context: Workspace
) -> None:
    client = browser(desk)
    codes = [post(client, "/desk/sign-in", email=PEOPLE["editor"]).status_code for _ in range(21)]
    assert codes == [303] * 20 + [429]
    client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    assert post(client, "/desk/sign-in", email=PEOPLE["editor"]).status_code == 303
    assert waiting(context) == 21


def test_the_many_networks_of_one_customer_count_as_one(desk: Flask) -> None:
    client, codes = browser(desk), []
    for number in range(21):
        client.environ_base["REMOTE_ADDR"] = f"2001:db8:7:{number:x}::1"
        codes.append(post(client, "/desk/sign-in", email=f"{number}@example.org").status_code)
    assert codes == [303] * 20 + [429]


def test_an_address_that_networks_without_end_ask_for_gets_thirty_letters(
    desk: Flask, context: Workspace
) -> None:
    client = browser(desk)
    for number in range(35):
        client.environ_base["REMOTE_ADDR"] = f"198.51.{number}.1"
        assert post(client, "/desk/sign-in", email=PEOPLE["editor"]).status_code == 303
    assert waiting(context) == 30


def waiting(context: Workspace) -> int:
    """Return how many letters are to be sent."""
    with reading(context.database) as connection:
        return store.waiting(connection)


def test_a_cookie_from_before_sign_in_opens_nothing_after_it(desk: Flask, context: Workspace) -> None:
    """Somebody who planted a cookie of theirs in the browser has nothing from it."""
    client, attacker = browser(desk), browser(desk)
    path = ask(client, context, "editor")
    planted = cookie(client)
    post(client, path)
    assert cookie(client) != planted
    attacker.set_cookie("__Host-desk", planted, domain="news.example.org", secure=True)
    attacker.environ_base["HTTP_HOST"] = "news.example.org"
    assert not signed_in(attacker)


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("__Host-desk")
    assert found
    return found.value


def test_the_cookie_is_for_this_host_over_https_and_not_for_scripts(desk: Flask) -> None:
    header = browser(desk).get("/desk/sign-in").headers["Set-Cookie"]
    assert header.startswith("__Host-desk=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(header.split("; "))
    assert "Domain" not in header


def test_a_token_of_another_session_s_form_is_refused(desk: Flask, context: Workspace) -> None:
    client = browser(desk)
    path = ask(client, context, "editor")
    other = browser(desk).get("/desk/sign-in").text.partition('name="csrf-token" content="')[2]
    assert client.post(path, data={"csrf_token": other.partition('"')[0]}).status_code == 400
    assert not signed_in(client)


def test_the_database_holds_no_secret_of_a_session(olena: FlaskClient, context: Workspace) -> None:
    with olena.session_transaction() as session:
        secret = session["secret"]
    with reading(context.database) as connection:
        [row] = connection.execute(desk_session.select()).all()
    assert row.digest == hashed(secret)
    assert secret not in repr(row)


def test_signing_out_ends_the_session_for_a_copied_cookie_too(olena: FlaskClient, desk: Flask) -> None:
    copy = browser(desk)
    copy.set_cookie("__Host-desk", cookie(olena), domain="localhost", secure=True)
    assert signed_in(copy)
    post(olena, "/desk/sign-out")
    assert not signed_in(copy)


@pytest.mark.parametrize(("hours", "open_"), [([11, 22, 33], True), ([11, 24], False)])
def test_a_session_ends_after_twelve_hours_without_use(
    olena: FlaskClient, monkeypatch: pytest.MonkeyPatch, hours: list[int], open_: bool
) -> None:
    found = False
    for hour in hours:
        at(monkeypatch, timedelta(hours=hour))
        found = signed_in(olena)
    assert found == open_


def test_a_session_ends_after_a_week_however_busy(
    olena: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(10, 7 * 24, 10):
        at(monkeypatch, timedelta(hours=hour))
        assert signed_in(olena)
    at(monkeypatch, timedelta(days=7))
    assert not signed_in(olena)


def test_who_is_taken_out_of_the_settings_is_out_at_once_and_stays_out(
    olena: FlaskClient, context: Workspace
) -> None:
    staff(context.root, f"editors:\n  - {{address: {PEOPLE['operator']}, role: operator}}\n")
    assert not signed_in(olena)
    staff(context.root)
    assert not signed_in(olena)


def test_a_lowered_role_counts_at_once(desk: Flask, context: Workspace) -> None:
    maria = sign_in(browser(desk), context, "operator")
    ihor = sign_in(browser(desk), context, "approver")
    assert "ihor" in maria.get("/desk/sessions").text.lower()
    staff(context.root, f"editors:\n  - {PEOPLE['operator']}\n  - {PEOPLE['approver']}\n")
    assert "ihor" not in maria.get("/desk/sessions").text.lower()
    assert signed_in(ihor)


def test_one_ends_one_s_other_sessions_and_no_one_else_s(desk: Flask, context: Workspace) -> None:
    here, there = (sign_in(browser(desk), context, "editor") for _ in range(2))
    ihor = sign_in(browser(desk), context, "approver")
    assert here.get("/desk/sessions").text.count("Firefox, Linux") >= 2
    with reading(context.database) as connection:
        of_ihor = max(row.id for row in connection.execute(desk_session.select()))
    assert post(here, "/desk/sessions/end", session=str(of_ihor)).status_code == 404
    post(here, "/desk/sessions/end", all="1")
    assert [signed_in(client) for client in (here, there, ihor)] == [True, False, True]


def test_an_operator_ends_anybody_s_session(desk: Flask, context: Workspace) -> None:
    ihor = sign_in(browser(desk), context, "approver")
    maria = sign_in(browser(desk), context, "operator")
    post(maria, "/desk/sessions/end", session="1")
    assert [signed_in(client) for client in (ihor, maria)] == [False, True]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.org/",
        "//evil.example.org/desk/",
        "/\\evil.example.org",
        "/issues",
        "/desk/\r\nX: y",
    ],
)
def test_sign_in_leads_nowhere_but_to_the_desk(desk: Flask, context: Workspace, elsewhere: str) -> None:
    client = browser(desk)
    client.get("/desk/sign-in", query_string={"next": elsewhere})
    assert post(client, ask(client, context, "editor")).location == "/desk/"


def test_the_letter_names_the_digest_and_holds_the_link_in_both_parts(
    desk: Flask, context: Workspace
) -> None:
    path = ask(browser(desk), context, "editor")
    [letter] = letters(context)
    assert letter["To"] == PEOPLE["editor"]
    html = letter.get_body(("html",))
    assert html
    assert f'href="{SITE}{path}?lang=' in html.get_content()
    assert link(letter).partition("?")[0] == path


def test_a_stranger_is_told_nothing_of_the_files_and_their_faults(desk: Flask, context: Workspace) -> None:
    file = context.root / "newsletter.yaml"
    file.write_text(f"{file.read_text(encoding='utf-8')}nonsense: 1\n", encoding="utf-8")
    page = browser(desk).get("/desk/sign-in")
    assert page.status_code == 200
    assert "newsletter.yaml" not in page.text


def test_a_stranger_may_send_little_and_nobody_without_end(desk: Flask, olena: FlaskClient) -> None:
    assert post(browser(desk), "/desk/sign-in", email="x" * (70 << 10)).status_code == 413
    assert post(olena, "/desk/sign-out", more="x" * (33 << 20)).status_code == 413
    assert signed_in(olena)


def test_the_desk_stands_beside_the_site_under_its_path_alone(context: Workspace) -> None:
    site = create_site(context)
    beside(site, create_desk(context, single=None), PREFIX)
    visitor = site.test_client()
    assert visitor.get("/").status_code == 200
    assert visitor.get("/deskx").status_code == 404
    assert visitor.get("/desk").location.endswith("/desk/")
    assert visitor.get("/desk/issues").location == "/desk/sign-in?next=/desk/issues"
    below = visitor.get("/desk/issues", base_url="http://localhost/news")  # as behind a path of base_url
    assert below.location == "/news/desk/sign-in?next=/news/desk/issues"
    assert (
        visitor.get(below.location.removeprefix("/news"), base_url="http://localhost/news").status_code == 200
    )
    metrics = visitor.get("/metrics").text
    assert 'newsletter_requests_total{endpoint="desk.issues",status="303"} 2.0' in metrics


@pytest.mark.parametrize(
    ("base_url", "loopback", "proxies", "offered"),
    [
        ("https://news.example.org", False, 0, True),
        ("https://news.example.org", True, 1, True),
        ("http://127.0.0.1:8080", True, 0, True),
        ("http://news.example.org", False, 0, False),
        ("http://news.example.org", True, 1, False),
    ],
)
def test_the_desk_is_offered_only_where_nobody_can_read_who_signs_in(
    context: Workspace, base_url: str, loopback: bool, proxies: int, offered: bool
) -> None:
    serve = context.settings.serve.model_copy(update={"proxies": proxies})
    settings = context.settings.model_copy(update={"base_url": base_url, "serve": serve})
    assert (why_no_desk(settings, loopback=loopback) == "") == offered


def test_a_letter_that_is_too_old_is_not_sent(
    desk: Flask, context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(browser(desk), "/desk/sign-in", email=PEOPLE["editor"])
    at(monkeypatch, timedelta(minutes=11))
    assert letters(context) == []
