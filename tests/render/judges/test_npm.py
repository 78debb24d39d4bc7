"""npm's MJML and html-validate on every theme and letter."""

import re
from collections.abc import Callable

import pytest

from tests.checks.test_mjml_lint import ERRORS, FINE, IN_COLUMN, WARNINGS
from tests.render.judges.conftest import EVERY_THEME, LETTERS, Judges, Made

each = pytest.mark.parametrize("name", [*EVERY_THEME, *LETTERS])
_CONDITION = re.compile(r"<!--\[if [^]]*mso[^]]*\]>(.*?)<!\[endif\]-->", re.DOTALL)


def widths(html: str) -> list[list[str]]:
    """Return the widths in each part that only Outlook for Windows reads."""
    found = (sorted(re.findall(r"\bwidth(?:=\"|:)(\d+)", part)) for part in _CONDITION.findall(html))
    return [numbers for numbers in found if numbers]


@each
def test_npm_s_mjml_finds_no_fault_in_the_source(
    judges: Judges, mail: Callable[[str], Made], name: str
) -> None:
    assert judges.ask("mjml", mail(name).source)["faults"] == []


@each
def test_outlook_gets_the_widths_that_npm_s_mjml_would_give_it(
    judges: Judges, mail: Callable[[str], Made], name: str
) -> None:
    made = mail(name)
    assert widths(made.mail.html) == widths(judges.ask("mjml", made.source)["html"])


@each
def test_html_validate_finds_no_fault(judges: Judges, mail: Callable[[str], Made], name: str) -> None:
    assert judges.ask("html", mail(name).mail.html)["faults"] == []


@pytest.mark.parametrize("source", [*ERRORS, *WARNINGS, *FINE])
def test_our_check_of_a_theme_and_npm_s_mjml_are_of_one_mind(judges: Judges, source: str) -> None:
    if any(mark in source for mark in ("{", "mj-include", "Navy", "<mj-text><b>")):
        return  # templates; what npm includes, writes small, or takes for HTML
    faults = judges.ask("mjml", IN_COLUMN.replace("@", source))["faults"]
    assert bool(faults) == (source not in FINE)
