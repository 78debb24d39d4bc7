"""issue.yaml and its items, read as an Issue."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from newsletter.compose.issuefile import load_issue, newest_issue
from newsletter.config import Settings
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.model import ClosingCall, Issue, Period

DAY = date(2025, 2, 14)
FILE = "issues/2025-02-14/issue.yaml"
Load = Callable[[str], tuple[Issue, list[Problem]]]


@pytest.fixture
def folder(workspace: Path) -> Path:
    """Return the folder of an issue with three items: a (top), b (social, top), c (education)."""
    folder = workspace / "issues/2025-02-14"
    (folder / "items").mkdir(parents=True)
    for name, section in (("a", "top"), ("b", "[social, top]"), ("c", "education")):
        (folder / f"items/{name}.md").write_text(f"---\ntitle: {name}\nsection: {section}\n---\n")
    return folder


@pytest.fixture
def load(folder: Path, workspace: Path, settings: Settings) -> Load:
    """Return what writes issue.yaml and loads it."""

    def written(text: str) -> tuple[Issue, list[Problem]]:
        (folder / "issue.yaml").write_text(text, encoding="utf-8")
        return load_issue(workspace, DAY, settings)

    return written


def shown(issue: Issue) -> dict[str, list[str]]:
    return {block.section.slug: [item.id for item in block.items] for block in issue.blocks}


def test_blocks_stand_in_the_files_order_without_empty_ones(load: Load) -> None:
    issue, problems = load(
        "subject: Тема\norder:\n  education: [c]\n  staff: []\n  economy:\n  top: [b, a]\n"
    )
    assert not problems
    assert shown(issue) == {"education": ["c"], "top": ["b", "a"]}
    assert list(shown(issue)) == ["education", "top"]
    assert (issue.subject, issue.at, issue.name) == ("Тема", Place(FILE), "2025-02-14")


def test_an_item_listed_twice_is_shown_where_it_stands_first(load: Load) -> None:
    issue, (problem,) = load("order:\n  social: [b]\n  top:\n    - a\n    - b\n  education: [c]\n")
    assert shown(issue) == {"social": ["b"], "top": ["a"], "education": ["c"]}
    assert (problem.at, problem.severity) == (Place(FILE, 5), Severity.WARNING)


def test_an_item_may_only_move_to_a_section_it_has(load: Load) -> None:
    issue, (problem,) = load("order:\n  top: [a, b]\n  social: [c]\n")
    assert shown(issue) == {"top": ["a", "b"]}
    assert (problem.at, problem.severity) == (Place(FILE, 3), Severity.ERROR)
    assert "education" in problem.hint


def test_an_item_without_a_file_names_the_nearest(load: Load, folder: Path) -> None:
    (folder / "items/01-forum.md").write_text("---\ntitle: a\nsection: top\n---\n")
    _, problems = load("order:\n  top: [a, 01-forun, 01-forum, b]\n  education: [c]\n")
    (problem,) = problems
    assert problem.at == Place(FILE, 2)
    assert problem.hint == "Did you mean '01-forum'?"


def test_an_unknown_section_in_order_names_the_nearest(load: Load) -> None:
    _, problems = load("order:\n  top: [a]\n  socail: [b]\n  education: [c]\n")
    (problem,) = problems
    assert (problem.at, problem.hint) == (Place(FILE, 3), "Did you mean 'social'?")


def test_an_item_not_yet_composed_is_a_warning(load: Load) -> None:
    _, (problem,) = load("order:\n  top: [a, b]\n")
    assert problem.at == Place("issues/2025-02-14/items/c.md", 2)
    assert problem.severity is Severity.WARNING


def test_an_item_of_another_week_may_wait(load: Load, folder: Path) -> None:
    (folder / "items/c.md").write_text("---\ntitle: c\nsection: education\ndate: 2025-02-15\n---\n")
    _, problems = load("order:\n  top: [a, b]\n")
    assert not problems


def test_a_faulty_item_stays_out_and_is_named(load: Load, folder: Path) -> None:
    (folder / "items/a.md").write_text("---\ntitle: a\nsection: nowhere\n---\n")
    issue, (problem,) = load("order:\n  top: [a, b]\n  education: [c]\n")
    assert shown(issue) == {"top": ["b"], "education": ["c"]}
    assert problem.at == Place("issues/2025-02-14/items/a.md", 3)


def test_an_item_in_another_encoding_is_a_problem(load: Load, folder: Path) -> None:
    (folder / "items/a.md").write_bytes("---\ntitle: Ї\nsection: top\n---\n".encode("cp1251"))
    issue, (problem,) = load("order:\n  top: [a, b]\n  education: [c]\n")
    assert shown(issue)["top"] == ["b"]
    assert "UTF-8" in problem.text


def test_the_closing_call_is_the_settings_unless_the_issue_has_its_own(
    load: Load, settings: Settings
) -> None:
    assert settings.closing
    issue, _ = load("subject: Тема\n")
    assert issue.call == ClosingCall(text=settings.closing.text, hashtag=settings.closing.hashtag)
    issue, _ = load('closing: {text: Інший, hashtag: "#Інший"}\n')
    assert issue.call == ClosingCall(text="Інший", hashtag="#Інший")
    issue, _ = load("closing:\n")
    assert issue.call is None


def test_an_issue_may_have_its_own_period_and_sections(load: Load, folder: Path) -> None:
    (folder / "items/c.md").write_text("---\ntitle: c\nsection: special\n---\n")
    issue, problems = load(
        "period: {start: 2025-02-10, end: 2025-02-14}\n"
        "sections: [{slug: special, title: Спецвипуск}]\n"
        "order: {special: [c], top: [a, b]}\n"
    )
    assert not problems
    assert issue.period == Period(start=date(2025, 2, 10), end=DAY)
    assert issue.blocks[0].section.title == "Спецвипуск"


def test_a_period_that_closes_on_another_day_is_a_problem(load: Load) -> None:
    issue, problems = load(
        "subject: Тема\nperiod: {start: 2025-02-10, end: 2025-02-15}\norder: {top: [a, b]}\n"
    )
    assert problems[0].at == Place(FILE, 2)
    assert issue.period == Period(start=date(2025, 2, 8), end=DAY)


def test_a_faulty_key_does_not_hide_the_rest(load: Load) -> None:
    issue, problems = load("subjekt: Тема\npreheader: 7\norder:\n  top: [a, b]\n  education: [c]\n")
    hints = {problem.at: problem.hint for problem in problems}
    assert set(hints) == {Place(FILE, 1), Place(FILE, 2)}
    assert hints[Place(FILE, 1)] == "Did you mean 'subject'?"
    assert shown(issue) == {"top": ["a", "b"], "education": ["c"]}


def test_a_subject_never_carries_a_line_break(load: Load) -> None:
    issue, problems = load('subject: "Тема\\r\\nBcc: x@example.org"\norder: {top: [a, b], education: [c]}\n')
    assert problems[0].at == Place(FILE, 1)
    assert issue.subject == ""


@pytest.mark.parametrize("text", ["a: [", "- a\n", "слова", "a: \x07"])
def test_an_unreadable_issue_file_is_refused_with_its_place(text: str, load: Load) -> None:
    with pytest.raises(ContentError) as refused:
        load(text)
    assert refused.value.problems[0].at == Place(FILE, 1)


def test_a_missing_issue_says_how_to_compose_it(workspace: Path, settings: Settings) -> None:
    with pytest.raises(ContentError) as refused:
        load_issue(workspace, DAY, settings)
    assert "newsletter compose 2025-02-14" in refused.value.problems[0].hint


def test_the_newest_issue_is_the_latest_closing_date(workspace: Path) -> None:
    for name in ("2025-02-07", "2025-02-14", "2024-12-31", "2025-13-99", "notes", "2025-W07-5"):
        (workspace / "issues" / name).mkdir(parents=True)
    (workspace / "issues/2025-03-01").write_text("a file")
    assert newest_issue(workspace) == DAY


def test_without_an_issue_the_way_to_one_is_told(workspace: Path) -> None:
    with pytest.raises(ContentError) as refused:
        newest_issue(workspace)
    assert "newsletter import" in refused.value.problems[0].hint


@pytest.mark.parametrize("name", [b"\xed\xee\xe2.md", b"red\x1b[31m.md", b"two\nlines.md"])
def test_an_item_whose_file_name_is_no_line_of_text_stays_out_and_is_named(
    load: Load, folder: Path, name: bytes
) -> None:
    Path(os.fsdecode(bytes(folder / "items") + b"/" + name)).write_text("---\ntitle: d\nsection: top\n---\n")
    issue, problems = load("order: {top: [a]}")
    (said,) = [str(one) for one in problems if one.severity is Severity.ERROR]
    assert "the file's name" in said
    assert "Rename" in said
    assert said.replace("\n", "").isprintable()
    assert shown(issue) == {"top": ["a"]}


def test_two_items_never_share_an_address(load: Load, folder: Path) -> None:
    for name in ("a forum", "a-forum"):
        (folder / f"items/{name}.md").write_text("---\ntitle: d\nsection: top\n---\n")
    issue, problems = load("order: {top: [a forum, a-forum]}")
    (said,) = [str(one) for one in problems if one.severity is Severity.ERROR]
    assert "a-forum.md" in said
    assert "'a forum'" in said
    assert shown(issue) == {"top": ["a forum"]}
