"""Parse and format item files: YAML front matter and Markdown text."""

import re
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from newsletter import conditions
from newsletter.compose.event import event_values, read_event, stray_keys
from newsletter.compose.pictures import read_picture, written
from newsletter.compose.words import Day, OneLine, Words
from newsletter.errors import ContentError, Message, Place, Problem
from newsletter.model import Condition, Item, ItemKind, Silenced
from newsletter.yamlfile import Document, load, nearest, validate

_FENCE = "---"
_ADDRESS = re.compile(r"https?://[^\s/?#<>\"]+[^\s<>\"]*|mailto:[^\s@<>\"]+@[^\s@<>\"]+", re.IGNORECASE)


def _sections(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _kind(value: Any) -> Any:
    if value is None:
        return ItemKind.NEWS
    if value not in tuple(ItemKind):
        hint = nearest(str(value), [kind.value for kind in ItemKind])
        raise PydanticCustomError(
            "kind", "{words}", {"words": "there is no kind of item %(value)r", "value": value, "hint": hint}
        )
    return value


class _FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Words
    section: Annotated[tuple[str, ...], BeforeValidator(_sections)]
    date: Day | None = None
    link: str | None = None
    only_for: Any = None
    kind: Annotated[ItemKind, BeforeValidator(_kind)] = ItemKind.NEWS
    lead: bool = False
    trim: bool = False
    when: Any = None
    until: Any = None
    where: OneLine | None = None
    picture: Any = None
    picture_from: Any = None
    silenced: dict[Annotated[str, Field(min_length=1)], OneLine] = {}


_OPENING = "Begin it with:\n  ---\n  title: …\n  section: …\n  ---"


def parse_item(
    text: str, path: str, *, sections: Collection[str], fields: Collection[str], timezone: str
) -> tuple[Item | None, list[Problem]]:
    """Parse the item file `path` (relative to the workspace); every problem has its line.

    The item is None when it has no usable title or section, or nobody could tell whom it is for. A link or a
    picture that cannot be used is reported and left out, and an event without a usable time becomes news.
    Times without an offset are in `timezone`.
    """
    head, body = split_item(text)
    if head is None:
        said = "the item does not open with its data between two lines of ---"
        return None, [Problem.error(said, Place(path, 1), _OPENING, code="front-matter-missing")]
    try:
        document = load(head, path, first_line=2)
    except ContentError as error:
        return None, list(error.problems)
    data, problems = validate(_FrontMatter, document)
    if data is None:
        return None, problems
    known, problems = _known(data.section, document, sections)
    link, faults = _link(data.link or "", document)
    problems += faults
    event = None
    if data.kind is ItemKind.EVENT:
        event, faults = read_event(document, timezone, data.where or "")
    else:
        faults = stray_keys(document)
    problems += faults
    picture, faults = read_picture(document)
    problems += faults
    only_for: Condition | None = None
    if data.only_for is not None:
        only_for, faults = conditions.parse(document, ("only_for",), sections=sections, fields=fields)
        problems += faults
    if not known or (data.only_for is not None and only_for is None):
        return None, problems
    item = Item(
        id=PurePosixPath(path).stem,
        title=data.title,
        text=body,
        link=link or None,
        date=data.date,
        sections=known,
        only_for=only_for,
        kind=ItemKind.NEWS if data.kind is ItemKind.EVENT and event is None else data.kind,
        lead=data.lead,
        trim=data.trim,
        event=event,
        picture=picture,
        silenced=tuple(Silenced(finding, reason) for finding, reason in data.silenced.items()),
        at=document.place(("title",)),
    )
    return item, problems


def format_item(item: Item) -> str:
    """Return the text of the item's file; a missing link becomes an empty key to fill in."""
    head: dict[str, Any] = {
        "title": item.title,
        "section": item.sections[0] if len(item.sections) == 1 else list(item.sections),
        "date": item.date,
        "link": item.link,
        "only_for": conditions.as_data(item.only_for) if item.only_for else None,
        "kind": item.kind.value if item.kind is not ItemKind.NEWS else None,
        "lead": item.lead or None,
        "trim": item.trim or None,
        **event_values(item.event),
        "picture": written(item.picture) if item.picture else None,
        "silenced": {one.finding: one.reason for one in item.silenced} or None,
    }
    kept = {key: value for key, value in head.items() if value is not None or key == "link"}
    data = yaml.dump(kept, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=float("inf"))
    return f"{_FENCE}\n{data}{_FENCE}\n\n{item.text}\n" if item.text else f"{_FENCE}\n{data}{_FENCE}\n"


def _link(given: str, document: Document) -> tuple[str, list[Problem]]:
    """Return a valid link, or an empty string for a placeholder or an invalid one."""
    link = given.strip()
    if not link or link.startswith("#"):
        return "", []
    if is_address(link):
        return link, []
    return "", [
        Problem.error(
            Message("link: %(link)r is not a web or mail address", link=link),
            document.place(("link",)),
            "Write it in full, like https://example.org/page, or leave it empty.",
            code="link-invalid",
        )
    ]


def is_address(link: str) -> bool:
    """Return whether `link` is a full http, https or mailto URL."""
    return bool(_ADDRESS.fullmatch(link))


class _Dumper(yaml.SafeDumper):
    """Writes None as an empty value, for the editor to fill in."""


_Dumper.add_representer(type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", ""))


def split_item(text: str) -> tuple[str | None, str]:
    """Split `text` into front matter and body; the front matter is None if there is none."""
    lines = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
    closing = next((i for i, line in enumerate(lines) if i and line.rstrip() == _FENCE), None)
    if lines[0].rstrip() != _FENCE or closing is None:
        return None, ""
    return "\n".join(lines[1:closing]), "\n".join(lines[closing + 1 :]).strip("\n")


def _known(
    named: Collection[str], document: Document, sections: Collection[str]
) -> tuple[tuple[str, ...], list[Problem]]:
    if not named:
        return (), [
            Problem.error(
                "section: is empty",
                document.place(("section",)),
                Message("Name one of %(sections)s.", sections=", ".join(sections)),
                code="section-missing",
            )
        ]
    problems = [
        Problem.error(
            Message("unknown section %(slug)r; the item is not shown there", slug=slug),
            document.place(("section", index)),
            nearest(slug, sections),
            code="section-unknown",
        )
        for index, slug in enumerate(named)
        if slug not in sections
    ]
    return tuple(dict.fromkeys(slug for slug in named if slug in sections)), problems
