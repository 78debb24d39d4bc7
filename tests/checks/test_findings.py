"""All findings of an issue and its editions come together, once each and in the order of the files."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_
from hypothesis import strategies as st

from newsletter.checks.findings import findings, silenced
from newsletter.checks.lines import lines_under
from newsletter.checks.markup import markup
from newsletter.config import Settings
from newsletter.errors import Place, Problem, Severity
from newsletter.model import Block, Edition, Issue, Item, Silenced
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer

THEMES = Path(__file__).parents[2] / "templates"


@pytest.fixture
def issue(make_issue: Callable[..., Issue], make_item: Callable[..., Item], settings: Settings) -> Issue:
    top, social = settings.model_sections[0], settings.model_sections[2]
    return make_issue(
        blocks=(
            Block(section=top, items=(make_item(),)),
            Block(
                section=social,
                items=(
                    make_item(
                        id="02-flats", title="Житло", link="https://auc.org.ua/2", sections=("social",)
                    ),
                ),
            ),
        )
    )


@pytest.fixture
def editions(issue: Issue) -> list[Edition]:
    """Return the edition with both sections, and the one with what everybody gets."""
    made = Editions(issue)
    return [edition for choice in ("*", "staff") if (edition := made.of(frozenset({choice}), {}))]


@pytest.fixture
def renderer_of(settings: Settings, tmp_path: Path) -> Callable[[str], Renderer]:
    """Return a maker of renderers whose theme's text part ends with the given template."""

    def make(ending: str) -> Renderer:
        folder = tmp_path / settings.theme
        folder.mkdir()
        text = (THEMES / "digest/issue.txt").read_text(encoding="utf-8")
        (folder / "issue.txt").write_text(text + ending, encoding="utf-8")
        return Renderer(settings, [tmp_path, THEMES])

    return make


def test_a_good_issue_is_rendered_and_has_no_findings(
    issue: Issue, editions: list[Edition], settings: Settings
) -> None:
    rendered, problems = findings(issue, [], editions, Renderer(settings, [THEMES]), settings)
    assert [page.edition for page in rendered] == [edition.key for edition in editions]
    assert problems == []


def test_findings_come_in_the_order_of_files_and_lines_and_never_twice(
    make_issue: Callable[..., Issue], make_item: Callable[..., Item], settings: Settings
) -> None:
    item = make_item(link=None)
    late = Problem(severity=Severity.WARNING, text="late", at=Place(item.at.path, 9))
    early = Problem(severity=Severity.ERROR, text="early", at=Place("issues/2025-02-14/issue.yaml", 3))
    _, problems = findings(make_issue(item), [late, early, late], [], Renderer(settings, [THEMES]), settings)
    assert [problem.text for problem in problems] == ["early", "no link", "late"]


def test_a_fault_of_every_edition_is_told_once(
    issue: Issue, editions: list[Edition], settings: Settings, renderer_of: Callable[[str], Renderer]
) -> None:
    rendered, (problem,) = findings(
        issue, [], editions, renderer_of("\nhttps://auc.org.ua/only-here\n"), settings
    )
    assert len(rendered) == len(editions) == 2
    assert problem.text == "the HTML lacks a link of the text: https://auc.org.ua/only-here"


def test_a_fault_of_some_editions_names_one_of_them(
    issue: Issue, editions: list[Edition], settings: Settings, renderer_of: Callable[[str], Renderer]
) -> None:
    ending = "{% if count > 1 %}\nhttps://auc.org.ua/only-here\n{% endif %}"
    _, (problem,) = findings(issue, [], editions, renderer_of(ending), settings)
    assert problem.text.endswith("only-here (edition top, social)")


def test_an_edition_that_cannot_be_rendered_is_an_error_at_the_template_s_line(
    issue: Issue, editions: list[Edition], settings: Settings, renderer_of: Callable[[str], Renderer]
) -> None:
    renderer = renderer_of("{% if count > 1 %}{{ nosuch }}{% endif %}")
    rendered, (problem,) = findings(issue, [], editions, renderer, settings)
    assert [page.edition for page in rendered] == [editions[1].key]
    assert problem.severity == Severity.ERROR
    assert problem.at
    assert problem.at.path.endswith("digest/issue.txt")
    assert problem.at.path not in problem.text


_WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=90
).filter(str.strip)


@settings_(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=_WORDS, text=_WORDS, path=_WORDS)
def test_whatever_an_item_says_both_parts_of_the_shipped_theme_say_the_same(
    make_item: Callable[..., Item], settings: Settings, title: str, text: str, path: str
) -> None:
    item = make_item(title=title.strip(), text=text, link=f"https://auc.org.ua/{''.join(path.split())}")
    edition = Edition(key="0" * 16, blocks=(Block(section=settings.model_sections[0], items=(item,)),))
    issue = Issue(
        period=settings.period(date(2025, 2, 14)), subject="Громади", blocks=edition.blocks, at=item.at
    )
    assert markup(Renderer(settings, [THEMES]).render(issue, edition), edition) == []


def test_a_fault_is_found_at_its_line_of_the_workspace(
    issue: Issue, editions: list[Edition], settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / issue.at.path
    file.parent.mkdir(parents=True)
    file.write_text("order: {}\nsubject: 'Re: TODO'\n", encoding="utf-8")
    faulty = replace(issue, subject="Re: TODO")
    _, problems = findings(
        faulty, [], editions, Renderer(settings, [THEMES]), settings, locate=lines_under(tmp_path)
    )
    assert [problem.at for problem in problems] == [Place(issue.at.path, 2)] * 2


def test_an_item_silences_its_own_findings_by_their_text_and_faults_of_its_file_never(
    make_issue: Callable[..., Issue], make_item: Callable[..., Item]
) -> None:
    quiet = Silenced("no link", "Сторінки ще немає")
    item = make_item(silenced=(quiet,))
    mine, other = Problem.warning("no link", item.at), Problem.warning("no link", Place("other.md", 1))
    fault = Problem.error("no link", item.at)
    issue = make_issue(item)
    assert silenced(issue, [mine, other, fault], [fault]) == ([other, fault], [(mine, quiet.reason)])
