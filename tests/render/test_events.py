"""Events in words, and as calendar files that calendars read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import Place
from newsletter.model import Event, Has, Item, ItemKind
from newsletter.render.events import calendar_address, calendar_name, event_values
from newsletter.render.ics import Source, calendar

KYIV = ZoneInfo("Europe/Kyiv")
ELEVEN, HALF_PAST_TWELVE = datetime(2025, 2, 20, 11, tzinfo=KYIV), datetime(2025, 2, 20, 12, 30, tzinfo=KYIV)
SOURCE = Source(
    issue="2025-02-14",
    base_url="https://news.example.org",
    domain="example.org",
    at=datetime(2025, 2, 14, 9, 30, tzinfo=UTC),
)
PAGE = "https://news.example.org/issues/2025-02-14"


def item(event: Event, **values: object) -> Item:
    given = {"id": "01-forum", "title": "Форум", "text": "", "sections": ("top",), "at": Place("item.md")}
    return Item(kind=ItemKind.EVENT, event=event, **(given | values))  # type: ignore[arg-type]  # by name


def parsed(one: Item) -> Any:
    """Return the only entry of an event's calendar file, as a calendar reads it."""
    assert one.event
    text = calendar(one, one.event, SOURCE)
    assert text.endswith("\r\n")
    lines = text.encode().removesuffix(b"\r\n").split(b"\r\n")
    assert all(0 < len(line) <= 75 for line in lines)  # RFC 5545 §3.1, in octets
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    whole = icalendar.Calendar.from_ical(text)
    assert not whole.errors
    assert {"VERSION", "PRODID"} <= whole.keys()
    (entry,) = whole.subcomponents
    assert not entry.errors
    assert isinstance(entry, icalendar.Event)
    assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY"} <= entry.keys()
    return entry


@pytest.mark.parametrize(
    ("event", "uk", "en"),
    [
        (
            Event(start=ELEVEN, end=HALF_PAST_TWELVE),
            "четвер, 20 лютого 2025 року, 11:00–12:30",
            "Thursday, 20 February 2025, 11:00–12:30",
        ),
        (Event(start=ELEVEN), "четвер, 20 лютого 2025 року, 11:00", "Thursday, 20 February 2025, 11:00"),
        (Event(start=date(2025, 2, 20)), "четвер, 20 лютого 2025 року", "Thursday, 20 February 2025"),
        (
            Event(start=date(2025, 2, 20), end=date(2025, 2, 22)),
            "20 – 22 лютого 2025 року",
            "20–22 February 2025",
        ),
        (
            Event(start=ELEVEN, end=datetime(2025, 3, 1, 14, tzinfo=KYIV)),
            "20 лютого 2025 року, 11:00 – 1 березня 2025 року, 14:00",
            "20 February 2025, 11:00 – 1 March 2025, 14:00",
        ),
    ],
)
def test_an_event_s_time_is_one_line_in_the_issue_s_language(event: Event, uk: str, en: str) -> None:
    assert event_values(event, "uk").line == uk
    assert event_values(event, "en").line == en


def test_templates_get_each_part_of_an_event_ready() -> None:
    words = event_values(Event(start=ELEVEN, end=HALF_PAST_TWELVE, place=" Київ,\n вул. Січова \x07"), "uk")
    assert (words.day, words.month, words.month_short, words.year) == ("20", "лютого", "лют", "2025")
    assert (words.weekday, words.date, words.time) == ("четвер", "20 лютого 2025 року", "11:00–12:30")
    assert (words.on, words.when, words.place) == ("20 лютого", "четвер, 11:00–12:30", "Київ, вул. Січова")
    assert event_values(Event(start=ELEVEN), "en").on == "20 February"
    assert event_values(Event(start=ELEVEN), "de").on == "20. Februar"
    several = event_values(Event(start=date(2025, 2, 20), end=date(2025, 2, 22)), "uk")
    assert (several.on, several.when, several.time) == ("", "20 – 22 лютого 2025 року", "")


def test_a_calendar_reads_back_what_the_item_says() -> None:
    event = Event(start=ELEVEN, end=HALF_PAST_TWELVE, place="Київ, вул. Січова; 73")
    entry = parsed(
        item(
            event,
            title="Форум громад: «Партнерство», який має довгу назву, що не вміститься в один рядок файлу",
            text="Програма [тут](https://auc.org.ua/a).\n\n- раз, два; три\n- чотири \\ п'ять",
            link="https://приклад.укр/1",
        )
    )
    assert entry["SUMMARY"].startswith("Форум громад: «Партнерство», який")
    assert entry["LOCATION"] == "Київ, вул. Січова; 73"
    assert (entry.start, entry.end) == (ELEVEN, HALF_PAST_TWELVE)
    assert entry["DTSTART"].dt.tzinfo is not None
    assert entry["DTSTAMP"].dt == SOURCE.at
    assert entry["URL"] == f"{PAGE}#01-forum"
    assert entry["DESCRIPTION"] == (
        "Програма тут.\nhttps://auc.org.ua/a\n\n- раз, два; три\n- чотири \\ п'ять\n\n"
        "https://xn--80aikifvh.xn--j1amh/1"
    )


@pytest.mark.parametrize(
    ("event", "end"),
    [
        (Event(start=date(2025, 2, 20)), date(2025, 2, 21)),
        (Event(start=date(2025, 2, 20), end=date(2025, 2, 22)), date(2025, 2, 23)),
    ],
)
def test_whole_days_are_dates_and_end_before_the_day_after_the_last(event: Event, end: date) -> None:
    entry = parsed(item(event))
    assert entry["DTSTART"].dt == date(2025, 2, 20)
    assert entry["DTSTART"].params["VALUE"] == "DATE"
    assert entry["DTEND"].dt == end


def test_a_corrected_event_stays_the_same_entry_and_another_one_is_another() -> None:
    first = item(Event(start=ELEVEN))
    assert calendar(first, Event(start=ELEVEN), SOURCE) == calendar(first, Event(start=ELEVEN), SOURCE)
    moved = item(Event(start=ELEVEN + timedelta(days=7)), title="Форум перенесено")
    assert parsed(first)["UID"] == parsed(moved)["UID"]
    assert parsed(first)["UID"] != parsed(item(Event(start=ELEVEN), id="02"))["UID"]


def test_an_event_without_an_end_or_place_claims_neither() -> None:
    entry = parsed(item(Event(start=ELEVEN)))
    assert not {"DTEND", "DURATION", "LOCATION", "DESCRIPTION"} & entry.keys()


def test_the_address_of_a_calendar_file_is_ascii_and_tells_nobody_about_an_event_for_few() -> None:
    event = Event(start=ELEVEN)
    cyrillic = calendar_address("https://news.example.org", "2025-02-14", item(event, id="форум громад"))
    assert cyrillic.isascii()
    assert unquote(cyrillic) == f"{PAGE}/форум-громад.ics"
    few = item(event, only_for=Has("region", frozenset({"Сумська"})))
    name = calendar_name("2025-02-14", few)
    assert "forum" not in name
    assert name == calendar_name("2025-02-14", few)
    assert name != calendar_name("2025-02-14", item(Event(start=HALF_PAST_TWELVE), only_for=few.only_for))
    assert "URL" not in parsed(few)


words = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\;,:\n\r\"'[]()"), max_size=200)


@given(words, words, words, st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(KYIV)))  # noqa: DTZ001  Hypothesis wants it so
def test_any_words_make_a_calendar_file(title: str, text: str, place: str, start: datetime) -> None:
    entry = parsed(item(Event(start=start.replace(microsecond=0), place=place), title=title, text=text))
    assert entry["DTSTART"].dt == start.astimezone(UTC).replace(microsecond=0)
