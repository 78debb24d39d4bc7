"""The archive in both databases: what is in it, in which order, and what it never shows."""

import json
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update

from newsletter.errors import ContentError
from newsletter.model import ClosingCall, Event, Has, IssueState, ItemKind
from newsletter.sending.freeze import verify
from newsletter.store import archive, issues
from newsletter.store.db import reading, writing
from newsletter.store.schema import calendar, cover, item
from tests import press
from tests.sending import house

BEFORE = press.CLOSING - timedelta(weeks=1)


def closings(engine: Engine) -> list[date]:
    with reading(engine) as connection:
        return [page.closing for page in archive.covers(connection, limit=10)]


def test_an_issue_appears_when_it_begins_to_leave_and_goes_when_it_is_cancelled(engine: Engine) -> None:
    press.approve(engine, press.issue(press.CLOSING, [press.item("Житло")]))
    assert closings(engine) == []
    with writing(engine) as connection:
        issues.begin(connection, press.CLOSING.isoformat(), "smtp", house.NOW)
    assert closings(engine) == [press.CLOSING]
    with writing(engine) as connection:
        issues.change_state(
            connection, press.CLOSING.isoformat(), IssueState.CANCELLED, among=list(IssueState)
        )
    assert closings(engine) == []
    with reading(engine) as connection:
        assert archive.newest(connection) is None
        assert archive.find(connection, press.CLOSING) is None
        assert archive.count(connection) == 0
        assert archive.sections(connection) == {}
        assert archive.in_section(connection, "social", limit=10) == []
        assert archive.count_in_section(connection, "social") == 0


def test_the_version_changes_with_what_the_archive_shows_and_with_nothing_else(engine: Engine) -> None:
    name = press.CLOSING.isoformat()
    seen = []

    def look() -> None:
        with reading(engine) as connection:
            seen.append(archive.version(connection))

    look()
    press.approve(engine, press.issue(press.CLOSING, [press.item("Житло")]))
    look()
    press.publish(engine, press.issue(press.CLOSING, [press.item("Житло"), press.item("Школи")]))
    look()
    for state in (IssueState.PAUSED, IssueState.SENDING, IssueState.SENT, IssueState.CANCELLED):
        with writing(engine) as connection:
            issues.change_state(connection, name, state, among=list(IssueState))
        look()
    press.publish(engine, press.issue(BEFORE, [press.item("Житло")]))
    look()
    empty, approved, begun, *changed, cancelled, another = seen
    assert empty == approved
    assert changed == [begun] * 3
    assert len({empty, begun, cancelled, another}) == 4


def test_a_cover_is_what_was_approved(engine: Engine) -> None:
    call = ClosingCall(text="Закликаємо долучитися.", hashtag="#FreeOurPeople")
    one = press.issue(press.CLOSING, [press.item("Житло")], intro="Вітаємо, **мери**!", call=call)
    press.publish(engine, one)
    with reading(engine) as connection:
        assert archive.newest(connection) == archive.Cover(
            period=one.period,
            subject="Дайджест 2025-02-14",
            preheader="Що сталося за тиждень",
            intro="<p>Вітаємо, <strong>мери</strong>!</p>",
            call=call,
            begun_at="2025-02-14T14:00:00Z",
        )


def test_items_keep_the_order_of_their_issue_and_say_the_same_in_html_and_text(engine: Engine) -> None:
    items = [
        press.item("Про субсидії", "Нові **виплати**, [більше](https://auc.org.ua/a).", name="b"),
        press.item("Про школи", section="education", name="a", link="https://гроші.укр/школи"),
    ]
    press.publish(engine, press.issue(press.CLOSING, items))
    with reading(engine) as connection:
        first, second = archive.items(connection, [press.CLOSING])
    assert (first.anchor, first.section, first.section_title) == ("b", "social", "Рубрика social")
    assert first.html == '<p>Нові <strong>виплати</strong>, <a href="https://auc.org.ua/a">більше</a>.</p>'
    assert first.text == "Нові виплати, більше."
    assert second.title == "Про школи"
    assert second.link == "https://xn--c1awf7a8d.xn--j1amh/%D1%88%D0%BA%D0%BE%D0%BB%D0%B8"


def test_what_is_for_some_readers_only_is_never_shown(engine: Engine) -> None:
    secret = press.item("Лише для Сум", only_for=Has("region", frozenset({"Сумська"})))
    press.publish(engine, press.issue(press.CLOSING, [secret, press.item("Для всіх")]))
    press.publish(engine, press.issue(BEFORE, [secret]))
    with reading(engine) as connection:
        assert [one.title for one in archive.items(connection, [press.CLOSING, BEFORE])] == ["Для всіх"]
    assert closings(engine) == [press.CLOSING], "an issue without public items has no page"


def test_a_second_approval_replaces_the_first(engine: Engine) -> None:
    press.approve(engine, press.issue(press.CLOSING, [press.item("Помилка"), press.item("Житло")]))
    press.publish(engine, press.issue(press.CLOSING, [press.item("Житло")]))
    with reading(engine) as connection:
        assert [one.title for one in archive.items(connection, [press.CLOSING])] == ["Житло"]


@pytest.mark.parametrize(("table", "column"), [(cover, "preheader"), (item, "html")])
def test_a_byte_changed_in_the_archive_voids_the_approval(engine: Engine, table: object, column: str) -> None:
    house.people(engine, 1)
    house.approve(engine)
    changed = cover if table is cover else item
    with writing(engine) as connection:
        connection.execute(update(changed).values({column: changed.c[column] + " "}))
    with pytest.raises(ContentError, match="is not what was approved"):
        verify(engine, house.NAME, house.SOURCES)


def test_issues_and_sections_come_newest_first_and_in_parts(engine: Engine) -> None:
    weeks = press.weeks(5)
    for closing in weeks:
        items = [press.item(f"Перша {closing}"), press.item(f"Друга {closing}")]
        press.publish(engine, press.issue(closing, items))
    with reading(engine) as connection:
        assert archive.count(connection) == 5
        assert [c.closing for c in archive.covers(connection, limit=2, offset=1)] == weeks[1:3]
        earlier, later = archive.beside(connection, weeks[1])
        assert (earlier and earlier.closing, later and later.closing) == (weeks[2], weeks[0])
        assert archive.beside(connection, weeks[0])[1] is None
        assert archive.beside(connection, weeks[-1])[0] is None
        assert archive.count_in_section(connection, "social") == 10
        found = archive.in_section(connection, "social", limit=3, offset=1)
        assert [one.title for one in found] == [f"Друга {weeks[0]}", f"Перша {weeks[1]}", f"Друга {weeks[1]}"]
        assert archive.named(connection, [weeks[2], date(2020, 1, 1)]).keys() == {weeks[2]}
        assert archive.sections(connection) == {
            "social": archive.ArchivedSection("social", "Рубрика social", "2025-02-14T14:00:00Z")
        }


def test_a_reader_s_edition_is_theirs_until_they_are_erased(engine: Engine) -> None:
    house.people(engine, 2)
    house.approve(engine)
    with reading(engine) as connection:
        found = archive.edition_of(connection, 2, press.CLOSING)
        assert found
        assert found[0].startswith("<p>Новина top Новина social</p>")
        assert found[1:3] == ([], house.address(2))
        assert archive.edition_of(connection, 3, press.CLOSING) is None
        assert archive.edition_of(connection, 2, BEFORE) is None


def test_kinds_events_and_colours_come_back_as_they_were_approved(engine: Engine) -> None:
    zone = ZoneInfo("Europe/Kyiv")
    when = Event(start=datetime(2025, 7, 20, 11, tzinfo=zone), end=datetime(2025, 7, 20, 12, tzinfo=zone))
    days = Event(start=date(2025, 2, 20), end=date(2025, 2, 22), place="Київ")
    items = [
        replace(press.item("Форум"), kind=ItemKind.EVENT, event=when),
        replace(press.item("Тиждень"), kind=ItemKind.EVENT, event=days),
        replace(press.item("Каталог"), kind=ItemKind.PARTNER),
        replace(press.item("Житло"), lead=True),
    ]
    one = press.issue(press.CLOSING, items)
    (block,) = one.blocks
    section = replace(block.section, colour="#8a1c4a")
    press.publish(engine, replace(one, blocks=(replace(block, section=section),)))
    with reading(engine) as connection:
        found = archive.items(connection, [press.CLOSING])
        files = [archive.calendar_file(connection, press.CLOSING, name) for name in ("форум", "каталог")]
    assert [one.event for one in found] == [when, days, None, None]
    assert [one.kind.value for one in found] == ["event", "event", "partner", "news"]
    assert {one.section_colour for one in found} == {"#8a1c4a"}
    assert [one.lead for one in found] == [False, False, False, True]
    assert files[0]
    assert files[1] is None


def test_a_changed_calendar_file_voids_the_approval(engine: Engine) -> None:
    event = Event(start=date(2025, 2, 20))
    press.approve(
        engine,
        press.issue(press.CLOSING, [replace(press.item("Форум"), kind=ItemKind.EVENT, event=event)]),
    )
    name = press.CLOSING.isoformat()
    verify(engine, name, {})
    with writing(engine) as connection:
        connection.execute(update(calendar).values(content="BEGIN:VCALENDAR"))
    with pytest.raises(ContentError, match="is not what was approved"):
        verify(engine, name, {})


_LATER = {"greeting", "unnamed"}


def test_an_approval_of_the_version_before_is_still_what_was_approved(engine: Engine) -> None:
    press.approve(engine, press.issue(press.CLOSING, [press.item("Житло", "Текст"), press.item("Школи")]))
    name = press.CLOSING.isoformat()
    with reading(engine) as connection:
        frozen = issues.get(connection, name)
        shared = {key: value for key, value in asdict(frozen.envelope).items() if key not in _LATER}
        total = sha256(json.dumps(shared, sort_keys=True).encode())
        for one in house.frozen_pages(connection, name).values():
            for text in (one.edition, one.subject, one.html, one.text):
                total.update(len(text.encode()).to_bytes(8, "big") + text.encode())
        columns = ("issue", "number", "anchor", "section", "section_title", "title", "html", "text", "link")
        covers = select(*(column for column in cover.c if column.key != "picture"))
        for table in (covers, select(*(item.c[key] for key in columns)).order_by(item.c.number)):
            for row in connection.execute(table):
                total.update(json.dumps(list(row)).encode() + b"\n")
    assert frozen.fingerprint == total.hexdigest()
