"""Who is greeted by name, and how."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.greeting import greet, is_name

NAMED, UNNAMED = "Вітаємо, {name}!", "Вітаємо!"


@pytest.mark.parametrize(
    "name",
    [
        "Олена Ковальчук", "В. О. Зеленський", "В.О. Зеленський", "Іванна О'Коннор-Шмідт", "Ім’янинник",
        "Müller, Hans", "Zbigniew Łękawski", "דוד לוי", "José Ángel", "e\u0301lan",
    ],
)  # fmt: skip
def test_who_has_a_name_is_greeted_by_it(name: str) -> None:
    assert greet(NAMED, UNNAMED, f"  {name} ") == f"Вітаємо, {name}!"


@pytest.mark.parametrize(
    "name",
    [
        "", "   ", "-", ".", "<b>Олена</b>", "Олена\x00", "Олена\u202eялоК", "O\u200blena", "https://evil.example",
        "Зайдіть на evil.example", "olena@example.org", "QZ7UNSUBSCRIBEQZ", "{name}", "{{ secret }}", "%s",
        "Олена 2", "Олена; DROP", "'; --", "x" * 61, '"Олена"', "&nbsp;", "a" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_name_is_not_said(name: str) -> None:
    assert greet(NAMED, UNNAMED, name) == UNNAMED


def test_a_name_on_two_lines_is_said_on_one() -> None:
    assert greet(NAMED, UNNAMED, "Олена\r\nBcc: Ковальчук") == UNNAMED
    assert greet(NAMED, UNNAMED, "Олена\r\nКовальчук") == "Вітаємо, Олена Ковальчук!"


@given(st.text(max_size=80))
def test_a_greeting_is_one_line_of_what_was_written_and_a_name(name: str) -> None:
    greeting = greet(NAMED, UNNAMED, name)
    assert greeting == UNNAMED or (greeting.startswith("Вітаємо, ") and greeting.endswith("!"))
    assert greeting.isprintable()
    assert not set('<>&"@/{}7') & set(greeting)


def test_a_name_is_short() -> None:
    assert is_name("я" * 60)
    assert not is_name("я" * 61)
