"""npm's MJML and html-validate on every theme and letter."""

import re
from collections.abc import Callable

import pytest

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
