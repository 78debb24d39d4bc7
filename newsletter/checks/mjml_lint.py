"""Check the MJML of a theme strictly: unknown tags and attributes, wrong nesting, values of a wrong kind.

The compiler says little of these and drops what it does not know. Templates are read as they are typed, with
every branch and block that they include, so that a line is that of the theme's own file; what Jinja fills in
counts as anything that fits.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from newsletter.brand import Palette
from newsletter.checks.codes import finding
from newsletter.checks.mjml_schema import HOLE, schema
from newsletter.errors import Message, Place, Problem
from newsletter.render.letter import with_letters
from newsletter.render.theme import open_theme
from newsletter.yamlfile import nearest

Read = Callable[[str], tuple[str, Place] | None]

_QUOTED = r"\"[^\"]*\"|'[^']*'"
_JINJA = re.compile(
    rf"\{{#.*?#\}}|\{{%[-+]?\s*(?P<word>\w*)(?P<rest>(?:{_QUOTED}|%(?!\}})|[^%\"'])*)%\}}"
    rf"|(?P<hole>\{{\{{(?:{_QUOTED}|\}}(?!\}})|[^}}\"'])*\}}\}})",
    re.DOTALL,
)
_TAG = re.compile(
    rf"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<(?P<ends>/?)(?P<name>[A-Za-z][\w:-]*)"
    rf"(?P<inside>(?>{_QUOTED}|[^<>\"'])*?)(?P<closed>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"(?P<name>[^\s=\"'<>/]+)\s*=\s*(?P<value>\"[^\"]*\"|'[^']*')")
_STRING = re.compile(_QUOTED)
_BRANCHES = {"if", "for", "when"}
_COLOURS = {"color", "background-color", "container-background-color"}
_FIXED = {"#000", "#000000", "black", "#fff", "#ffffff", "white"}
"""Colours that programs which invert a message leave out, or turn into each other."""
_UNKNOWN = "?"
"""The tag that something stands in when nobody can tell, as in a macro."""


@dataclass(frozen=True, slots=True)
class _Include:
    pattern: str
    parent: str


@dataclass(frozen=True, slots=True)
class _Linted:
    """What one file gives: problems by line, and which files are included in which tag."""

    problems: tuple[tuple[int, Problem], ...]
    includes: tuple[_Include, ...]


def of_theme(name: str, themes: Sequence[Path], colours: Palette | None = None) -> list[Problem]:
    """Return the problems of the messages and letters of the theme `name`, which one of `themes` has.

    Raises ConfigError and RenderError when its files cannot be read.
    """
    theme = open_theme(name, themes, colours)
    letters = with_letters(theme, themes)
    found = [
        *lint(theme.read, theme.files(".mjml"), "issue.mjml"),
        *lint(letters.read, letters.files(".mjml"), "letter.mjml"),
    ]
    return sorted(dict.fromkeys(found), key=lambda problem: problem.at or Place(""))


def lint(read: Read, files: Iterable[str], start: str) -> Iterator[Problem]:
    """Yield the problems of the template `start` and of all that it includes, each once, with its line.

    `read` returns a file's text and place; `files` are those there are, for includes whose name is computed.
    """
    names = sorted(files)
    left, seen, told = [(start, "")], set(), set()
    fixed: set[str] = set()
    computed: list[_Include] = []
    while left or computed:
        if not left:  # computed names come last: they mean files that nobody includes by name
            left = [
                (name, one.parent)
                for one in computed
                for name in names
                if fnmatchcase(name, one.pattern) and name not in fixed
            ]
            computed = []
            continue
        name, parent = left.pop()
        found = read(name) if (name, parent) not in seen else None
        seen.add((name, parent))
        if found is None:
            continue
        text, at = found
        linted = _lint(text, parent)
        for line, problem in linted.problems:
            if (at.path, line, problem) not in told:
                told.add((at.path, line, problem))
                yield replace(problem, at=Place(at.path, line))
        for one in linted.includes:
            if "*" in one.pattern:
                computed.append(one)
            else:
                fixed.add(one.pattern)
                left.append((one.pattern, one.parent))


@lru_cache(maxsize=200)
def _lint(text: str, parent: str) -> _Linted:
    reader = _Reader(text, parent)
    reader.read()
    return _Linted(tuple(reader.problems), tuple(reader.includes))


@dataclass(slots=True)
class _Reader:
    """Reads one template, with the tags that are open around it and where Jinja's branches began."""

    text: str
    parent: str
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    includes: list[_Include] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _before: list[list[str]] = field(default_factory=list)

    def read(self) -> None:
        self._open = [self.parent] if self.parent else []
        jinja = list(_JINJA.finditer(self.text))
        plain = _blanked(self.text, jinja)
        statements = [one for one in jinja if one["word"]]
        for step in sorted([*statements, *_TAG.finditer(plain)], key=lambda one: one.start()):
            if step.re is _JINJA:
                self._statement(step["word"], step["rest"])
            elif step["name"]:
                self._tag(step)

    def _statement(self, word: str, rest: str) -> None:
        if word in _BRANCHES:
            self._before.append(list(self._open))
        elif word == "macro":
            self._before.append(self._open)
            self._open = [_UNKNOWN]
        elif word == "endmacro" and self._before:
            self._open = self._before.pop()
        elif word in ("else", "elif") and self._before:
            self._open = list(self._before[-1])
        elif word.removeprefix("end") in _BRANCHES and self._before:
            self._before.pop()
        elif word == "include":
            self._include(rest, self._open[-1] if self._open else "")
        elif word in ("import", "from", "extends"):
            self._include(rest.partition(" import ")[0], _UNKNOWN)

    def _include(self, named: str, parent: str) -> None:
        """Note an include; what is computed of its name may be anything."""
        strings = [one[1:-1] for one in _STRING.findall(named)]
        computed = _STRING.sub("", named).strip().removesuffix("ignore missing").strip("~+ ")
        pattern = "*".join(strings) if computed else "".join(strings)
        if pattern:
            self.includes.append(_Include(pattern, parent))

    def _tag(self, tag: re.Match[str]) -> None:
        name = tag["name"]
        parent = self._open[-1] if self._open else ""
        if tag["ends"]:
            if name in self._open:
                del self._open[len(self._open) - 1 - self._open[::-1].index(name) :]
            return
        component = name == "mjml" or name.startswith("mj-")
        line = self.text.count("\n", 0, tag.start()) + 1
        self.problems += ((line, one) for one in _place(name, parent, component=component))
        if component and parent not in schema().ending:
            self._attributes(name, tag)
            if not tag["closed"]:
                self._open.append(name)

    def _attributes(self, tag: str, match: re.Match[str]) -> None:
        known = schema().tags.get(tag)
        if known is None:
            return
        for found in _ATTRIBUTE.finditer(match["inside"]):
            name, value = found["name"], found["value"][1:-1]
            line = self.text.count("\n", 0, match.start("inside") + found.start()) + 1
            if HOLE in name:
                continue
            if name not in known:
                self.problems.append((line, _no_attribute(tag, name, known)))
            elif not known[name].accept(value):
                self.problems.append((line, _wrong_value(tag, name, value, known[name].said)))
            elif name in _COLOURS and value.lower() in _FIXED:
                self.problems.append((line, _fixed(name, value)))


def _place(name: str, parent: str, *, component: bool) -> Iterator[Problem]:
    """Yield what is wrong with a tag `name` in a tag `parent`."""
    tags, within = schema().tags, schema().within
    if parent in schema().ending:
        if component:
            yield finding(
                "mjml-within-html",
                Message("<%(tag)s> stands in <%(parent)s>, which holds only HTML", tag=name, parent=parent),
                hint=Message("Close <%(parent)s> before it.", parent=parent),
            )
    elif not component:
        if parent in within:
            yield finding(
                "mjml-html",
                Message("<%(tag)s> is HTML, which <%(parent)s> does not hold", tag=name, parent=parent),
                hint="Put it into an <mj-text>, or into an <mj-raw> where a table's row may stand.",
            )
    elif name not in tags:
        yield finding(
            "mjml-tag",
            Message("MJML has no tag <%(tag)s>", tag=name),
            hint="Blocks are included by {% include %}." if name == "mj-include" else nearest(name, tags),
        )
    elif parent in within and name not in within[parent]:
        yield finding(
            "mjml-place",
            Message("<%(tag)s> cannot stand in <%(parent)s>", tag=name, parent=parent),
            hint=Message(
                "Put it into %(parents)s.",
                parents=", ".join(f"<{one}>" for one in schema().parents(name) if one != "mj-attributes"),
            ),
        )


def _no_attribute(tag: str, name: str, known: Iterable[str]) -> Problem:
    return finding(
        "mjml-attribute",
        Message("<%(tag)s> has no attribute %(name)s, so it is dropped", tag=tag, name=name),
        hint=nearest(name, known),
    )


def _wrong_value(tag: str, name: str, value: str, said: str) -> Problem:
    return finding(
        "mjml-value",
        Message(
            "%(name)s of <%(tag)s> cannot be %(value)r",
            name=name,
            tag=tag,
            value=re.sub(f"{HOLE}+", "…", value),
        ),
        hint=Message("Write %(what)s.", what=said),
    )


def _fixed(name: str, value: str) -> Problem:
    return finding(
        "colour-fixed",
        Message("%(name)s is always %(value)s, also in the dark", name=name, value=value),
        hint="Take a colour of the brand, like {{ light.ink }}, and {{ dark.ink }} for the dark scheme.",
    )


def _blanked(text: str, jinja: Iterable[re.Match[str]]) -> str:
    """Return a template with blanks for Jinja's statements and holes for its values; lines stay lines."""
    out: list[str] = []
    at = 0
    for found in jinja:
        mark = HOLE if found["hole"] else " "
        out += (text[at : found.start()], re.sub(r"[^\n]", mark, found[0]))
        at = found.end()
    return "".join([*out, text[at:]])
