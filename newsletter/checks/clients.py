"""What an edition uses of HTML and CSS, and which mail programs know it, by the tables of caniemail.com.

`clients.json` holds the tables with their date and licence; scripts/caniemail writes it anew.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import tinycss2
from lxml.html import HtmlElement, document_fromstring

_FILE = Path(__file__).with_name("clients.json")
_ELEMENTS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "html-h1-h6"),
    **dict.fromkeys(("ul", "ol", "li", "dl", "dt", "dd"), "html-lists"),
    **dict.fromkeys(("strong", "em", "b", "i"), "html-strong"),
    **dict.fromkeys(
        ("article", "aside", "figure", "figcaption", "footer", "header", "main", "nav", "section"),
        "html-semantics",
    ),
}
_ATTRIBUTES = {"bgcolor": "css-background-color"}
_SELECTORS = {
    r"\[": "css-selector-attribute",
    r"#[\w-]": "css-selector-id",
    r">": "css-selector-child",
    r"\+": "css-selector-adjacent-sibling",
    r"[\w\]*)]\s+[\w.#\[*]": "css-selector-descendant",
    r"\.[\w-]+\.": "css-selector-chaining",
    r":hover": "css-pseudo-class-hover",
}
_QUERIES = re.compile(r"prefers-color-scheme|prefers-reduced-motion|hover|orientation")
_UNITS = re.compile(r"\d(px|em|rem|%|vw|vh)")


class Knows(StrEnum):
    """How much of a feature a mail program knows."""

    ALL = "y"
    PART = "a"
    NOTHING = "n"
    UNTESTED = "u"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature of HTML or CSS: its title, and what each mail program's newest version knows of it.

    `notes` are the numbers of caniemail's notes on a program that knows it in part.
    """

    slug: str
    title: str
    known: Mapping[str, Knows]
    notes: Mapping[str, frozenset[str]]

    @property
    def url(self) -> str:
        """The page that says what the notes mean."""
        return f"https://www.caniemail.com/features/{self.slug}/"

    def programs(self, knows: Knows) -> list[str]:
        """Return the names of the programs that know so much of it."""
        return [name for name, one in self.known.items() if one is knows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """All features, and the date of the tables (ISO 8601)."""

    date: str
    features: Mapping[str, Feature]

    def name(self, *names: str) -> str:
        """Return the first of the names that is a feature, or an empty string."""
        return next((name for name in names if name in self.features), "")


@cache
def tables() -> Tables:
    """Return the tables, read once."""
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    features = {
        slug: _feature(slug, title, content["programs"], verdicts.split())
        for slug, (title, verdicts) in content["features"].items()
    }
    return Tables(date=content["date"], features=features)


def _feature(slug: str, title: str, programs: Sequence[str], verdicts: Sequence[str]) -> Feature:
    pairs = list(zip(programs, verdicts, strict=True))
    return Feature(
        slug=slug,
        title=title,
        known={name: Knows(verdict[0]) for name, verdict in pairs},
        notes={name: frozenset(filter(None, verdict[1:].split(","))) for name, verdict in pairs},
    )


def used(html: str) -> tuple[Counter[str], int]:
    """Return how many elements of a page use each feature, by slug, and how many elements there are."""
    root = document_fromstring(html)
    elements = list(root.iter("*"))
    found: Counter[str] = Counter()
    for element in elements:
        found.update(set(_of_element(element)))
    for style in root.iter("style"):
        found.update(set(_of_sheet(style.text or "")))
    del found[""]
    return found, len(elements)


def unknown(html: str) -> list[tuple[Feature, int]]:
    """Return the used features that some program does not know at all, with their elements; rarest first."""
    counts, _ = used(html)
    found = [(tables().features[slug], count) for slug, count in counts.items()]
    some = [(one, count) for one, count in found if one.programs(Knows.NOTHING)]
    return sorted(some, key=lambda pair: (-len(pair[0].programs(Knows.NOTHING)), pair[0].slug))


def _of_element(element: HtmlElement) -> Iterator[str]:
    name = tables().name
    tag = str(element.tag)
    yield name(_ELEMENTS.get(tag, f"html-{tag}"))
    for attribute, value in element.attrib.items():
        if attribute == "style":
            continue
        yield name(_ATTRIBUTES.get(attribute, f"html-{attribute}"))
        if attribute == "href" and value.startswith("#"):
            yield "html-anchor-links"
    for property_name, value in _declarations(element.get("style", "")):
        yield from _of_declaration(property_name, value)


def _of_declaration(property_name: str, value: str) -> Iterator[str]:
    name = tables().name
    parts = property_name.split("-")
    yield name(*("css-" + "-".join(parts[:count]) for count in range(len(parts), 0, -1)))
    if property_name == "display":
        yield name(f"css-display-{value}")
    for unit in _UNITS.findall(value):
        yield name("css-unit-percent" if unit == "%" else f"css-unit-{unit}")


def _of_sheet(css: str) -> Iterator[str]:
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        yield from _of_rule(rule)


def _of_rule(rule: Any) -> Iterator[str]:
    name = tables().name
    if rule.type == "at-rule":
        feature = _QUERIES.search(tinycss2.serialize(rule.prelude))
        yield name(f"css-at-{rule.at_keyword}")
        yield name(f"css-at-media-{feature[0]}") if feature else ""
        if rule.content and rule.at_keyword == "media":
            for inner in tinycss2.parse_rule_list(rule.content, skip_whitespace=True, skip_comments=True):
                yield from _of_rule(inner)
    elif rule.type == "qualified-rule":
        selector = tinycss2.serialize(rule.prelude).strip()
        yield from (slug for pattern, slug in _SELECTORS.items() if re.search(pattern, selector))
        for one in tinycss2.parse_declaration_list(rule.content, skip_whitespace=True, skip_comments=True):
            if one.type == "declaration":
                yield from _of_declaration(one.name, tinycss2.serialize(one.value).strip())
                yield "css-important" if one.important else ""


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for part in style.split(";"):
        name, colon, value = part.partition(":")
        if colon and not name.strip().startswith("mso-"):
            yield name.strip().lower(), value.strip()
