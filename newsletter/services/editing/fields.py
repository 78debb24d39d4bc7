"""An item's file as the fields of a form, and back: every value as it was typed, also one that is wrong."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import yaml

from newsletter.compose.edit import GONE, edit_item
from newsletter.compose.item import split_item
from newsletter.errors import ContentError, Message
from newsletter.model import ItemKind
from newsletter.yamlfile import load

_PICTURE = ("file", "alt", "caption", "credit", "shape", "focus")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFields:
    """The values of an item as an editor types them; `only_for` is a condition in YAML on one line.

    `focus` are two numbers, hundredths of the picture's width and height.
    """

    title: str = ""
    kind: str = ItemKind.NEWS.value
    lead: bool = False
    trim: bool = False
    sections: tuple[str, ...] = ()
    link: str = ""
    date: str = ""
    when: str = ""
    until: str = ""
    where: str = ""
    text: str = ""
    only_for: str = ""
    file: str = ""
    alt: str = ""
    caption: str = ""
    credit: str = ""
    shape: str = ""
    focus: str = ""


NAMES = tuple(field.name for field in fields(ItemFields))


@lru_cache(maxsize=500)
def read_fields(text: str, path: str) -> ItemFields | None:
    """Return the fields of an item file's text, or None if it can only be edited as text.

    They are remembered: the inbox is held against the items of the last weeks on every page.
    """
    head, body = split_item(text)
    if head is None:
        return None
    try:
        data = load(head, path).data
    except ContentError:
        return None
    if not isinstance(data, Mapping):
        return None
    picture = data.get("picture")
    named = picture if isinstance(picture, Mapping) else {}
    sections = data.get("section")
    listed = sections if isinstance(sections, list) else [sections] if sections is not None else []
    return ItemFields(
        **{name: _said(data.get(name)) for name in ("title", "link", "date", "when", "until", "where")},
        kind=_said(data.get("kind")) or ItemKind.NEWS.value,
        lead=data.get("lead") is True,
        trim=data.get("trim") is True,
        sections=tuple(map(_said, listed)),
        text=body,
        only_for=condition_line(data["only_for"]) if data.get("only_for") is not None else "",
        **{name: _said(named.get(name)) for name in _PICTURE},
    )


def known_picture(text: str, path: str) -> tuple[str, str]:
    """Return the address of a picture that the item's page is known to show, and the page's words for it."""
    head, _ = split_item(text)
    try:
        data = load(head or "", path).data
    except ContentError:
        return "", ""
    said = data.get("picture_from") if isinstance(data, Mapping) else None
    return (_said(said.get("url")), _said(said.get("alt"))) if isinstance(said, Mapping) else ("", "")


def write_fields(text: str, path: str, fresh: ItemFields) -> str:
    """Return an item file's `text` with the fields that differ in `fresh`; what no field holds stays.

    Raises ContentError when the condition is not readable, or the file can only be edited as text.
    """
    before = read_fields(text, path) if text else ItemFields(kind="")
    if before is None:
        raise ContentError(
            Message("%(path)s can only be edited as text", path=path), "Mend its first lines by hand."
        )
    changes: dict[str, Any] = {}
    for name in NAMES:
        if name not in ("text", *_PICTURE) and getattr(fresh, name) != getattr(before, name):
            changes[name] = _value(name, getattr(fresh, name), path)
    if "sections" in changes:
        changes["section"] = changes.pop("sections")
    if not text:
        changes = {"title": "", "section": [], "link": None} | changes
    if any(getattr(fresh, name) != getattr(before, name) for name in _PICTURE):
        said: dict[str, Any] = {name: getattr(fresh, name) for name in _PICTURE}
        kept = {name: value for name, value in said.items() if value or name in ("file", "alt")}
        if "focus" in kept:
            kept["focus"] = [int(one) if one.isdecimal() else one for one in fresh.focus.split()]
        changes["picture"] = kept if fresh.file else GONE
    if fresh.file:
        changes["picture_from"] = GONE  # it was offered until there was one
    return edit_item(text, path, changes, fresh.text if fresh.text != before.text else None)


def condition_line(data: Any) -> str:
    """Return a condition as YAML on one line."""
    line = yaml.safe_dump(
        data, default_flow_style=True, allow_unicode=True, sort_keys=False, width=float("inf")
    )
    return str(line).removesuffix("...\n").strip()


def _said(value: Any) -> str:
    """Return a value of YAML as one would type it."""
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list):
        return " ".join(map(_said, value))
    return "" if value is None else str(value)


def _value(name: str, typed: Any, path: str) -> Any:
    """Return what is written to the file for what was typed into a field."""
    match name:
        case "sections":
            return typed[0] if len(typed) == 1 else list(typed)
        case "title" | "link":
            return typed or (None if name == "link" else "")
        case "kind" if typed == ItemKind.NEWS:
            return GONE
        case "only_for" if typed:
            return load(typed, path).data
        case "date" | "when" | "until" if typed:
            return _day(typed)
    return typed or GONE


def _day(typed: str) -> dt.date | str:
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        return typed
