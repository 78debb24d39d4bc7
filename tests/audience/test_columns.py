"""Headings mean columns by name, label and habit, and what was said of others is remembered."""

from pathlib import Path

import pytest

from newsletter.audience.columns import FILE, Columns, pairs, remember, remembered
from newsletter.config import Settings
from newsletter.errors import ConfigError, ContentError

NAMES = ("email", "name", "region")


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Email", "email"),
        ("E-mail", "email"),
        ("e-mail адреса", "email"),
        ("Ел. пошта", "email"),
        ("Ел.пошта", "email"),
        ("Електронна адреса", "email"),
        ("Адреса електронної пошти", "email"),
        ("П.І.Б.", "name"),
        ("Прізвище, ім’я, по батькові", "name"),
        ("Full name", "name"),
        ("Oblast", "region"),
        ("Територіальна громада", "community"),
        ("ПОСАДА", "position"),
        ("Рубрики", "sections"),
        ("Adres e-mail", "email"),
        ("E-Mail-Adresse", "email"),
        ("Imię i nazwisko", "name"),
        ("Gemeinde", "community"),
        ("Działy", "sections"),
        ("Telefon", None),
        ("Телефон", None),
        ("Область ради", None),
    ],
)
def test_usual_headings_are_guessed_and_others_are_not(
    settings: Settings, heading: str, column: str | None
) -> None:
    assert Columns(settings.fields).match(heading) == column


def test_a_usual_heading_means_nothing_where_there_is_no_such_field() -> None:
    assert Columns({}).match("Область") is None


def test_what_was_said_is_remembered_in_the_workspace(tmp_path: Path) -> None:
    assert remembered(tmp_path, NAMES) == {}
    told = pairs(["email=Адреса: голови", "-=Телефон", "name=#1"], NAMES)
    remember(tmp_path, told)
    assert remembered(tmp_path, NAMES) == {"Адреса: голови": "email", "Телефон": "-", "#1": "name"}
    assert [path.name for path in (tmp_path / "subscribers").iterdir()] == ["columns.yaml"]


@pytest.mark.parametrize("word", ["email", "email=", "=Пошта", "emial=Пошта", "phone=Телефон"])
def test_a_faulty_column_is_answered_with_a_cure(word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        pairs([word], NAMES)
    assert caught.value.problems[0].hint


@pytest.mark.parametrize("text", ["Пошта: emial", "- email", "Пошта: [email]", "Пошта: *a", "\x00"])
def test_a_faulty_file_is_named_and_nothing_is_guessed(tmp_path: Path, text: str) -> None:
    (tmp_path / "subscribers").mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ContentError, match=r"columns\.yaml"):
        remembered(tmp_path, NAMES)
