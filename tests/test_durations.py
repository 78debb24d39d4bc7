"""Durations are read the same way in newsletter.yaml and in options."""

from datetime import timedelta

import pytest

from newsletter.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("0m", 0), ("90s", 90), ("15m", 900), ("6h", 21600), ("99999d", 99999 * 86400)]
)
def test_a_number_and_its_unit_are_a_duration(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "6", "h", "6 h", "-6h", "1.5h", "6w", "100000d", "٦h", "6h "])
def test_anything_else_is_none(text: str) -> None:
    assert parse_duration(text) is None
