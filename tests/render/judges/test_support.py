"""How much of what a mail uses is known to mail programs; docs/mail-support.md speaks of the rest."""

import re
from collections.abc import Callable

import pytest

from newsletter.checks.clients import used
from tests.gallery import ROOT
from tests.render.judges.conftest import EVERY_THEME, LETTERS, Made
from tests.render.judges.support import Judge

DOCUMENT = (ROOT / "docs/mail-support.md").read_text(encoding="utf-8")
LEAST = 90
"""Percent."""
RARE = 0.1
each = pytest.mark.parametrize("name", [*EVERY_THEME, LETTERS[1]])


@pytest.fixture(scope="module")
def judge() -> Judge:
    """Return a judge who knows what we do not write."""
    rows = re.findall(r"^\| `([\w-]+)` \| ([\d, ]+) \|", DOCUMENT, re.MULTILINE)
    return Judge({name: set(notes.split(", ")) for name, notes in rows})


@each
def test_mail_programs_know_nine_tenths_of_it(judge: Judge, mail: Callable[[str], Made], name: str) -> None:
    score, worst = judge.score(mail(name).mail.html)
    assert score >= LEAST, worst


@each
def test_what_many_programs_do_not_know_is_accounted_for(
    judge: Judge, mail: Callable[[str], Made], name: str
) -> None:
    counts, _ = used(mail(name).mail.html)
    rare = {feature for feature in counts if judge.support(feature).never >= RARE}
    told = set(re.findall(r"^\| `([\w-]+)` \| \D", DOCUMENT, re.MULTILINE))
    assert rare - told == set()
