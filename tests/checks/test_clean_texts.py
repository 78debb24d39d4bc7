"""A proof-reader who is wrong is switched off: clean texts give nothing, the real digest its slips alone."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest

from newsletter.checks.codes import CODES
from newsletter.checks.editorial import editorial
from newsletter.checks.lines import lines_under
from newsletter.checks.mend import mended_line, mended_text
from newsletter.compose.issuefile import load_issue
from newsletter.config import Settings
from newsletter.errors import Severity
from newsletter.model import Issue, Item
from tests.checks.conftest import REPOSITORY

NEWSROOM = (REPOSITORY / "tests/data/newsroom.txt").read_text(encoding="utf-8")
TEXTS = re.findall(r"^# (.+)\n((?:(?!# ).*\n?)*)", NEWSROOM, re.MULTILINE)


def test_the_newsroom_has_twenty_texts() -> None:
    assert len(TEXTS) == 20


@pytest.mark.parametrize(("title", "text"), TEXTS, ids=[title[:20] for title, _ in TEXTS])
def test_a_clean_text_has_no_finding_and_nothing_to_mend(
    title: str,
    text: str,
    make_issue: Callable[..., Issue],
    make_item: Callable[..., Item],
    settings: Settings,
) -> None:
    item = make_item(title=title, text=text.strip())
    assert [str(one) for one in editorial(make_issue(item), settings)] == []
    assert (mended_line(title, "uk"), mended_text(text, "uk")) == (title, text)


def test_all_of_them_in_one_issue_have_none_beside_each_other(
    make_issue: Callable[..., Issue], make_item: Callable[..., Item], settings: Settings
) -> None:
    items = [
        make_item(id=f"{number:02}", title=title, text=text.strip(), link=f"https://auc.org.ua/{number}")
        for number, (title, text) in enumerate(TEXTS)
    ]
    assert [str(one) for one in editorial(make_issue(*items), settings)] == []


def test_the_real_digest_has_its_slips_and_no_others(settings: Settings) -> None:
    issue, problems = load_issue(REPOSITORY, date(2025, 2, 14), settings)
    found = [*problems, *editorial(issue, settings, lines_under(REPOSITORY))]
    assert Counter(one.code for one in found) == {
        "link-missing": 13,
        "quotes-unbalanced": 1,  # «Партнерство «Відкритий Уряд»
        "hyphen-as-dash": 1,
        "range-hyphen": 1,  # 2025-2026
        "letters-mixed": 1,  # І-UA.tv
        "apostrophe-straight": 1,  # Прем'єр
        "hashtag-alone": 1,
    }
    assert all(one.at and one.at.line for one in found)


def test_all_that_is_mechanical_is_mended_and_read_as_right() -> None:
    typed = (
        "Прем'єр-міністр - у м.Київ: 150млн. євро на 2025-2026 рр., "
        "програма «Громада «Разом» діє», iнформація– тут ."
    )
    right = (
        "Прем’єр-міністр – у м. Київ: 150 млн євро на 2025–2026 рр., "
        "програма «Громада „Разом“ діє», інформація – тут."
    )
    assert mended_line(typed, "uk") == right
    assert mended_text(f"- {typed}\n", "uk") == f"- {right}\n"


def test_advice_never_stands_in_the_way() -> None:
    advice = {code for code, one in CODES.items() if one.severity is Severity.ADVICE}
    assert {"sentence-long", "officialese"} <= advice
