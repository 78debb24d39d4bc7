"""How much of what a mail uses is known to mail programs; docs/mail-support.md speaks of the rest."""

import re
from collections.abc import Callable

import pytest

from tests.gallery import ROOT
from tests.render.judges.conftest import EVERY_THEME, INSTALLED, LETTERS, Made
from tests.render.judges.support import Tables

DOCUMENT = (ROOT / "docs/mail-support.md").read_text(encoding="utf-8")
LEAST = 90
"""Percent."""
RARE = 0.1
each = pytest.mark.parametrize("name", [*EVERY_THEME, LETTERS[1]])


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Read caniemail's tables."""
    file = INSTALLED / "data/caniemail.json"
    if not file.exists():
        pytest.skip("caniemail's tables are not installed (scripts/judges, which needs npm)")
    rows = re.findall(r"^\| `([\w-]+)` \| ([\d, ]+) \|", DOCUMENT, re.MULTILINE)
    return Tables(file, {name: set(notes.split(", ")) for name, notes in rows})


@each
def test_mail_programs_know_nine_tenths_of_it(tables: Tables, mail: Callable[[str], Made], name: str) -> None:
    score, worst = tables.score(mail(name).mail.html)
    assert score >= LEAST, worst


@each
def test_what_many_programs_do_not_know_is_accounted_for(
    tables: Tables, mail: Callable[[str], Made], name: str
) -> None:
    used, _ = tables.used(mail(name).mail.html)
    rare = {feature for feature in used if tables.support(feature).never >= RARE}
    told = set(re.findall(r"^\| `([\w-]+)` \| \D", DOCUMENT, re.MULTILINE))
    assert rare - told == set()
