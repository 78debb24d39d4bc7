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
