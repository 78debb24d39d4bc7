"""Slots: marks in a rendered edition where a reader's own values go.

Only capital letters and digits, so that MJML, premailer, URLs and quoted-printable leave them as they are.
"""

import re
from collections.abc import Mapping
from html import escape

EMAIL = "EMAIL"
PREFERENCES = "PREFERENCES"
UNSUBSCRIBE = "UNSUBSCRIBE"
VIEW = "VIEW"

COPY = "copy"
"""Stands for a reader's token in a copy of a letter on the web, which anybody may be shown."""

_PATTERN = re.compile("QZ7([A-Z]+?)QZ")


def slot(name: str) -> str:
    """Return the mark for `name`, which is capital letters only."""
    return f"QZ7{name}QZ"


def split(text: str) -> list[str]:
    """Cut `text` at its slots: literal, slot name, literal, …, literal; always odd in length."""
    return _PATTERN.split(text)


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with each slot replaced by its value, as it is."""
    return _PATTERN.sub(lambda match: values[match[1]], text)


def fill_html(html: str, values: Mapping[str, str]) -> str:
    """Return `html` with each slot replaced by its value, escaped."""
    return fill_text(html, {name: escape(value) for name, value in values.items()})
