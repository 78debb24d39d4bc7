"""Types of the values in item files and issue.yaml: lines of text and dates."""

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from newsletter.errors import Message

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def is_line(text: str) -> bool:
    """Return whether `text` is one line of characters that mail, pages and a database can hold."""
    return not re.search("[\ud800-\udfff]", text) and not _CONTROL.search(text)


def _one_line(value: str) -> str:
    value = value.strip()
    if found := _CONTROL.search(value):
        raise ValueError(
            Message("holds a line break or control character (U+%(ord)s)", ord=f"{ord(found[0]):04X}")
        )
    return value


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("is empty")
    return value


def _date(value: Any) -> Any:
    if not isinstance(value, dt.date | str):
        raise ValueError("write it like 2025-02-14")  # noqa: TRY004  pydantic wants ValueError
    return value


OneLine = Annotated[str, AfterValidator(_one_line)]
"""Text for a heading or a mail header."""
Words = Annotated[OneLine, AfterValidator(_not_empty)]
"""The same, and not empty."""
Day = Annotated[dt.date, BeforeValidator(_date)]
"""A date as YAML or a person writes it; never a number of seconds."""
