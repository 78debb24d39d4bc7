"""What is asked of the mailbox once more: the same answer whether a letter leaves or not, and few letters."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from newsletter.audience import stepup
from newsletter.audience.forms import Answers
from newsletter.audience.optin import sign_up, wording
from newsletter.links import Purpose
from newsletter.services import Workspace
from newsletter.store import people
from newsletter.store.db import reading, writing
from newsletter.store.requests import Kind
from newsletter.store.schema import letter
from tests.audience import conversation
from tests.web.readers.people import NOW, act, dump, letters, mailed, stop, subscribe, token

EMAIL = "olena@konotop.example.org"


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock, at first to NOW."""
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.isoformat())
    return lambda moment: monkeypatch.setenv("NEWSLETTER_NOW", moment.isoformat())


def own(context: Workspace, number: int, purpose: Purpose = Purpose.PREFERENCES) -> str:
    return f"/{purpose}/{context.signer.token(purpose, number, NOW.date())}"


@pytest.mark.parametrize("kind", stepup.PURPOSES)
def test_one_letter_a_day_and_three_a_week_and_nobody_sees_which(
    client: FlaskClient, context: Workspace, kind: Kind, at: Callable[[datetime], None]
) -> None:
    page = f"{own(context, subscribe(context))}/mail"
    answers, sent = set(), []
    for hours in (0, 1, 23, 24, 48, 72, 96, 120, 168, 192):
        at(NOW + timedelta(hours=hours))
        answers.add(client.post(page, data={"what": kind}).text)
        sent.append(len(letters(context)))
    assert len(answers) == 1
    assert sent == [1, 1, 1, 2, 3, 3, 3, 3, 4, 5]
    assert set(letters(context)) == {(kind, EMAIL)}


def test_of_concurrent_requests_exactly_one_mails_a_letter(engine: Engine) -> None:
    with writing(engine) as connection:
        conversation.subscribe(connection, EMAIL)

    def ask(number: int) -> None:
        with writing(engine) as connection:
            if number % 2:
                stepup.mail_link(connection, EMAIL, "en", NOW)
                return
            (person,) = people.find_all(connection, [EMAIL], for_update=True).values()
            stepup.ask(connection, person, Kind.LINK, "en", NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    with writing(engine) as connection:
        assert conversation.letters(connection) == [("link", EMAIL)]


def test_links_asked_for_in_masses_without_a_letter_leave_at_the_turn_of_their_network(
    client: FlaskClient, context: Workspace
) -> None:
    emails = [f"reader{number}@izium.example.org" for number in range(3)]
    numbers = [subscribe(context, email) for email in emails]
    for email, visitor in zip(emails, ("192.0.2.1", "192.0.2.2", "198.51.100.1"), strict=True):
        client.post("/link", data={"email": email}, environ_base={"REMOTE_ADDR": visitor})
    client.post(f"{own(context, numbers[0])}/mail", data={"what": "data"})
    with reading(context.database) as connection:
        rows = connection.execute(select(letter.c.lane, letter.c.turn).order_by(letter.c.id)).all()
    now = NOW.timestamp()
    assert [tuple(row) for row in rows] == [(1, now), (1, now + 600), (1, now), (1, now)]


@pytest.mark.parametrize("state", ["reader", "asked", "stopped", "unknown"])
def test_the_form_for_one_s_link_answers_alike_whoever_is_asked_for(
    client: FlaskClient, context: Workspace, state: str
) -> None:
    subscribe(context, EMAIL.upper() if state == "reader" else EMAIL)
    if state == "asked":
        client.post("/link", data={"email": EMAIL})
    elif state == "stopped":
        stop(context, EMAIL)
    before = letters(context)
    rows = len(dump(context)["request"])
    answer = client.post("/link", data={"email": "nil@example.org" if state == "unknown" else EMAIL})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/link/sent?lang=uk")
    assert len(dump(context)["request"]) == rows + 1, "the same work"
    fresh = letters(context)[len(before) :]
    assert fresh == ([("link", EMAIL.upper())] if state == "reader" else [])


def test_sign_ups_that_others_type_in_hold_up_no_link_of_a_reader(
    client: FlaskClient, context: Workspace
) -> None:
    subscribe(context)
    with writing(context.database) as connection:
        for _ in range(3):
            words, answers = wording(context.settings, "uk"), Answers(email=EMAIL)
            sign_up(act(context, connection), answers, words, source="test", ip=None)
    client.post("/link", data={"email": EMAIL})
    assert ("link", EMAIL) in letters(context)


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "пошта@example.org"])
def test_an_address_that_cannot_be_is_said_beside_its_field(
    client: FlaskClient, context: Workspace, email: str
) -> None:
    before = dump(context)
    answer = client.post("/link", data={"email": email})
    assert answer.status_code == 422
    assert 'aria-describedby="email-error"' in answer.text
    assert dump(context) == before


@pytest.mark.parametrize("kind", stepup.PURPOSES)
def test_a_mailed_link_works_for_a_day_and_only_for_the_mailbox_it_was_mailed_to(
    client: FlaskClient, context: Workspace, kind: Kind, at: Callable[[datetime], None]
) -> None:
    number = subscribe(context)
    link = f"/mine/{kind}/{mailed(context, number, kind)}"
    at(NOW + timedelta(hours=23, minutes=59))
    assert client.get(link).status_code == 200
    at(NOW + timedelta(days=1))
    assert client.get(link).status_code == client.post(link, data={"email": EMAIL}).status_code == 404
    at(NOW)
    with writing(context.database) as connection:
        person = people.get(connection, number)
        assert person
        people.change(connection, person, replace(person, email="new@example.org"), NOW)
    assert client.get(link).status_code == 404


def test_a_stopped_reader_is_mailed_nothing_and_told_whom_to_ask(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context)
    stop(context, EMAIL)
    before = dump(context)
    answer = client.post(f"{own(context, number)}/mail", data={"what": "data"})
    assert "office@news.example.org" in answer.text
    assert dump(context) == before


def test_what_cannot_be_asked_for_is_not_found(client: FlaskClient, context: Workspace) -> None:
    page = f"{own(context, subscribe(context))}/mail"
    for what in ("", "signup", "address", "everything"):
        assert client.post(page, data={"what": what}).status_code == 404
    assert client.get(f"/preferences/{token(context, 1)}/mail").status_code == 405
