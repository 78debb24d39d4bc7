"""What is found in an issue can be said in Ukrainian: every finding and every hint is in the catalog."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.errors import Message, Place, Problem
from newsletter.i18n import said, translations

PACKAGE = Path(__file__).parents[2] / "newsletter"
SPEAKING = [
    *sorted((PACKAGE / "checks").glob("*.py")),
    *(PACKAGE / "compose" / name for name in ("item.py", "issuefile.py", "event.py", "pictures.py")),
]
_WORDS = re.compile(r"[a-z]{2} [a-z]")
MAKERS = {
    "error",
    "warning",
    "say",
    "problem",
    "Remark",
    "_remark",
    "_typed",
    "_error",
    "_Fault",
    "_bad_link",
    "finding",
    "Rule",
    "_unpaired",
}
"""The functions whose arguments are words: of a problem, of a remark, and of what makes one of these."""


def words_of(module: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, words) of each message that a module makes."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "Message":
            given = node.args[:1]
        elif name in MAKERS:
            given = [*node.args, *(one.value for one in node.keywords if one.arg in {"text", "hint"})]
        else:
            continue
        for one in given:
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and _WORDS.search(one.value):
                yield one.lineno, one.value


@pytest.mark.parametrize("module", SPEAKING, ids=lambda path: path.name)
def test_every_finding_and_hint_is_in_ukrainian(module: Path) -> None:
    ukrainian = translations("uk")
    missing = [(line, words) for line, words in words_of(module) if ukrainian.gettext(words) == words]
    assert missing == []


def test_a_finding_is_said_with_its_values_and_those_that_are_words_too() -> None:
    inner = Message("the link %(href)r %(what)s", href="#", what=Message("leads nowhere"))
    problem = Problem.error(
        Message("%(text)s (edition %(sections)s)", text=inner, sections="top"), Place("a")
    )
    assert problem.text == "the link '#' leads nowhere (edition top)"
    assert said(problem.text, "uk") == "посилання «#» нікуди не веде (добірка top)"
    assert said(problem.text, "en") == problem.text


def test_values_are_shortened_and_made_visible_in_every_language() -> None:
    problem = Problem.error(Message("unknown key %(key)r", key="x" * 500 + "\x1b"))
    assert len(problem.text) < 120
    assert len(said(problem.text, "uk")) < 120
    assert "\x1b" not in said(problem.text, "uk")


def test_words_that_no_catalog_has_stay_as_they_are() -> None:
    assert said("something new", "uk") == "something new"
    assert said(Message("something %(what)s", what="new"), "uk") == "something new"
    assert said("", "uk") == ""
