"""Slots: placeholders in a rendered edition for a reader's own values.

They are capital letters and digits only, which MJML, premailer, URLs and quoted-printable do not change.
"""

import re
from collections.abc import Mapping
from html import escape

from newsletter import greeting

EMAIL = "EMAIL"
GREETING = greeting.SLOT
PREFERENCES = "PREFERENCES"
UNSUBSCRIBE = "UNSUBSCRIBE"
VIEW = "VIEW"

COPY = "copy"
"""Replaces a reader's token in a message's copy on the web, which may be shown to anybody."""

_PATTERN = re.compile("QZ7([A-Z]+?)QZ")


def slot(name: str) -> str:
    """Return the placeholder for `name`, which is capital letters only."""
    return f"QZ7{name}QZ"


def split(text: str) -> list[str]:
    """Split `text` at its slots: literal, slot name, literal, …, literal; always an odd number of parts."""
    return _PATTERN.split(text)


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with each slot replaced by its value, unescaped."""
    return _PATTERN.sub(lambda match: values[match[1]], text)


def fill_html(html: str, values: Mapping[str, str]) -> str:
    """Return `html` with each slot replaced by its value, HTML-escaped."""
    return fill_text(html, {name: escape(value) for name, value in values.items()})
