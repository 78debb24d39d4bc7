"""Each fault that an editor can make in an issue is found, and an issue without faults is left alone."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from newsletter.checks.editorial import editorial
from newsletter.checks.lines import lines_under
from newsletter.config import Settings
from newsletter.errors import Place, Severity
from newsletter.model import Block, ClosingCall, Issue, Item, Section

MakeItem = Callable[..., Item]
MakeIssue = Callable[..., Issue]
ERROR, WARNING = Severity.ERROR, Severity.WARNING


def found(issue: Issue, settings: Settings) -> list[tuple[Severity, str]]:
    """Return severity and text of each finding."""
    return [(problem.severity, problem.text) for problem in editorial(issue, settings)]


def test_a_good_issue_has_no_findings(make_issue: MakeIssue, settings: Settings) -> None:
    assert found(make_issue(), settings) == []


def test_a_missing_link_is_a_warning_that_says_what_becomes_of_the_title(
    make_issue: MakeIssue, make_item: MakeItem, settings: Settings
) -> None:
    issue = make_issue(make_item(link=None))
    (problem,) = editorial(issue, settings)
    assert (problem.severity, problem.text) == (WARNING, "no link")
    assert "leads nowhere" in problem.hint


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"link": "https://example.com/x"}, (ERROR, "is a placeholder")),
        ({"link": "https://bit.ly/x"}, (WARNING, "hides where it leads")),
        ({"title": "Дуже довга назва " * 8}, (WARNING, "the title has 136 characters")),
        ({"title": "TODO назва"}, (ERROR, "'TODO' looks like a placeholder")),
        ({"text": "Lorem ipsum"}, (ERROR, "looks like a placeholder")),
        ({"text": "[тут](https://auc.org.ua)"}, (WARNING, "does not say where it leads")),
        ({"text": "[договір](#)"}, (ERROR, "leads nowhere")),
        ({"date": date(2025, 2, 7)}, (WARNING, "dated 2025-02-07, outside the issue's 2025-02-08")),
        ({"title": "Тиждень освіти: 1 – 7 лютого 2025 року"}, (WARNING, "this period is not the issue's")),
    ],
)
def test_a_fault_of_an_item_is_found_once_at_the_item(
    make_issue: MakeIssue,
    make_item: MakeItem,
    settings: Settings,
    fault: dict[str, object],
    expected: tuple[Severity, str],
) -> None:
    item = make_item(**fault)
    (problem,) = editorial(make_issue(item), settings)
    assert problem.severity == expected[0]
    assert expected[1] in problem.text
    assert problem.at == item.at
    assert problem.hint


@pytest.mark.parametrize("day", [date(2025, 2, 8), date(2025, 2, 14)])
def test_both_ends_of_the_period_are_inside(
    make_issue: MakeIssue, make_item: MakeItem, settings: Settings, day: date
) -> None:
    assert found(make_issue(make_item(date=day)), settings) == []


@pytest.mark.parametrize(
    ("fault", "severity", "words"),
    [
        ({"subject": "  "}, ERROR, "the subject is empty"),
        ({"subject": "Громади " * 10}, WARNING, "the subject has 79 characters"),
        ({"subject": "RE: Робота громад"}, ERROR, "pretends to be a reply"),
        ({"subject": "Fwd: Робота громад"}, ERROR, "pretends to be a reply"),
        ({"subject": "РОБОТА ГРОМАД"}, WARNING, "all capitals"),
        ({"subject": "Робота громад: 1 – 7 лютого 2025 року"}, ERROR, "this period is not the issue's"),
        ({"subject": "Громади: 10 – 12 лютого 2025 року"}, ERROR, "this period is not the issue's"),
        ({"preheader": ""}, WARNING, "the preheader has 0 characters"),
        ({"preheader": "а" * 111}, WARNING, "the preheader has 111 characters"),
        ({"intro": "Вітаємо!\nНовини за 1 – 7 лютого 2025 року."}, ERROR, "this period is not the issue's"),
        ({"intro": "Новини за 8 – 15 лютого 2025 року."}, ERROR, "this period is not the issue's"),
        ({"intro": "Вітаємо, {{ім’я}}"}, ERROR, "looks like a placeholder"),
        ({"intro": "[тут](https://auc.org.ua)"}, WARNING, "does not say where it leads"),
        ({"call": ClosingCall(text="TBD")}, ERROR, "looks like a placeholder"),
    ],
)
def test_a_fault_of_the_issue_is_found_once(
    make_issue: MakeIssue, settings: Settings, fault: dict[str, object], severity: Severity, words: str
) -> None:
    (problem,) = editorial(make_issue(**fault), settings)
    assert problem.severity == severity
    assert words in problem.text
    assert problem.at == Place("issues/2025-02-14/issue.yaml", 1)
    assert problem.hint


@pytest.mark.parametrize(
    "good",
    [
        {"subject": "АМУ"},
        {"subject": "Реформа: що нового"},
        {"preheader": "а" * 30},
        {"preheader": "а" * 110},
        {"intro": "Новини за 8–14 лютого 2025 року."},
        {"intro": "Форум відбудеться 20 – 21 лютого 2025 року."},
    ],
)
def test_what_only_resembles_a_fault_is_left_alone(
    make_issue: MakeIssue, settings: Settings, good: dict[str, object]
) -> None:
    assert found(make_issue(**good), settings) == []


def test_the_same_title_and_the_same_link_are_named_with_the_first_item(
    make_issue: MakeIssue, make_item: MakeItem, settings: Settings
) -> None:
    issue = make_issue(make_item(), make_item(id="02-again", title=" ФОРУМ   громад"))
    assert found(issue, settings) == [
        (WARNING, "the same title as issues/2025-02-14/items/01-forum.md"),
        (WARNING, "the same link as issues/2025-02-14/items/01-forum.md"),
    ]


def test_two_items_without_a_link_do_not_repeat_each_other(
    make_issue: MakeIssue, make_item: MakeItem, settings: Settings
) -> None:
    issue = make_issue(make_item(link=None), make_item(id="02-other", title="Інше", link=None))
    assert [text for _, text in found(issue, settings)] == ["no link", "no link"]


def test_a_section_that_nobody_can_choose_is_a_warning(
    make_issue: MakeIssue, make_item: MakeItem, settings: Settings
) -> None:
    block = Block(section=Section(slug="new", title="Нове"), items=(make_item(sections=("new",)),))
    ((severity, text),) = found(make_issue(blocks=(block,)), settings)
    assert severity == WARNING
    assert "'new' is not in newsletter.yaml" in text


def test_findings_point_at_the_line_of_their_words(
    make_issue: MakeIssue, make_item: MakeItem, settings: Settings, tmp_path: Path
) -> None:
    item = make_item(text="Перший рядок.\nДругий TODO.")
    issue = make_issue(item, subject="Re: громади", intro="Новини\n1 – 7 лютого 2025 року")
    for at, text in (
        (item.at, f"---\ntitle: {item.title}\n---\n{item.text}\n"),
        (
            issue.at,
            f"period: {{}}\nsubject: '{issue.subject}'\nintro: |\n  Новини\n  1 – 7 лютого 2025 року\n",
        ),
    ):
        (tmp_path / at.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / at.path).write_text(text, encoding="utf-8")
    places = {problem.text[:7]: problem.at for problem in editorial(issue, settings, lines_under(tmp_path))}
    assert places == {
        "the sub": Place(issue.at.path, 2),
        "this pe": Place(issue.at.path, 5),
        "'TODO' ": Place(item.at.path, 5),
    }
