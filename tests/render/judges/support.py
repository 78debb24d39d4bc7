"""What a mail uses of HTML and CSS, by caniemail's names, and how many mail programs know it.

The score is counted as Mailpit does: the share of programs that do not know a feature weighs as much as the
share of the elements that have it, and the worst feature is the score's.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tinycss2
from lxml.html import HtmlElement, document_fromstring

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


@dataclass(frozen=True, slots=True)
class Support:
    """The shares of programs, of 1, that know a feature in part and not at all; in their newest versions."""

    partly: float
    never: float


class Tables:
    """caniemail's tables, of the date that is in them."""

    def __init__(self, file: Path, unused: Mapping[str, AbstractSet[str]]) -> None:
        """Read the tables in `file`; `unused` are notes on what we do not write, by feature."""
        self._unused = unused
        self._features = {one["slug"]: one for one in json.loads(file.read_text(encoding="utf-8"))["data"]}

    def name(self, *names: str) -> str:
        """Return the first of the names that the tables have, or nothing."""
        return next((name for name in names if name in self._features), "")

    def support(self, name: str) -> Support:
        """Return how many mail programs know the feature `name`."""
        programs = [one for family in self._features[name]["stats"].values() for one in family.values()]
        told = Counter(self._verdict(name, _newest(one)) for one in programs)
        known = told["y"] + told["a"] + told["n"] or 1
        return Support(partly=told["a"] / known, never=told["n"] / known)

    def _verdict(self, name: str, told: str) -> str:
        """Return y, a (in part), n or u (unknown)."""
        notes = set(re.findall(r"#(\d+)", told))
        return "y" if told[0] == "a" and notes <= self._unused.get(name, set()) else told[0]

    def used(self, html: str) -> tuple[Counter[str], int]:
        """Return how many elements use each feature, and how many elements there are."""
        root = document_fromstring(html)
        elements = list(root.iter("*"))
        found: Counter[str] = Counter()
        for element in elements:
            found.update(set(self._of_element(element)))
        for style in root.iter("style"):
            found.update(set(self._of_sheet(style.text or "")))
        del found[""]
        return found, len(elements)

    def _of_element(self, element: HtmlElement) -> Iterator[str]:
        tag = str(element.tag)
        yield self.name(_ELEMENTS.get(tag, f"html-{tag}"))
        for attribute, value in element.attrib.items():
            if attribute == "style":
                continue
            yield self.name(_ATTRIBUTES.get(attribute, f"html-{attribute}"))
            if attribute == "href" and value.startswith("#"):
                yield "html-anchor-links"
        for name, value in _declarations(element.get("style", "")):
            yield from self._of_declaration(name, value)

    def _of_declaration(self, name: str, value: str) -> Iterator[str]:
        parts = name.split("-")
        yield self.name(*("css-" + "-".join(parts[:count]) for count in range(len(parts), 0, -1)))
        if name == "display":
            yield self.name(f"css-display-{value}")
        for unit in re.findall(r"\d(px|em|rem|%|vw|vh)", value):
            yield self.name("css-unit-percent" if unit == "%" else f"css-unit-{unit}")

    def _of_sheet(self, css: str) -> Iterator[str]:
        for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
            yield from self._of_rule(rule)

    def _of_rule(self, rule: Any) -> Iterator[str]:
        if rule.type == "at-rule":
            query = tinycss2.serialize(rule.prelude)
            feature = re.search(r"prefers-color-scheme|prefers-reduced-motion|hover|orientation", query)
            yield self.name(f"css-at-{rule.at_keyword}")
            yield self.name(f"css-at-media-{feature[0]}") if feature else ""
            if rule.content and rule.at_keyword == "media":
                for inner in tinycss2.parse_rule_list(rule.content, skip_whitespace=True, skip_comments=True):
                    yield from self._of_rule(inner)
        elif rule.type == "qualified-rule":
            selector = tinycss2.serialize(rule.prelude).strip()
            yield from (name for pattern, name in _SELECTORS.items() if re.search(pattern, selector))
            for one in tinycss2.parse_declaration_list(
                rule.content, skip_whitespace=True, skip_comments=True
            ):
                if one.type == "declaration":
                    yield from self._of_declaration(one.name, tinycss2.serialize(one.value).strip())
                    yield "css-important" if one.important else ""

    def score(self, html: str) -> tuple[float, str]:
        """Return the percentage of a mail that every program shows as meant, and the two worst features."""
        used, elements = self.used(html)
        shares = {name: min(count / elements, 1) for name, count in used.items()}
        partly = max((self.support(name).partly * share, name) for name, share in shares.items())
        never = max((self.support(name).never * share, name) for name, share in shares.items())
        return 100 * (1 - partly[0] - never[0]), f"{partly[1]}, {never[1]}"


def _newest(program: dict[str, str]) -> str:
    return program[max(program, key=_version)]


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for part in style.split(";"):
        name, colon, value = part.partition(":")
        if colon and not name.strip().startswith("mso-"):
            yield name.strip().lower(), value.strip()
