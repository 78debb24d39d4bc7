"""Double opt-in: what is asked waits, who confirms becomes a reader, and nobody is written to too often."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, delete, func, select

from newsletter.audience.asking import Act, Ending, confirm
from newsletter.audience.forms import Answers, Fault
from newsletter.audience.optin import read_signup, settle, sign_up, wording
from newsletter.config import Settings
from newsletter.links import Signer
from newsletter.model import SubscriberStatus
from newsletter.store import confirmation_limits, letters, people, requests
from newsletter.store.choices import CHOSEN, LEFT
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erase, erased_at
from newsletter.store.people import Record, key
from newsletter.store.schema import confirmation_limit, consent, consent_text, letter, request, subscriber

NOW = datetime(2025, 2, 14, 10, tzinfo=UTC)
DAY = timedelta(days=1)
SIGNER = Signer(b"0123456789abcdef")
EMAIL = "Olena@konotop.example.org"
SOCIAL = Answers(
    email=EMAIL, name="Олена", attributes={"region": "Сумська"}, sections=frozenset({"social"}), agreed=True
)


def act(connection: Connection, now: datetime) -> Act:
    return Act(connection, now, SIGNER, ("social", "staff"))


def ask(engine: Engine, settings: Settings, answers: Answers = SOCIAL, now: datetime = NOW) -> int:
    """Sign up, and return the request's number."""
    words = wording(settings, "uk")
    with writing(engine) as connection:
        ip = SIGNER.digest("192.0.2.0/24")
        sign_up(act(connection, now), answers, words, source="sign-up page", ip=ip)
        number: int = connection.execute(select(func.max(request.c.id))).scalar_one()
        return number


def answer(engine: Engine, number: int, now: datetime = NOW) -> Ending:
    with writing(engine) as connection:
        found = requests.find(connection, number, now, for_update=True)
        assert found
        return confirm(act(connection, now), found, settle)


def person(engine: Engine, email: str = EMAIL) -> Record | None:
    with reading(engine) as connection:
        return people.find(connection, email)


def count(engine: Engine, table: str = "letter") -> int:
    tables = {"letter": letter, "subscriber": subscriber, "consent": consent}
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(tables[table])).scalar_one()


def test_nothing_but_a_letter_comes_of_a_sign_up_until_it_is_confirmed(
    engine: Engine, settings: Settings
) -> None:
    ask(engine, settings)
    assert count(engine, "subscriber") == 0
    with writing(engine) as connection:
        (found,) = letters.take(connection, NOW)
    assert (found.kind, found.email, found.language) == ("confirm", EMAIL, "uk")


def test_who_confirms_is_a_reader_with_the_proof_of_their_consent(engine: Engine, settings: Settings) -> None:
    number = ask(engine, settings)
    assert answer(engine, number, NOW + DAY) is Ending.DONE
    found = person(engine)
    assert found
    assert (found.name, found.language, found.source) == ("Олена", "uk", "sign-up page")
    assert found.attributes == {"region": "Сумська"}
    assert found.choices == {"social": CHOSEN}
    with reading(engine) as connection:
        row = connection.execute(
            select(consent, consent_text.c.text, consent_text.c.language).join(consent_text)
        ).one()
    assert (row.subscriber, row.at, row.confirmed_at) == (
        found.id,
        "2025-02-14T10:00:00Z",
        "2025-02-15T10:00:00Z",
    )
    assert (row.source, row.ip) == ("sign-up page", SIGNER.digest("192.0.2.0/24"))
    assert (row.text, row.language) == (wording(settings, "uk").text, "uk")


def test_confirming_twice_is_confirming_once(engine: Engine, settings: Settings) -> None:
    number = ask(engine, settings)
    answer(engine, number)
    found = person(engine)
    assert found
    with writing(engine) as connection:
        people.leave(connection, found.id, (), ("social",), NOW)
    assert answer(engine, number) is Ending.DONE
    left = person(engine)
    assert left
    assert left.choices == {"social": LEFT, "*": LEFT}
    assert count(engine, "consent") == 1


def test_a_reader_s_own_word_brings_back_what_they_left_and_adds_to_what_they_have(
    engine: Engine, settings: Settings
) -> None:
    answer(engine, ask(engine, settings))
    found = person(engine)
    assert found
    with writing(engine) as connection:
        people.leave(connection, found.id, (), ("social",), NOW)
    more = Answers(email=EMAIL.lower(), sections=frozenset({"staff"}), attributes={"position": "голова"})
    answer(engine, ask(engine, settings, more, NOW + DAY))
    back = person(engine)
    assert back
    assert (back.id, back.email, back.name) == (found.id, EMAIL, "Олена")
    assert back.attributes == {"region": "Сумська", "position": "голова"}
    assert back.choices == {"social": LEFT, "*": LEFT, "staff": CHOSEN}


def test_who_was_erased_may_come_back_by_themselves(sqlite_engine: Engine, settings: Settings) -> None:
    answer(sqlite_engine, ask(sqlite_engine, settings))
    erase(sqlite_engine, EMAIL, SIGNER, NOW)
    assert person(sqlite_engine) is None
    answer(sqlite_engine, ask(sqlite_engine, settings, now=NOW + 2 * DAY), NOW + 2 * DAY)
    assert person(sqlite_engine)
    with reading(sqlite_engine) as connection:
        assert erased_at(connection, EMAIL, SIGNER) is None


def test_a_suppressed_address_gets_no_letter_and_is_not_touched(engine: Engine, settings: Settings) -> None:
    first = ask(engine, settings)
    answer(engine, first)
    second = ask(engine, settings, now=NOW + DAY)
    with writing(engine) as connection:
        people.suppress(connection, EMAIL, "complaint", NOW)
    before = person(engine)
    assert answer(engine, second, NOW + DAY) is Ending.STOPPED
    ask(engine, settings, now=NOW + 3 * DAY)
    assert count(engine) == 2
    assert person(engine) == before
    assert before
    assert before.status is SubscriberStatus.SUPPRESSED


def letters_at(engine: Engine, settings: Settings, hours: Sequence[int]) -> list[int]:
    """Sign up at each hour, and return after which of them a letter was put."""
    put = []
    for hour in hours:
        before = count(engine)
        ask(engine, settings, now=NOW + timedelta(hours=hour))
        put += [hour] * (count(engine) - before)
    return put


def test_an_address_gets_a_letter_a_day_and_three_at_most_until_it_answers(
    engine: Engine, settings: Settings
) -> None:
    assert letters_at(engine, settings, [0, 1, 23, 24, 30, 48, 72, 96, 120]) == [0, 24, 48]
    answer(engine, 1)
    assert letters_at(engine, settings, [130]) == [130]


def test_three_letters_without_an_answer_are_all_for_half_a_year_though_the_requests_are_gone(
    engine: Engine, settings: Settings
) -> None:
    assert letters_at(engine, settings, [0, 24, 48]) == [0, 24, 48]
    days = range(3, 190)
    put = []
    for day in days:
        with writing(engine) as connection:
            connection.execute(delete(request).where(requests.too_old(NOW + day * DAY)))
            connection.execute(delete(letter).where(letters.too_old(NOW + day * DAY)))
            confirmation_limits.prune(connection, NOW + day * DAY)
        put += letters_at(engine, settings, [24 * day])
    assert [hour // 24 for hour in put] == [182, 183, 184]


def test_who_said_yes_is_forgotten_by_the_count_within_a_day(engine: Engine, settings: Settings) -> None:
    answer(engine, ask(engine, settings))
    assert letters_at(engine, settings, [1]) == [], "but a letter a day it stays"
    with writing(engine) as connection:
        confirmation_limits.prune(connection, NOW + DAY)
        assert not connection.execute(select(confirmation_limit)).all()


def test_a_thousand_sign_ups_of_one_victim_are_one_letter(sqlite_engine: Engine, settings: Settings) -> None:
    words = wording(settings, "uk")
    with writing(sqlite_engine) as connection:
        for number in range(1000):
            now = NOW + timedelta(minutes=number)
            sign_up(act(connection, now), SOCIAL, words, source="sign-up page", ip=None)
    assert count(sqlite_engine) == 1


def test_another_address_is_not_held_up(engine: Engine, settings: Settings) -> None:
    ask(engine, settings)
    ask(engine, settings, Answers(email="other@example.org"))
    assert count(engine) == 2


def test_the_words_are_the_workspace_s_or_ours_in_both_languages(settings: Settings) -> None:
    ukrainian, english = wording(settings, "uk"), wording(settings, "en")
    assert settings.publisher in ukrainian.text
    assert ukrainian.text.startswith("Я погоджуюся")
    assert english.text.startswith("I agree")
    assert ukrainian.version != english.version
    own = settings.model_copy(update={"consent": "Погоджуюся на 100%."})
    assert wording(own, "en").text == "Погоджуюся на 100%."


@pytest.mark.parametrize("given", ["", "yes", "0123456789ab"])
def test_who_agreed_to_other_words_has_not_agreed(settings: Settings, given: str) -> None:
    version = wording(settings, "uk").version
    form = {"email": [EMAIL], "take": ["all"], "consent": [given]}
    assert read_signup(form, settings, version).faults == {"consent": Fault.MISSING}
    agreed = read_signup({**form, "consent": [version]}, settings, version)
    assert (agreed.email, agreed.agreed, agreed.faults) == (EMAIL, True, {})
    assert key(agreed.email) == EMAIL.casefold()
