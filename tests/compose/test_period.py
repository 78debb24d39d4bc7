"""Periods as typed."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.period import parse_period
from newsletter.i18n import format_period
from newsletter.model import Period

WEEK = Period(start=date(2025, 2, 8), end=date(2025, 2, 14))
ACROSS_MONTHS = Period(start=date(2025, 1, 27), end=date(2025, 2, 2))
ACROSS_YEARS = Period(start=date(2024, 12, 29), end=date(2025, 1, 4))


@pytest.mark.parametrize(
    ("typed", "period"),
    [
        ("8 – 14 лютого 2025 року", WEEK),
        ("8-14 лютого 2025 р.", WEEK),
        ("8—14 ЛЮТОГО 2025 РОКУ", WEEK),
        ("Дайджест за 8\xa0–\xa014 лютого 2025 року", WEEK),
        ("8 лютого – 14 лютого 2025", WEEK),
        ("8 лют. – 14 лют. 2025", WEEK),
        ("8–14 February 2025", WEEK),
        ("February 8 – 14, 2025", WEEK),
        ("Feb 8–14, 2025", WEEK),
        ("08.02.2025 – 14.02.2025", WEEK),
        ("08.02–14.02.2025", WEEK),
        ("8-14.02.2025", WEEK),
        ("27 січня – 2 лютого 2025 року", ACROSS_MONTHS),
        ("January 27 – February 2, 2025", ACROSS_MONTHS),
        ("29 грудня 2024 – 4 січня 2025 року", ACROSS_YEARS),
        ("29 грудня 2024 року – 4 січня 2025 року", ACROSS_YEARS),
        ("29 грудня – 4 січня 2025 року", ACROSS_YEARS),
        ("December 29, 2024 – January 4, 2025", ACROSS_YEARS),
        ("8.–14. Februar 2025", WEEK),
        ("8. – 14. Feb. 2025", WEEK),
        ("27. Januar – 2. Februar 2025", ACROSS_MONTHS),
        ("8–14 lutego 2025 r.", WEEK),
        ("27 stycznia – 2 lutego 2025 roku", ACROSS_MONTHS),
    ],
)
def test_a_period_is_read_as_people_type_it(typed: str, period: Period) -> None:
    assert parse_period(typed) == period


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "8 лютого 2025 року",
        "8 – 14 лютого",
        "у 2025-2026 роках",
        "31 лютого – 2 березня 2025 року",
        "14 – 8 лютого 2025 року",
        "8 – 14 2025",
        "який відбувся з 4 до 7 лютого 2025 року",
        "тел. 044-123-45-67",
    ],
)
def test_other_dates_and_impossible_ones_are_no_period(typed: str) -> None:
    assert parse_period(typed) is None


def test_an_impossible_period_does_not_hide_a_later_one() -> None:
    assert parse_period("не 14 – 8 лютого 2025, а 8 – 14 лютого 2025") == WEEK


@settings(deadline=None)
@given(
    st.dates(date(1000, 1, 1), date(9000, 1, 1)),
    st.integers(1, 400),
    st.sampled_from(["uk", "en", "pl", "de"]),
    st.text(),
)
def test_every_period_the_program_writes_is_read_back(
    start: date, days: int, language: str, before: str
) -> None:
    period = Period(start=start, end=start + timedelta(days=days))
    assert parse_period(format_period(period, language)) == period
    parse_period(before)
