"""The link in a letter: what it shows, what its button does, and that nothing else opens it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.audience.forms import Answers
from newsletter.audience.optin import sign_up, wording
from newsletter.links import Purpose
from newsletter.model import SubscriberStatus
from newsletter.services import Workspace
from newsletter.store import people, welcomes
from newsletter.store.choices import CHOSEN
from newsletter.store.db import reading, writing
from newsletter.store.people import Record
from tests.web.readers.forms import texts
from tests.web.readers.people import act

NOW = datetime(2025, 2, 14, 10, tzinfo=UTC)
EMAIL = "olena@konotop.example.org"


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Set the clock to a while after NOW."""
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.isoformat())
    return lambda later: monkeypatch.setenv("NEWSLETTER_NOW", (NOW + later).isoformat())


@pytest.fixture
def token(context: Workspace) -> str:
    """Sign up, and return the token of the letter."""
    answers = Answers(
        email=EMAIL, name="Олена", attributes={"region": "Сумська"}, sections=frozenset({"social"})
    )
    with writing(context.database) as connection:
        words = wording(context.settings, "uk")
        sign_up(act(context, connection), answers, words, source="sign-up page", ip=None)
    return context.signer.token(Purpose.CONFIRM, 1, NOW.date())


def person(context: Workspace) -> Record | None:
    with reading(context.database) as connection:
        return people.find(connection, EMAIL)


def test_opening_the_link_shows_what_is_confirmed_and_changes_nothing(
    client: FlaskClient, context: Workspace, token: str
) -> None:
    for _ in range(3):
        client.head(f"/confirm/{token}")
        page = client.get(f"/confirm/{token}?lang=uk").text
    assert texts(page, "//dl/div") == [
        f"Адреса{EMAIL}",
        "РубрикиСоціальний захист",
        "Ім’яОлена",
        "ОбластьСумська",
    ]
    assert texts(page, "//form[@method='post']//button") == ["Так, підписатися"]
    assert person(context) is None


def test_the_button_makes_a_reader_and_says_what_next(
    client: FlaskClient, context: Workspace, token: str
) -> None:
    answer = client.post(f"/confirm/{token}?lang=uk")
    assert answer.status_code == 200
    found = person(context)
    assert found
    assert (found.status, found.choices) == (SubscriberStatus.ACTIVE, {"social": CHOSEN})
    assert texts(answer.text, "//h1") == ["Підписку оформлено"]
    own = context.signer.token(Purpose.PREFERENCES, found.id, NOW.date())
    assert f"/preferences/{own}" in answer.text
    for again in (client.post(f"/confirm/{token}?lang=uk"), client.get(f"/confirm/{token}?lang=uk")):
        assert texts(again.text, "//h1") == ["Підписку оформлено"]
        assert "/preferences/" not in again.text, "only the press that proves the mailbox leads on"


def test_an_address_that_was_stopped_meanwhile_is_told_so(
    client: FlaskClient, context: Workspace, token: str
) -> None:
    client.post(f"/confirm/{token}")
    with writing(context.database) as connection:
        people.suppress(connection, EMAIL, "complaint", NOW)
        answers = Answers(email=EMAIL)
        words = wording(context.settings, "uk")
        sign_up(act(context, connection), answers, words, source="test", ip=None)
    second = context.signer.token(Purpose.CONFIRM, 2, NOW.date())
    answer = client.post(f"/confirm/{second}?lang=uk")
    assert texts(answer.text, "//h1") == ["На цю адресу ми не пишемо"]
    assert "/preferences/" not in answer.text
    found = person(context)
    assert found
    assert found.status is SubscriberStatus.SUPPRESSED


def unknown(client: FlaskClient, token: str) -> bool:
    """Tell whether the page is the one for links that confirm nothing, for both methods."""
    answers = [client.get(f"/confirm/{token}?lang=uk"), client.post(f"/confirm/{token}?lang=uk")]
    expected = client.get("/confirm/nothing?lang=uk")
    assert expected.status_code == 404
    return all(
        answer.status_code == 404 and texts(answer.text, "//main") == texts(expected.text, "//main")
        for answer in answers
    )


def test_a_link_works_for_seven_days(
    client: FlaskClient, token: str, at: Callable[[timedelta], None]
) -> None:
    at(timedelta(days=7, seconds=-1))
    assert client.get(f"/confirm/{token}").status_code == 200
    at(timedelta(days=7))
    assert unknown(client, token)


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose != Purpose.CONFIRM])
def test_a_token_for_another_purpose_confirms_nothing(
    client: FlaskClient, context: Workspace, token: str, purpose: Purpose
) -> None:
    assert token
    assert unknown(client, context.signer.token(purpose, 1, NOW.date()))
    assert person(context) is None


@pytest.mark.usefixtures("token")
def test_a_token_of_another_day_confirms_nothing(client: FlaskClient, context: Workspace) -> None:
    """As after a backup was put back, when a number comes to mean another request."""
    assert unknown(client, context.signer.token(Purpose.CONFIRM, 1, date(2025, 2, 13)))
    assert unknown(client, context.signer.token(Purpose.CONFIRM, 2, NOW.date()))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 30), letter=st.sampled_from("ABCXYZabcxyz0189-_"))
def test_a_token_that_was_tampered_with_confirms_nothing(
    client: FlaskClient, context: Workspace, token: str, place: int, letter: str
) -> None:
    forged = token[:place] + letter + token[place + 1 :]
    if forged != token:
        answer = client.post(
            f"/confirm/{forged}", environ_base={"REMOTE_ADDR": f"10.0.{place}.{ord(letter)}"}
        )
        assert answer.status_code == 404
        assert person(context) is None


def test_who_confirms_waits_for_the_newest_issue_where_newcomers_are_welcomed_with_it(
    client: FlaskClient, context: Workspace, token: str
) -> None:
    context.settings = context.settings.model_copy(update={"welcome": "latest"})
    client.post(f"/confirm/{token}")
    client.post(f"/confirm/{token}")
    found = person(context)
    assert found
    with reading(context.database) as connection:
        assert list(welcomes.waiting(connection)) == [found.id]
