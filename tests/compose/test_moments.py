"""Dates and times as people type them."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.moments import Span, parse_span, parse_times
from newsletter.model import Period

WEEK = Period(start=date(2025, 2, 8), end=date(2025, 2, 14))
DAY = date(2025, 2, 20)
ELEVEN, HALF_PAST_TWELVE = datetime.combine(DAY, time(11)), datetime.combine(DAY, time(12, 30))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2025-02-20", Span(DAY)),
        ("2025-02-20 11:00", Span(ELEVEN)),
        ("2025-02-20T11:00:00", Span(ELEVEN)),
        ("20.02.2025", Span(DAY)),
        ("20.02.2025 р., 11:00", Span(ELEVEN)),
        ("20.02 об 11.00", Span(ELEVEN)),
        ("20 лютого 2025 року", Span(DAY)),
        ("20 лютого 2025р.", Span(DAY)),
        ("20 лютого 2025 року, 11:00", Span(ELEVEN)),
        ("20 лютого, 11:00", Span(ELEVEN)),
        ("20 лютого о 11:00 – 12:30", Span(ELEVEN, HALF_PAST_TWELVE)),
        ("20 лютого 2025, з 11:00 до 12:30", Span(ELEVEN, HALF_PAST_TWELVE)),
        ("20 лютого о 11.00–12.30", Span(ELEVEN, HALF_PAST_TWELVE)),
        ("четвер, 20 лютого, 11:00", Span(ELEVEN)),
        ("п'ятниця, 21 лютого", Span(date(2025, 2, 21))),
        ("у п’ятницю, 21 лютого", Span(date(2025, 2, 21))),
        ("у четвер, 20 лютого, об 11 годині", Span(ELEVEN)),
        ("20 лютого 2025 (четвер), початок об 11:00 год.", Span(ELEVEN)),
        ("11:00, 20 лютого 2025 року", Span(ELEVEN)),
        ("11:00–12:30, 20 лютого", Span(ELEVEN, HALF_PAST_TWELVE)),
        ("20–22 лютого 2025 року", Span(DAY, date(2025, 2, 22))),
        ("з 20 до 22 лютого", Span(DAY, date(2025, 2, 22))),
        ("20 лютого – 1 березня", Span(DAY, date(2025, 3, 1))),
        ("30 грудня – 2 січня 2026 року", Span(date(2025, 12, 30), date(2026, 1, 2))),
        ("20 лютого, 11:00 – 21 лютого, 14:00", Span(ELEVEN, datetime.combine(date(2025, 2, 21), time(14)))),
        ("20 February 2025", Span(DAY)),
        ("Thursday, 20 February 2025 at 11:00", Span(ELEVEN)),
        ("February 20, 2025, 11 am", Span(ELEVEN)),
        ("Feb 20, 11:00 a.m. – 12:30 p.m.", Span(ELEVEN, HALF_PAST_TWELVE)),
        ("February 20–22, 2025", Span(DAY, date(2025, 2, 22))),
        ("from 20 to 22 February 2025", Span(DAY, date(2025, 2, 22))),
    ],
)
def test_a_date_and_its_times_are_understood(text: str, span: Span) -> None:
    assert parse_span(text, WEEK) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "незабаром",
        "20",
        "11:00",
        "10.12",  # a day or a time
        "20.02.25",
        "30 лютого 2025",
        "29 лютого",  # not in 2025
        "20 лютого, 25:00",
        "20 лютого, 13 pm",
        "п'ятниця, 20 лютого 2025",  # it is a Thursday
        "20 лютого, 22:00–02:00",
        "22–20 лютого 2025",
        "20 лютого 2025 року, 11:00 (онлайн)",
        "20 лютого та 27 лютого",
        "до 20 лютого",
        "кінець лютого 2025",
        "20 лютого " * 50,
    ],
)
def test_what_is_not_wholly_understood_is_no_time(text: str) -> None:
    assert parse_span(text, WEEK) is None


@pytest.mark.parametrize(
    ("typed", "closing", "meant"),
    [
        ("20 лютого", date(2025, 2, 14), date(2025, 2, 20)),
        ("3 січня", date(2025, 12, 28), date(2026, 1, 3)),
        ("27 грудня", date(2025, 12, 28), date(2025, 12, 27)),
        ("29 грудня", date(2026, 1, 4), date(2025, 12, 29)),
        ("29 лютого", date(2024, 2, 23), date(2024, 2, 29)),
    ],
)
def test_a_missing_year_is_the_one_nearest_to_the_issue(typed: str, closing: date, meant: date) -> None:
    assert parse_span(typed, Period(start=closing, end=closing)) == Span(meant)


def test_without_an_issue_a_year_is_needed() -> None:
    assert parse_span("20 лютого") is None
    assert parse_span("20 лютого 2025") == Span(DAY)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("11:00", (time(11), None)),
        ("11.00–12.30", (time(11), time(12, 30))),
        ("з 11:00 до 12:30", (time(11), time(12, 30))),
        ("об 11 годині", (time(11), None)),
        ("2 pm", (time(14), None)),
        ("12 am", (time(0), None)),
        ("25:00", None),
        ("цілий день", None),
        ("20 лютого, 11:00", None),
    ],
)
def test_times_of_day_are_understood(text: str, times: tuple[time, time | None] | None) -> None:
    assert parse_times(text) == times


@given(st.text(st.sampled_from("20 лютого 2025,.:-–11 pmоб()четвер"), max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    span = parse_span(text, WEEK)
    assert span is None or span.end is None or span.start <= span.end
