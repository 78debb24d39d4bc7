"""Segments are read from their file and mean in SQL what they mean in Python."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert
from sqlalchemy.dialects import postgresql

from newsletter.audience.segments import FILE, load_segments, where
from newsletter.conditions import holds
from newsletter.config import Settings
from newsletter.model import AllOf, AnyOf, Condition, Has, Not
from newsletter.store.db import open_database, reading, writing
from newsletter.store.people import count_readers, readers
from newsletter.store.schema import subscriber, subscription

SECTIONS = ("social", "economy", "staff")
FIELDS = ("region", "job-title")
VALUES = (
    "Сумська",
    "Кам’янець",
    "",
    "1",
    "null",
    "true",
    "%",
    "_",
    '"',
    "'",
    "\\",
    "a'; DROP TABLE subscriber",
)

leaves = st.one_of(
    st.builds(Has, st.just("section"), st.frozensets(st.sampled_from(SECTIONS), max_size=2)),
    st.builds(Has, st.sampled_from(FIELDS), st.frozensets(st.sampled_from(VALUES), max_size=3)),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
choices = st.sets(st.sampled_from([*SECTIONS, "*"]), min_size=1)
attributes = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES))
people = st.lists(st.tuples(choices, choices, attributes), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def emptied() -> Iterator[Engine]:
    engine = open_database("sqlite://")
    yield engine
    engine.dispose()


@hypothesis_settings(max_examples=150, deadline=None)
@given(someone=people, condition=conditions)
def test_a_condition_means_in_sql_what_it_means_in_python(
    emptied: Engine, someone: list[tuple[set[str], set[str], dict[str, str]]], condition: Condition
) -> None:
    with writing(emptied) as connection:
        connection.execute(delete(subscriber))
        for number, (active, left, has) in enumerate(someone, 1):
            connection.execute(insert(subscriber).values(_row(number, has)))
            rows = [(section, "active") for section in active]
            rows += [(section, "left") for section in left - active]
            connection.execute(
                insert(subscription),
                [
                    {
                        "subscriber": number,
                        "section": section,
                        "state": state,
                        "origin": "list",
                        "changed_at": "",
                    }
                    for section, state in rows
                ],
            )
    with reading(emptied) as connection:
        found = [reader.id for reader in readers(connection, where(condition))]
        assert count_readers(connection, where(condition)) == len(found)
    assert found == [
        number for number, (active, _, has) in enumerate(someone, 1) if holds(condition, active, has)
    ]


def _row(number: int, has: Mapping[str, str]) -> dict[str, object]:
    return {
        "id": number,
        "email": f"p{number}@example.org",
        "email_key": f"p{number}@example.org",
        "attributes": has,
        "status": "active",
        "source": "",
        "created_at": "",
        "changed_at": "",
    }


def test_values_travel_to_postgresql_as_parameters() -> None:
    condition = Not(AnyOf((Has("region", frozenset({"x'y"})), Has("section", frozenset({"social"})))))
    compiled = where(condition).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    assert "x'y" not in str(compiled)
    assert "->>" in str(compiled)


def write_segments(root: Path, text: str) -> None:
    (root / "subscribers").mkdir()
    (root / FILE).write_text(text, encoding="utf-8")


def test_segments_are_named_conditions(tmp_path: Path, settings: Settings) -> None:
    write_segments(
        tmp_path,
        "east: {about: Схід, region: [Сумська, Харківська]}\n"
        "no-staff:\n  all:\n    - not: {section: staff}\n    - any: [{section: social}, {position: мер}]\n",
    )
    segments, problems = load_segments(tmp_path, settings)
    assert problems == []
    assert segments["east"].about == "Схід"
    assert segments["east"].condition == Has("region", frozenset({"Сумська", "Харківська"}))
    assert segments["no-staff"].at.line == 2
    assert isinstance(segments["no-staff"].condition, AllOf)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a:\n  sectoin: social\n", 2, "'sectoin'"),
        ("a:\n  section: socal\n", 2, "Did you mean 'social'?"),
        ("a:\n  regoin: Сумська\n", 2, "Did you mean 'region'?"),
        ("a:\n  about: [1]\n  section: social\n", 2, "'about'"),
        ("a: {about: Нічого більше}\n", 1, "a condition must be a mapping"),
        ("a: social\n", 1, "a condition must be a mapping"),
        ("7: {section: social}\n", 1, "7 is not a name"),
        ("- a\n", 1, "must map names to conditions"),
        ("a: [\n", 2, "not readable as YAML"),
        ("a: {section: social}\na: {section: staff}\n", 2, "a second time"),
    ],
)
def test_a_faulty_segment_is_named_at_its_line(
    tmp_path: Path, settings: Settings, text: str, line: int, said: str
) -> None:
    write_segments(tmp_path, text)
    segments, (problem,) = load_segments(tmp_path, settings)
    assert segments == {}
    assert problem.at
    assert (problem.at.path, problem.at.line) == (FILE, line)
    assert said in str(problem)


def test_one_faulty_segment_does_not_hide_the_others(tmp_path: Path, settings: Settings) -> None:
    write_segments(tmp_path, "bad: {x: 1}\ngood: {section: social}\n")
    segments, problems = load_segments(tmp_path, settings)
    assert list(segments) == ["good"]
    assert len(problems) == 1


def test_there_may_be_no_segments(tmp_path: Path, settings: Settings) -> None:
    assert load_segments(tmp_path, settings) == ({}, [])
    write_segments(tmp_path, "# none yet\n")
    assert load_segments(tmp_path, settings) == ({}, [])


def test_the_samples_own_segments_are_sound(settings: Settings) -> None:
    segments, problems = load_segments(Path(__file__).parents[2], settings)
    assert problems == []
    assert len(segments) >= 3
