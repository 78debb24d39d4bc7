"""How the days of an issue are written."""

from datetime import date

import pytest

from newsletter.i18n import format_period
from newsletter.model import Period


@pytest.mark.parametrize(
    ("start", "end", "ukrainian", "english"),
    [
        ("2025-02-08", "2025-02-14", "8 – 14 лютого 2025 року", "8–14 February 2025"),
        ("2025-01-27", "2025-02-02", "27 січня – 2 лютого 2025 року", "27 January – 2 February 2025"),
        (
            "2024-12-29",
            "2025-01-04",
            "29 грудня 2024 року – 4 січня 2025 року",
            "29 December 2024 – 4 January 2025",
        ),
        ("2025-05-01", "2025-05-01", "1 травня 2025 року", "1 May 2025"),
    ],
)
def test_month_and_year_are_written_once_where_they_are_the_same(
    start: str, end: str, ukrainian: str, english: str
) -> None:
    days = Period(start=date.fromisoformat(start), end=date.fromisoformat(end))
    assert format_period(days, "uk") == ukrainian
    assert format_period(days, "en") == english


@pytest.mark.parametrize(
    ("language", "week", "months", "years", "day"),
    [
        (
            "pl",
            "8–14 lutego 2025",
            "27 stycznia – 2 lutego 2025",
            "29 grudnia 2024 – 4 stycznia 2025",
            "1 maja 2025",
        ),
        (
            "de",
            "8.–14. Februar 2025",
            "27. Januar – 2. Februar 2025",
            "29. Dezember 2024 – 4. Januar 2025",
            "1. Mai 2025",
        ),
        (
            "ro",
            "8–14 februarie 2025",
            "27 ianuarie – 2 februarie 2025",
            "29 decembrie 2024 – 4 ianuarie 2025",
            "1 mai 2025",
        ),
        (
            "he",
            "8–14 בפברואר 2025",
            "27 ינואר – 2 פברואר 2025",
            "29 דצמבר 2024 – 4 ינואר 2025",
            "1 במאי 2025",
        ),
        (
            "hu",
            "2025. február 8–14.",
            "2025. január 27. – február 2.",
            "2024. december 29. – 2025. január 4.",
            "2025. május 1.",
        ),
    ],
)
def test_other_languages_write_a_period_as_cldr_does(
    language: str, week: str, months: str, years: str, day: str
) -> None:
    days = [("2025-02-08", "2025-02-14"), ("2025-01-27", "2025-02-02"), ("2024-12-29", "2025-01-04")]
    periods = [
        Period(start=date.fromisoformat(a), end=date.fromisoformat(b))
        for a, b in [*days, ("2025-05-01", "2025-05-01")]
    ]
    assert [format_period(one, language) for one in periods] == [week, months, years, day]
