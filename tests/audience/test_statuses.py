"""A column that says who left is understood in any list, or the import stops until it is explained."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.audience.columns import FILE, known_columns, remember, remembered
from newsletter.audience.lists import Importer, Report
from newsletter.audience.statuses import concerns, reading, value_pairs
from newsletter.config import Settings
from newsletter.errors import ConfigError, ContentError
from newsletter.links import Signer
from newsletter.model import Standing
from newsletter.store import optouts, people
from newsletter.store.choices import has_left
from newsletter.store.db import reading as reading_from
from newsletter.store.db import writing
from newsletter.store.import_people import Decision, Entry, write
from newsletter.store.people import Record, find
from tests.audience.test_lists import NOW

SIGNER = Signer(b"0123456789abcdef")
ACTIVE, WAITING, BOUNCED, LEFT, COMPLAINED = Standing

Take = Callable[..., Report]


@pytest.fixture
def take(sqlite_engine: Engine, settings: Settings, tmp_path: Path) -> Take:
    """Import CSV text with what was said of its headings and words."""

    def take(text: str, told: dict[str, str] | None = None, name: str = "list.csv", **said: str) -> Report:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        values = {value: Standing(standing) for standing, value in said.items()}
        return Importer(sqlite_engine, settings, SIGNER, told, values).file(path, name, NOW, consent="x")

    return take


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("Status", {"Subscribed": ACTIVE, "unsubscribed": LEFT, "Cleaned": BOUNCED, "Pending": WAITING}),
        (
            "STATUS",
            {"opted_out": LEFT, "Opted-out": LEFT, "Hard bounce": BOUNCED, "Spam complaint": COMPLAINED},
        ),
        ("Статус", {"Активний": ACTIVE, "відписаний": LEFT, "Скарга": COMPLAINED, "недійсна": BOUNCED}),
        ("subscribed_to_emails", {"true": ACTIVE, "FALSE": LEFT, "1": ACTIVE, "0": LEFT, "": None}),
        ("Email disabled", {"TRUE": LEFT, "false": ACTIVE, "": ACTIVE, "так": LEFT, "ні": ACTIVE}),
        (
            "unsubscribed_at",
            {
                "": ACTIVE,
                "2024-05-01": LEFT,
                "2024-05-01T10:00:00.000Z": LEFT,
                "01.05.2024 10:00": LEFT,
                "5/1/24": LEFT,
                "1714557600": LEFT,
                "0000-00-00 00:00:00": ACTIVE,
                "ukrnet": None,
            },
        ),
        ("Bounced", {"yes": BOUNCED, "no": ACTIVE, "x": BOUNCED}),
        ("Дата відписки", {"1 травня 2024": LEFT, "": ACTIVE}),
        ("Згода на розсилку", {"так": ACTIVE, "ні": LEFT}),
        ("Confirmed", {"1": ACTIVE, "0": WAITING}),
        ("Status", {"1": None, "gold": None, "": None, "inactive": None}),
        ("Mail status of the member", {"unsubscribed": LEFT, "1": None}),
    ],
)
def test_usual_headings_and_words_are_understood_and_others_are_not(
    heading: str, cells: dict[str, Standing | None]
) -> None:
    assert concerns(heading)
    assert {cell: reading(heading, {}).read(cell) for cell in cells} == cells


@pytest.mark.parametrize(
    "heading", ["Посада", "Телефон", "Область", "Created at", "name", "Подія", "Громада"]
)
def test_other_headings_say_nothing_of_who_left(heading: str) -> None:
    assert not concerns(heading)


def test_who_left_in_a_list_is_recorded_and_never_brought_back(take: Take, sqlite_engine: Engine) -> None:
    take("email\na@h.org\nb@h.org\nc@h.org\nd@h.org\n")
    text = (
        "email,Status,Bounced\na@h.org,unsubscribed,\nb@h.org,complained,\nc@h.org,active,1\nd@h.org,active,\n"
        "e@h.org,unsubscribed,\nf@h.org,active,yes\ng@h.org,pending,\nh@h.org,active,\n"
    )
    report = take(text)
    wanted = {
        "new": 1,
        "changed": 0,
        "unchanged": 1,
        "refused": 0,
        "left": 2,
        "suppressed": 3,
        "unconfirmed": 1,
    }
    assert report.counts == wanted
    with reading_from(sqlite_engine) as connection:
        found = {one: find(connection, f"{one}@h.org") for one in "abcdefgh"}
    assert found["a"]
    assert has_left(found["a"].choices)
    assert {one: person.reason for one, person in found.items() if person and person.reason} == {
        "b": "complained: list.csv",
        "c": "bounced: list.csv",
    }
    assert not found["e"]
    assert not found["f"]
    again = take(text)
    assert again.counts == dict.fromkeys(wanted, 0) | {"unchanged": 7, "unconfirmed": 1}
    plain = take("email\n" + "".join(f"{one}@h.org\n" for one in "abcdefgh"))
    assert plain.counts == dict.fromkeys(wanted, 0) | {"new": 1, "unchanged": 2, "refused": 5}
    assert [str(problem).splitlines()[0] for problem in plain.problems] == [
        "list.csv:2: a@h.org has left every section they had",
        "list.csv:3: b@h.org is suppressed (complained: list.csv)",
        "list.csv:4: c@h.org is suppressed (bounced: list.csv)",
        "list.csv:6: e@h.org asked not to be written to: x (list.csv), 2025-02-10",
        "list.csv:7: f@h.org bounced elsewhere: x (list.csv), 2025-02-10",
    ]


def test_a_word_nobody_has_explained_stops_the_import_before_anything_is_taken(
    take: Take, sqlite_engine: Engine
) -> None:
    text = "email,Стан\n" + "".join(f"p{n}@h.org,{'діє' if n % 2 else 'вибув?'}\n" for n in range(30))
    with pytest.raises(ContentError) as caught:
        take(text)
    (first,) = caught.value.problems
    assert str(first.at) == "list.csv:2"
    assert first.text.startswith("the column 'Стан' says 'вибув?' (15 lines: 2, 4, ")
    assert '--status STANDING="вибув?"' in first.hint
    with reading_from(sqlite_engine) as connection:
        assert not find(connection, "p1@h.org")
    report = take(text, left="вибув?")
    assert (report.counts["new"], report.counts["left"]) == (15, 15)


def test_a_column_of_many_words_is_told_of_once(take: Take) -> None:
    with pytest.raises(ContentError) as caught:
        take("email,Статус громади\n" + "".join(f"p{n}@h.org,місто {n}\n" for n in range(30)))
    (problem,) = caught.value.problems
    assert problem.text.endswith("may say who left, and has 30 values, such as 'місто 0'")
    assert '--column COLUMN="Статус громади"' in problem.hint


def test_an_empty_cell_among_words_must_be_explained_too(take: Take) -> None:
    text = "email,Статус\na@h.org,активний\nb@h.org,\n"
    with pytest.raises(ContentError, match="'Статус' is empty"):
        take(text)
    assert take(text, left="").counts["left"] == 1


def test_a_reader_who_signed_up_here_is_not_made_to_leave_by_a_list(
    take: Take, sqlite_engine: Engine
) -> None:
    from newsletter.store.choices import by_joining  # noqa: PLC0415

    olena = Record(email="olena@h.org", attributes={}, choices=by_joining({}, ["social"]))
    with writing(sqlite_engine) as connection:
        write(connection, [Decision(Entry(email=olena.email), None, olena)], "/signup", NOW)
    report = take("email,status\nolena@h.org,unsubscribed\n")
    assert report.counts["refused"] == 1
    assert "olena@h.org signed up here themselves; the list says left" in str(report.problems[0])
    with reading_from(sqlite_engine) as connection:
        assert [one.email for one in people.readers(connection)] == ["olena@h.org"]


def test_a_column_that_is_about_something_else_can_be_named_so(take: Take, sqlite_engine: Engine) -> None:
    text = "email,Статус\na@h.org,місто\n"
    assert take(text, {"Статус": "position"}).counts["new"] == 1
    assert take(text, {"Статус": "-"}).counts["unchanged"] == 1
    with reading_from(sqlite_engine) as connection:
        person = find(connection, "a@h.org")
    assert person
    assert person.attributes == {"position": "місто"}


def test_a_list_as_yaml_says_who_left_too(take: Take) -> None:
    text = (
        "- {email: a@h.org, unsubscribed: true}\n- {email: b@h.org, unsubscribed: false}\n"
        "- {email: c@h.org, unsubscribed at: 2024-05-01}\n- {email: d@h.org}\n"
    )
    report = take(text, name="list.yaml")
    assert (report.counts["new"], report.counts["left"]) == (2, 2)


def test_words_are_kept_for_the_next_list_and_leaving_out_is_not(tmp_path: Path, settings: Settings) -> None:
    names = known_columns(settings.fields)
    remember(tmp_path, {"Стан": value_pairs(["active=діє,left=вибув, помер"]), "Статус": "-", "Факс": "-"})
    assert (tmp_path / FILE).read_text(encoding="utf-8").splitlines()[1:] == [
        "Стан:",
        "  діє: active",
        "  вибув, помер: left",
        "Факс: '-'",
    ]
    assert remembered(tmp_path, names) == {"Стан": {"діє": ACTIVE, "вибув, помер": LEFT}, "Факс": "-"}
    (tmp_path / FILE).write_text("Status: '-'\nТелефон: '-'\n", encoding="utf-8")
    assert remembered(tmp_path, names) == {"Телефон": "-"}


@pytest.mark.parametrize("text", ["Стан: {діє: aktive}", "Стан: {діє: }", "Стан: [active]"])
def test_a_faulty_word_in_the_file_is_named(tmp_path: Path, settings: Settings, text: str) -> None:
    (tmp_path / "subscribers").mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ContentError, match=r"columns\.yaml:1"):
        remembered(tmp_path, known_columns(settings.fields))


@pytest.mark.parametrize("word", ["gone=вибув", "вибув", "left:вибув"])
def test_a_faulty_word_on_the_command_line_is_answered_with_a_cure(word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        value_pairs([word])
    assert caught.value.problems[0].hint


def test_an_opt_out_is_recognised_only_with_the_key(take: Take, sqlite_engine: Engine) -> None:
    take("email,status\nOlena.Koval@Gmail.com,unsubscribed\n")
    with reading_from(sqlite_engine) as connection:
        spelled = "olenakoval+x@googlemail.com"
        assert optouts.find(connection, [spelled], SIGNER)[spelled].kind is LEFT
        assert not optouts.find(connection, [spelled], Signer(b"fedcba9876543210"))
