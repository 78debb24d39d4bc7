"""Messages as text that is stored, so that what is read back can still be said in any language."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from newsletter.errors import Message, NewsletterError, Problem, again

_MARK = '{"message": '


def packed(text: str) -> str:
    """Return words as they are stored: those with values with these, any other as it is."""
    if not isinstance(text, Message) or not text.values:
        if not text.startswith(_MARK):
            return str(text)
        text = Message("%(text)s", text=str(text))  # a stranger's, not to be read as ours
    return json.dumps(_plain(text), ensure_ascii=False)


def unpacked(text: str) -> Message:
    """Return what `packed` was given; words that were stored otherwise are a message without values."""
    if text.startswith(_MARK):
        try:
            return _message(json.loads(text))
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
    return Message(text)


def rewritten(text: str, change: Callable[[str], str]) -> Message:
    """Return words with `change` made to every text among their values, and to words without values."""
    if not isinstance(text, Message) or not text.values:
        return Message(change(text))
    return _message(_changed(_plain(text), change))


def _changed(stored: Any, change: Callable[[str], str]) -> Any:
    if not isinstance(stored, Mapping) or "values" not in stored:
        return change(stored) if isinstance(stored, str) else stored
    if not stored["values"]:  # somebody's own words may be a message, too
        return {**stored, "message": change(stored["message"])}
    return {**stored, "values": {name: _changed(one, change) for name, one in stored["values"].items()}}


def _plain(value: object) -> Any:
    if isinstance(value, NewsletterError):
        value = value.message
    if isinstance(value, Problem):
        form = ("%(at)s: " if value.at else "") + "%(text)s" + ("\n  %(hint)s" if value.hint else "")
        value = Message(form, at=value.at, text=value.text, hint=value.hint)
    if isinstance(value, Message):
        values = {name: _plain(one) for name, one in value.values.items()}
        return {"message": value.id, "plural": value.plural, "values": values}
    if isinstance(value, StrEnum):
        return {"message": value.value, "plural": "", "values": {}}
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _value(stored: Any) -> object:
    if not isinstance(stored, Mapping):
        return stored
    if "moment" in stored:
        return datetime.fromisoformat(stored["moment"])
    return date.fromisoformat(stored["day"]) if "day" in stored else _message(stored)


def _message(stored: Mapping[str, Any]) -> Message:
    values = {name: _value(one) for name, one in stored["values"].items()}
    one, many = stored["message"], stored["plural"]
    form = many if many and values["num"] != 1 else one
    return again(form % values if values else form, one, many, values)
