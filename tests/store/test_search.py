"""Search on both databases: what is found, in which order, and that no query is an error."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from newsletter.render.characters import printable
from newsletter.store.db import reading, writing
from newsletter.store.schema import item
from newsletter.store.search import MOST, search
from newsletter.store.search_terms import read
from tests import press

TITLES = {
    "Субсидія на оренду житла": "Новий інструмент для ВПО: гроші на житло.",
    "Об’єднання громад": "Здоровʼя, дім і COVID-19; зустріч 24.02 на сайті auc.org.ua.",
    "Вебінар": "Про субсидії розповіли у ЄС.",
    "Її Їжак і ґанок": "ЄСПЛ.",
}


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Fill the archive with one issue, and approve another that has not left."""
    press.publish(engine, press.issue(press.CLOSING, [press.item(*pair) for pair in TITLES.items()]))
    press.approve(engine, press.issue(press.weeks(2)[1], [press.item("Субсидія завтра")]))
    return engine


def titles(engine: Engine, query: str) -> list[str]:
    with reading(engine) as connection:
        found, total = search(connection, read(query), query, limit=20)
    assert total == len(found)
    return [one.title for one in found]


FIRST = {
    "субсидій": "Субсидія на оренду житла",
    "СУБСИДІЯ житло": "Субсидія на оренду житла",
    "гроші": "Субсидія на оренду житла",
    "впо": "Субсидія на оренду житла",
    "об'єднання": "Об’єднання громад",
    "обʼєднаннями": "Об’єднання громад",
    "здоров'я": "Об’єднання громад",
    "covid-19": "Об’єднання громад",
    "24.02": "Об’єднання громад",
    "auc.org.ua": "Об’єднання громад",
    "громада": "Об’єднання громад",
    "єс": "Вебінар",
    "ЇЖАК": "Її Їжак і ґанок",
    "Ґанок": "Її Їжак і ґанок",
}


def test_a_word_is_found_in_every_form_case_and_spelling(filled: Engine) -> None:
    assert {query: titles(filled, query)[:1] for query in FIRST} == {q: [title] for q, title in FIRST.items()}


def test_a_word_in_the_title_counts_more_than_one_in_the_text(filled: Engine) -> None:
    assert titles(filled, "субсидія") == ["Субсидія на оренду житла", "Вебінар"]


def test_what_is_not_there_is_not_found(filled: Engine) -> None:
    for query in ("", "«»", "*", "сад", "субсидія сад", "завтра", "їжачиха-невидимка"):
        assert titles(filled, query) == []


def test_of_equals_the_newer_comes_first_and_pages_follow_each_other(engine: Engine) -> None:
    weeks = press.weeks(5)
    for closing in reversed(weeks):
        press.publish(engine, press.issue(closing, [press.item("Житло", "Гроші.")]))
    with reading(engine) as connection:
        first, total = search(connection, read("житло"), "житло", limit=3)
        rest, _ = search(connection, read("житло"), "житло", limit=3, offset=3)
    assert total == 5
    assert [one.closing for one in first + rest] == weeks


def test_of_very_many_the_newest_are_ranked(engine: Engine) -> None:
    for number, closing in enumerate(reversed(press.weeks(2))):
        items = (press.item("Житло", name=f"{number}-{one}") for one in range(MOST - 1 + number))
        press.publish(engine, press.issue(closing, items))
    with reading(engine) as connection:
        found, total = search(connection, read("житло"), "житло", limit=MOST)
    assert total == len(found) == MOST
    assert {one.closing for one in found} == {press.CLOSING}


def test_what_was_taken_back_is_not_found(filled: Engine) -> None:
    with writing(filled) as connection:
        connection.execute(delete(item).where(item.c.title == "Вебінар"))
    assert titles(filled, "вебінар") == []


SYNTAX = st.sampled_from(
    [
        *"\"'*()^:-+{}&|!\\%_ʼ’²ßİﬁ\u0301٣",
        "AND",
        "OR",
        "NOT",
        "NEAR(",
        "<->",
        "title:",
        ":*",
        "субсидія",
        "漢字",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(query=st.lists(SYNTAX | st.text(max_size=8), max_size=8).map(" ".join))
def test_no_query_is_an_error(filled: Engine, query: str) -> None:
    asked = printable(query)
    with reading(filled) as connection:
        search(connection, read(asked), asked, limit=20)


def test_a_program_that_only_searches_can_search_on_postgresql() -> None:
    """In a process of its own: here another module may have imported what SQLAlchemy needs."""
    program = (
        "from newsletter.store import search\n"
        "from sqlalchemy.dialects import postgresql\n"
        "print(search._ON_POSTGRES.compile(dialect=postgresql.dialect()))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    assert "to_tsquery" in said
