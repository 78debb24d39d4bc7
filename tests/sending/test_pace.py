"""How fast, how often, and when to stop."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from newsletter.model import Outcome, Receipt
from newsletter.sending.pace import (
    EQUAL_ERRORS,
    FIRST_RETRY,
    LAST_RETRY,
    CircuitBreaker,
    domain_of,
    retry_after,
    retry_at,
    too_late,
)
from newsletter.store import rate_limits
from newsletter.store.db import writing


@given(attempt=st.integers(1, 100), subscriber=st.integers(0, 2**40))
def test_the_wait_for_another_try_doubles_up_to_four_hours_and_is_always_the_same(
    attempt: int, subscriber: int
) -> None:
    wait = retry_after(attempt, subscriber)
    steady = min(LAST_RETRY, FIRST_RETRY * 2 ** (attempt - 1))
    assert 0.8 * steady <= wait <= 1.2 * steady
    assert wait == retry_after(attempt, subscriber)


def test_readers_of_one_domain_are_not_tried_again_all_at_once() -> None:
    assert len({round(retry_after(1, subscriber)) for subscriber in range(100)}) > 50


def test_what_was_never_tried_is_due_at_once() -> None:
    assert retry_at("", 0, 7) == 0.0
    assert retry_at("1970-01-01T00:00:00Z", 1, 7) < 2 * FIRST_RETRY


def test_a_domain_is_the_same_in_any_letters() -> None:
    assert domain_of("Anna@Example.ORG") == "example.org"


def refused(code: int, detail: str) -> Receipt:
    return Receipt(outcome=Outcome.REFUSED, code=code, detail=detail)


def said(alarm: CircuitBreaker) -> str:
    return alarm.reason


def test_equal_errors_are_equal_whatever_address_they_name() -> None:
    alarm = CircuitBreaker(Counter())
    for number in range(20):
        assert not alarm.reason
        alarm.hear(refused(550, f"5.7.1 <reader{number}@a.test> blocked as spam id-{number}"))
    assert "20 times in a row" in alarm.reason


def test_an_accepted_message_or_another_error_ends_the_row() -> None:
    alarm = CircuitBreaker(Counter())
    for number in range(60):
        alarm.hear(refused(550, "blocked") if number % 3 else Receipt(outcome=Outcome.ACCEPTED))
        alarm.hear(refused(551 if number % 2 else 552, "blocked"))
    assert "in a row" not in alarm.reason


def deferred(code: int, detail: str) -> Receipt:
    return Receipt(outcome=Outcome.DEFERRED, code=code, detail=detail)


GREYLISTING = (
    (450, "4.2.0 <{}@a.test>: Recipient address rejected: Greylisted, see postgrey"),
    (451, "4.7.1 Try again later"),
    (450, "4.7.1 <{}@a.test>: try again in {} seconds"),
    (451, "4.7.0 Please retry {}"),
    (451, "Сірий список, спробуйте пізніше"),
)
PUT_OFF = (
    (451, "Temporary local problem - please try later"),
    (450, "4.3.2 Service currently unavailable"),
    (451, "4.3.0 <{}@a.test> come back"),
)
TROUBLE = (
    (452, "4.3.1 Insufficient system storage"),
    (421, "4.3.2 closing"),
    (454, "4.7.0 TLS not available"),
    (450, "4.7.25 Client host rejected: cannot find your hostname"),
    (451, "4.7.24 The SPF record has suspicious entries"),
    (0, "connection lost"),
)


@pytest.mark.parametrize(("code", "words"), GREYLISTING)
def test_greylisting_that_says_so_is_no_reason_to_stop_or_rest(code: int, words: str) -> None:
    alarm = CircuitBreaker(Counter())
    for number in range(500):
        alarm.hear(deferred(code, words.format(number, number)), 1 + number % 3)
    assert not alarm.reason
    assert not alarm.rest
    for number in range(EQUAL_ERRORS):
        alarm.hear(deferred(code, words.format(number, number)), 4)
    assert "in a row" in alarm.reason, "after half an hour it is no greylisting"


@pytest.mark.parametrize(("code", "words"), PUT_OFF)
def test_where_everybody_is_put_off_at_first_the_sending_rests_and_a_later_try_tells(
    code: int, words: str
) -> None:
    alarm = CircuitBreaker(Counter())
    for number in range(EQUAL_ERRORS):
        assert not alarm.rest
        alarm.hear(deferred(code, words.format(number)))
    assert words.rsplit(maxsplit=1)[-1] in alarm.rest
    sick, greylists = (CircuitBreaker(Counter({Outcome.DEFERRED: EQUAL_ERRORS})) for _ in range(2))
    greylists.hear(Receipt(outcome=Outcome.ACCEPTED), 2)
    for number in range(EQUAL_ERRORS):
        sick.hear(deferred(code, words.format(number)), 2)
        greylists.hear(deferred(code, words.format(number)), 1)
    assert "20 times in a row" in sick.reason
    assert not greylists.reason
    assert not greylists.rest


@pytest.mark.parametrize(("code", "words"), TROUBLE)
def test_trouble_that_names_itself_stops_the_sending_at_the_first_try(code: int, words: str) -> None:
    alarm = CircuitBreaker(Counter())
    for _ in range(EQUAL_ERRORS):
        alarm.hear(deferred(code, words))
    assert "20 times in a row" in alarm.reason


def test_five_in_a_hundred_who_do_not_exist_stop_the_sending_but_not_before_two_hundred() -> None:
    alarm = CircuitBreaker(Counter({Outcome.ACCEPTED: 150, Outcome.SUPPRESSED: 500}))
    for number in range(12):
        alarm.hear(refused(550 + number % 2, f"5.1.1 no such user {chr(97 + number)}"))
    assert not said(alarm)
    for _ in range(37):
        alarm.hear(Receipt(outcome=Outcome.ACCEPTED))
    assert not said(alarm)
    alarm.hear(refused(550, "5.1.1 no such user"))
    assert said(alarm) == "13 of 200 addresses do not exist"


def test_refusals_that_are_not_the_address_s_fault_are_no_reason_to_stop() -> None:
    alarm = CircuitBreaker(Counter({Outcome.ACCEPTED: 1000}))
    for number in range(200):
        words = ("5.2.2 mailbox full", "5.7.1 spam", "too big")[number % 3]
        alarm.hear(refused(550 + number % 3, words))
    assert not said(alarm)


def test_who_resumes_is_asked_again_only_when_the_share_rises_again() -> None:
    alarm = CircuitBreaker(Counter({Outcome.ACCEPTED: 190, Outcome.REFUSED: 13}), gone=13)
    for _ in range(5):
        alarm.hear(refused(550, "5.1.1 no such user"))
        alarm.hear(Receipt(outcome=Outcome.ACCEPTED))
    assert not said(alarm), "18 of 213, which was known"
    for _ in range(300):
        alarm.hear(Receipt(outcome=Outcome.ACCEPTED))
    alarm.hear(refused(550, "5.1.1 no such user"))
    assert not said(alarm), "19 of 514"
    for _ in range(20):
        alarm.hear(refused(550, "5.1.1 no such user"))
        alarm.hear(Receipt(outcome=Outcome.ACCEPTED))
    assert "do not exist" in said(alarm)


def test_turns_of_a_scope_follow_each_other_whoever_takes_them(engine: Engine) -> None:
    with writing(engine) as connection:
        starts = [rate_limits.take(connection, {"run:x": 0.5}, 1000.0)["run:x"] for _ in range(3)]
        assert starts == [1000.0, 1000.5, 1001.0]
        assert rate_limits.take(connection, {"run:x": 0.5}, 2000.0) == {"run:x": 2000.0}, "unused turns lapse"


def test_a_hold_is_only_ever_made_longer(engine: Engine) -> None:
    with writing(engine) as connection:
        rate_limits.hold(connection, "hold:gmail.com", 500.0)
        rate_limits.hold(connection, "hold:gmail.com", 400.0)
        rate_limits.hold(connection, "hold:a_b.test", 500.0)
        rate_limits.take(connection, {"run:x": 900.0}, 0.0)
        assert rate_limits.held(connection, "hold:", 100.0) == {
            "hold:gmail.com": 500.0,
            "hold:a_b.test": 500.0,
        }
        assert rate_limits.held(connection, "hold:", 500.0) == {}


def test_who_is_added_to_an_old_issue_is_tried_as_long_as_others() -> None:
    begun = datetime(2025, 2, 14, 14, tzinfo=UTC)
    joined = begun + timedelta(days=20)

    def given_up(first: datetime, after: timedelta) -> bool:
        """Return whether the second attempt, so long after the first, was the last."""
        tried = first.isoformat()
        return too_late((first + after).timestamp(), begun.timestamp(), tried, 2, 7)

    assert not too_late(joined.timestamp(), begun.timestamp(), "", 1, 7)
    assert [given_up(joined, timedelta(hours=hours)) for hours in (1, 71, 73)] == [False, False, True]
    assert given_up(begun + timedelta(hours=71), timedelta(hours=2))
