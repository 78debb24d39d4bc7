"""What MJML has: its tags, their attributes with the kind of value, and which tag may stand in which.

`mjml.json` holds the schema that npm's MJML publishes in its components, with its date and licence;
scripts/mjml-schema writes it anew.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from newsletter.errors import Message

HOLE = "\0"
"""Stands in a value for characters that a template fills in."""

_FILE = Path(__file__).with_name("mjml.json")
_ANYWHERE = ("css-class", "mj-class")
_ROOT = {"mjml": {"lang": "string", "dir": "enum(ltr,rtl,auto)", "owa": "enum(desktop)"}}
_SETTERS = ("mj-all", "mj-class")
_ADDRESSING = {"mj-selector": {"path": "string"}, "mj-html-attribute": {"name": "string"}}
_RGB = r"\d{1,3},\s?\d{1,3},\s?\d{1,3}"
_COLOUR = rf"rgba\({_RGB},\s?\d(?:\.\d{{1,3}})?\)|rgb\({_RGB}\)|#(?:[0-9a-f]{{3}}){{1,2}}"
_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)"
_KIND = re.compile(r"(\w+)(?:\(([^)]*)\))?(?:\{(\d+),(\d+)\})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """A kind of value: what it looks like, an example for each way to fill a hole, and how to say it."""

    pattern: re.Pattern[str]
    fillings: tuple[str, ...]
    said: str

    def accept(self, value: str) -> bool:
        """Return whether a value is of this kind; one with holes, whether it can become so."""
        if HOLE not in value:
            return self.pattern.fullmatch(value) is not None
        return any(self.pattern.fullmatch(re.sub(f"{HOLE}+", one, value)) for one in self.fillings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """All tags: their attributes, which tags each may hold, and which hold HTML instead of tags."""

    date: str
    tags: Mapping[str, Mapping[str, Values]]
    within: Mapping[str, frozenset[str]]
    ending: frozenset[str]

    def parents(self, tag: str) -> list[str]:
        """Return the tags that `tag` may stand in."""
        return sorted(parent for parent, held in self.within.items() if tag in held)


@cache
def schema() -> Schema:
    """Return the schema, read once."""
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    colours: str = content["colours"].replace(" ", "|")
    given = {**_ROOT, **_ADDRESSING, **content["tags"]}
    tags = {
        tag: {
            name: _values(kind, colours)
            for name, kind in {**dict.fromkeys(_ANYWHERE, "string"), **attributes}.items()
        }
        for tag, attributes in given.items()
    }
    every = {name: values for attributes in tags.values() for name, values in attributes.items()}
    text = _values("string", colours)
    for setter in _SETTERS:  # whose attributes are those of any tag, each with its own kind of value
        tags[setter] = dict.fromkeys(every, text) | {"name": text}
    components = {name for name in tags if name not in ("mjml", *_ADDRESSING)}
    within = {tag: frozenset(held) for tag, held in content["within"].items()}
    return Schema(
        date=content["date"],
        tags=tags,
        within={**within, "mj-attributes": frozenset(components)},
        ending=frozenset(content["ending"]),
    )


@cache
def _values(kind: str, colours: str) -> Values:
    """Return the kind of value that MJML writes like `unit(px,%){1,4}`, `enum(left,right)` or `color`."""
    found = _KIND.fullmatch(kind)
    if found is None:
        raise ValueError(f"{kind!r} is no kind of value of MJML")
    name, inside, least, most = found.groups()
    words = (inside or "").split(",")
    if name == "enum":
        return Values(
            pattern=re.compile("|".join(map(re.escape, words))),
            fillings=tuple(words),
            said=Message("one of %(words)s", words=", ".join(filter(None, words))),
        )
    if name in ("unit", "unitWithNegative"):
        units = [unit for unit in words if unit != "auto"]
        sign = "-?" if name == "unitWithNegative" else ""
        auto = "|auto" if "auto" in words else ""
        one = f"(?:{sign}{_NUMBER}(?:{'|'.join(map(re.escape, units))})|0{auto})"
        return Values(
            pattern=re.compile(rf"{one}(?: {one}){{0,{int(most or 1) - 1}}}"),
            fillings=("1", f"1{units[0]}"),
            said=Message("%(count)s in %(units)s", count=_count(least, most), units=_or(units)),
        )
    if name == "color":
        pattern = re.compile(f"{_COLOUR}|{colours}", re.IGNORECASE)
        return Values(pattern=pattern, fillings=("#000000", "0", "000000"), said="a colour, like #0b4f9c")
    if name == "integer":
        return Values(pattern=re.compile(r"\d+"), fillings=("1",), said="a whole number")
    if name == "boolean":
        return Values(pattern=re.compile("true|false"), fillings=("true",), said="true or false")
    return Values(pattern=re.compile(".*", re.DOTALL), fillings=("",), said="")


def _count(least: str | None, most: str | None) -> str:
    return f"{least}–{most}" if least and most else "1"


def _or(units: list[str]) -> str:
    return ", ".join(filter(None, units))
