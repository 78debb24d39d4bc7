"""How the days of an issue are written, and those that messages say."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from newsletter.errors import ContentError, Message, Problem, counted
from newsletter.i18n import for_editors, format_period, said
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


DAY = date(2026, 11, 28)
MOMENT = datetime(2026, 11, 28, 14, 5, 9, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("what", "ukrainian", "english"),
    [
        (DAY, "28 листопада 2026 р.", "28 November 2026"),
        (MOMENT, "28 листопада 2026 р., 14:05", "28 November 2026, 14:05"),
        (
            Message("The archive shows it since %(at)s.", at=MOMENT),
            "Архів показує це з 28 листопада 2026 р., 14:05.",
            "The archive shows it since 28 November 2026, 14:05.",
        ),
        (
            Message(
                "This issue covers %(start)s to %(end)s: correct the words or the period.", start=DAY, end=DAY
            ),
            "Цей випуск охоплює 28 листопада 2026 р. – 28 листопада 2026 р.: виправте слова або період.",
            "This issue covers 28 November 2026 to 28 November 2026: correct the words or the period.",
        ),
        (
            ContentError(
                Problem.error("no %(x)s", hint=Message("%(doubt)s. Wait.", doubt=Message("%(x)s", x=DAY)))
            ),
            "no %(x)s\n  28 листопада 2026 р. Wait.",
            "no %(x)s\n  28 November 2026. Wait.",
        ),
        (
            counted("%(num)d reader until %(day)s", "%(num)d readers until %(day)s", 2, day=DAY),
            "2 readers until 28 листопада 2026 р.",
            "2 readers until 28 November 2026",
        ),
    ],
)
def test_days_and_moments_in_a_message_are_said_as_people_write_them(
    what: object, ukrainian: str, english: str
) -> None:
    assert said(what, "uk") == ukrainian
    assert said(what, "en") == english


@pytest.mark.parametrize("language", ["uk", "en"])
@pytest.mark.parametrize(
    "words",
    [
        "Next: newsletter compose %(closing)s",
        "See: newsletter subscribers list %(closing)s",
        "Issue %(closing)s has no items",
        "the issue of %(closing)s was sent",
    ],
)
def test_the_name_of_an_issue_is_said_as_it_is_typed(words: str, language: str) -> None:
    assert "2026-11-28" in said(Message(words, closing=DAY), language)


def test_a_message_as_data_keeps_its_days_in_iso_8601() -> None:
    assert str(Message("ends on %(day)s", day=DAY)) == "ends on 2026-11-28"
    assert str(Message("since %(at)s", at=MOMENT.astimezone(UTC))) == "since 2026-11-28 12:05:09+00:00"


def test_a_letter_to_editors_says_its_values_in_each_of_its_languages() -> None:
    why = Message("every message is deferred: %(answer)s", answer="451 4.7.1")
    first, second = for_editors("%(why)s, %(day)s", "uk", why=why, day=DAY).split("\n\n")
    assert first == "кожного листа відкладають: 451 4.7.1, 28 листопада 2026 р."
    assert second == "every message is deferred: 451 4.7.1, 28 November 2026"


def test_a_quoted_value_stands_between_the_marks_of_the_language_and_is_cut_as_in_english() -> None:
    unknown = Message("unknown section %(name)r", name="спорт")
    assert said(unknown, "uk") == "невідома рубрика «спорт»"
    assert said(unknown, "en") == said(unknown, "ka") == "unknown section 'спорт'"
    long = said(Message("unknown section %(name)r", name="ж" * 200), "uk")
    assert long == f"невідома рубрика «{'ж' * 80}…»"
