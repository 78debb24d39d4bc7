"""Lines of a digest that say when and where make an item an event; what is unclear stays text."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.compose.account import Digest, Entry, Role
from newsletter.compose.digest import parse_digest
from newsletter.compose.import_digest import import_digest
from newsletter.compose.item import parse_item
from newsletter.compose.sources import text_lines
from newsletter.config import Settings
from newsletter.model import Event, ItemKind

HEAD = "8 – 14 лютого 2025 року\n\nСОЦІАЛЬНИЙ ЗАХИСТ\n\n"
TITLE = "Вебінар про субсидії\n\n"
KYIV = ZoneInfo("Europe/Kyiv")
ELEVEN, HALF_PAST_TWELVE = datetime(2025, 2, 20, 11, tzinfo=KYIV), datetime(2025, 2, 20, 12, 30, tzinfo=KYIV)


def read(text: str, settings: Settings) -> Digest:
    return parse_digest(text_lines(HEAD + text), "digest.txt", settings)


def only(digest: Digest) -> Entry:
    (entry,) = digest.entries
    return entry


@pytest.mark.parametrize(
    ("lines", "event"),
    [
        (
            "Коли: 20 лютого 2025 року, 11:00. Де: Київ, вул. Січова, 73",
            Event(start=ELEVEN, place="Київ, вул. Січова, 73"),
        ),
        ("Коли: 20 лютого о 11:00 – 12:30\nДе: онлайн", Event(
            start=ELEVEN, end=HALF_PAST_TWELVE, place="онлайн")),
        ("**Коли:** четвер, 20 лютого, 11:00; **де:** Львів", Event(start=ELEVEN, place="Львів")),
        ("- Дата: 20.02.2025\n- Час: 11.00–12.30", Event(start=ELEVEN, end=HALF_PAST_TWELVE)),
        ("📅 Дата: 20 лютого\n🕚 Час: об 11:00\n📍 Місце: Суми", Event(start=ELEVEN, place="Суми")),
        ("Дата: 20–22 лютого\n\nМісце проведення: Одеса", Event(
            start=date(2025, 2, 20), end=date(2025, 2, 22), place="Одеса")),
        ("When: February 20, 11 am Where: Kyiv, City Hall", Event(start=ELEVEN, place="Kyiv, City Hall")),
        ("Date: 20 February\nTime: 11:00 – 12:30\nVenue: Kyiv", Event(
            start=ELEVEN, end=HALF_PAST_TWELVE, place="Kyiv")),
        ("Коли: 3 січня 2026 року", Event(start=date(2026, 1, 3))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("between", ["", "Про нові правила.\n\n"])
def test_an_item_that_says_when_is_an_event(
    settings: Settings, lines: str, event: Event, between: str
) -> None:
    digest = read(f"{TITLE}{between}{lines}\n\nРеєстрація до середи.\n\nhttps://auc.org.ua/1\n", settings)
    entry = only(digest)
    assert entry.event == event
    assert entry.text == f"{between}Реєстрація до середи."
    assert entry.link == "https://auc.org.ua/1"
    assert not digest.problems
    said = [placed.line.text for placed in digest.account if placed.role is Role.EVENT]
    assert said == [line for line in lines.split("\n") if line]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Коли: незабаром", "not one that can be read"),
        ("Коли: 20 лютого 2025 року, 11:00. Реєстрація обов'язкова", "not one that can be read"),
        ("Коли: п'ятниця, 20 лютого 2025 року", "not one that can be read"),
        ("Дата: 20 лютого. Час: увечері", "not one that can be read"),
        ("Дата: 20 лютого. Час: 12:30–11:00", "not one that can be read"),
        ("Коли: 30 березня 2025 року, 03:30", "clocks skip this time"),
        ("Дата: 12 лютого 2025 року", "over before the issue closes on 2025-02-14"),
        ("Коли: 20 лютого. Де: [Zoom](https://zoom.us/1)", "the place has a link"),
        ("Коли: 20 лютого. Коли: 21 лютого", None),
    ],
)
def test_a_line_that_cannot_be_read_stays_text_and_is_said(
    settings: Settings, line: str, why: str | None
) -> None:
    digest = read(f"{TITLE}Про нові правила.\n\n{line}\n", settings)
    entry = only(digest)
    assert entry.event is None
    assert entry.text == f"Про нові правила.\n\n{line}"
    if why:
        (problem,) = digest.problems
        assert why in problem.text
        assert line in problem.text
        assert problem.at
        assert problem.at.line == 9
        assert "kind: event" in problem.hint


def test_two_dates_are_not_one_event(settings: Settings) -> None:
    digest = read(f"{TITLE}Коли: 20 лютого\nКоли: 27 лютого\n", settings)
    assert only(digest).event is None
    assert [problem.text.partition("“")[0] for problem in digest.problems] == [
        "this stays text, as the item says more than once when or where: "
    ]


@pytest.mark.parametrize(
    "text",
    ["Де: гроші, там і програми.", "Коли ми разом: план дій", "Час: гроші", "Ми скажемо, коли: 20 лютого."],
)
def test_words_that_say_no_date_are_just_text(settings: Settings, text: str) -> None:
    digest = read(f"{TITLE}{text}\n", settings)
    assert only(digest).text == text
    assert not digest.problems


@pytest.mark.parametrize("above", ["Коротко.\n\n", "Коротко.\n\nhttps://auc.org.ua/1\n\n"])
def test_a_line_with_a_date_is_never_the_next_title(settings: Settings, above: str) -> None:
    text = f"{TITLE}{above}Коли: 20 лютого, 11:00\n\nДовгий абзац про цей вебінар і його програму.\n"
    first = read(text, settings).entries[0]
    assert first.event == Event(start=ELEVEN)
    assert first.text.startswith("Коротко.")


def test_without_a_period_the_issue_that_is_named_gives_the_year(settings: Settings) -> None:
    lines = text_lines(f"СОЦІАЛЬНИЙ ЗАХИСТ\n\n{TITLE}Коли: 20 лютого\n")
    named = parse_digest(lines, "digest.txt", settings, closing=date(2025, 2, 14))
    assert only(named).event == Event(start=date(2025, 2, 20))
    assert only(parse_digest(lines, "digest.txt", settings)).event is None


def test_an_import_writes_the_event_into_the_front_matter(tmp_path: Path, settings: Settings) -> None:
    text = f"{TITLE}Про правила.\n\nКоли: 20 лютого о 11:00 – 12:30. Де: Київ\n\nhttps://auc.org.ua/1\n"
    done = import_digest(tmp_path, read(text, settings), settings)
    (name,) = done.written
    written = (tmp_path / name).read_text(encoding="utf-8")
    assert "kind: event\nwhen: 2025-02-20 11:00\nuntil: 2025-02-20 12:30\nwhere: Київ\n" in written
    item, problems = parse_item(written, name, sections=["social"], fields=(), timezone="Europe/Kyiv")
    assert not problems
    assert item
    assert (item.kind, item.text) == (ItemKind.EVENT, "Про правила.")
    assert item.event == Event(start=ELEVEN, end=HALF_PAST_TWELVE, place="Київ")
    again = import_digest(tmp_path, read(text.replace("11:00 –", "10:00 –"), settings), settings)
    assert again.written == (name,)
    assert "when: 2025-02-20 10:00" in (tmp_path / name).read_text(encoding="utf-8")
