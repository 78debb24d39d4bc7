"""Each part of a message says every word of the other: none is missed, and no difference is made up."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given
from hypothesis import settings as run
from hypothesis import strategies as st

from newsletter.checks.markup import faults
from newsletter.compose.starter import make_workspace
from newsletter.config import Settings
from newsletter.errors import Problem
from newsletter.model import Block, Edition, Item, ItemKind, Rendered
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer
from newsletter.services import open_workspace
from tests import gallery, press
from tests.checks.test_constructs import CONSTRUCTS
from tests.gallery import THEMES
from tests.sample import sample

LANGUAGES = ("uk", "en")
NOW = datetime(2025, 2, 13, 12, tzinfo=UTC)
WORDS = "Субсидія становить 2 500 грн, її надають 1 204 родинам із 14 лютого; решту – згодом."


def differing(page: Rendered, edition: Edition) -> list[Problem]:
    """Return the findings on words that only one part has."""
    return [problem for problem in faults(page, edition) if problem.code == "words-differ"]


def of_workspace(root: Path) -> list[Problem]:
    """Return these findings of the newest issue of a workspace, in each of its editions."""
    workspace = open_workspace(root)
    try:
        proof = workspace.proof(workspace.closing(None))
        shown = proof.editions.whole()
        assert shown
        return differing(workspace.renderer.render(proof.issue, shown), shown)
    finally:
        workspace.database.dispose()


@pytest.mark.parametrize("theme", THEMES)
def test_all_that_a_theme_can_show_is_in_both_of_its_parts(theme: str, tmp_path: Path) -> None:
    gallery.write(tmp_path, theme, {"alt": "Знак, якого немає в тексті", "logo": "logo.png"})
    (tmp_path / "logo.png").write_bytes((gallery.ROOT / "logo.png").read_bytes())
    assert of_workspace(tmp_path) == []


def test_the_sample_says_the_same_in_both_parts() -> None:
    with sample() as workspace:
        assert of_workspace(workspace.root) == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_workspace_says_the_same_in_both_parts(language: str, theme: str, tmp_path: Path) -> None:
    root = tmp_path / "new"
    make_workspace(root, language, NOW)
    path = root / "newsletter.yaml"
    path.write_text(re.sub(r"(?m)^theme:.*\n", "", path.read_text()) + f"\ntheme: {theme}\n")
    assert of_workspace(root) == []


def rendered(renderer: Renderer, *items: Item) -> tuple[Rendered, Edition]:
    """Return an edition of these items."""
    issue = press.issue(press.CLOSING, list(items))
    edition = Editions(issue).whole()
    assert edition
    return renderer.render(issue, edition), edition


@pytest.fixture(scope="module", params=THEMES)
def renderer(request: pytest.FixtureRequest, settings: Settings) -> Renderer:
    return Renderer(settings.model_copy(update={"theme": request.param}), (gallery.TEMPLATES,))


odd_text = st.lists(
    st.one_of(
        st.sampled_from([mark.replace("QQ", "слово") for mark, _ in CONSTRUCTS.values()]),
        st.sampled_from(
            ["\n", "\n\n", " ", ": ", " · ", "1. ", "- ", "> ", "| а | б |\n|---|---|\n| 1 | 2 |"]
        ),
        st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12),
    ),
    max_size=12,
).map("".join)


@run(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@example(text="[слово](https://auc.org.ua/a)" * 2, title="x", kind=ItemKind.NEWS)
@given(text=odd_text, title=odd_text, kind=st.sampled_from([ItemKind.NEWS, ItemKind.BRIEF, ItemKind.PARTNER]))
def test_what_an_item_says_oddly_it_says_in_both_parts(
    renderer: Renderer, text: str, title: str, kind: ItemKind
) -> None:
    odd = replace(press.item("odd", text), title=" ".join(title.split()) or "x", kind=kind)
    page, edition = rendered(renderer, odd, press.item("good", WORDS))
    assert differing(page, edition) == []


@run(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_each_word_and_number_that_one_part_loses_is_found_with_its_item(
    settings: Settings, make_item: Callable[..., Item], data: st.DataObject
) -> None:
    item = make_item(title="Новий порядок", text=WORDS)
    edition = Edition(key="0" * 16, blocks=(Block(section=settings.model_sections[0], items=(item,)),))
    found = list(re.finditer(r"\w+", WORDS))
    lost = data.draw(st.sampled_from(found))
    less = WORDS[: lost.start()] + data.draw(st.sampled_from(["", "7"])) + WORDS[lost.end() :]
    assume(lost[0] not in less)
    html, text = data.draw(st.permutations([WORDS, less]))
    parts = Rendered(edition="0" * 16, subject="", html=f"<p>{html}</p>", text=text, sha256="")
    problems = differing(parts, edition)
    assert problems
    assert item.at in {problem.at for problem in problems}
    assert any(lost[0] in problem.text for problem in problems)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<div style="display:none">Лише в рядку скриньки</div><p>Громади</p>', "Громади"),
        ("<p>Громади <b>ра</b>зом</p><hr>", "-----\nГромади разом\n====="),
        ("<p>Гро\u00adмади\u00a0разом</p>", "Громади\nразом"),
        ("<ol start=2><li>Один</li><li><p>Два</p></li></ol>", "2. Один\n3. Два"),
        ('<p>Громади · <a href="https://a.ua">Більше</a></p>', "Громади\n\nБільше:\nhttps://a.ua"),
        ('<p><a href="mailto:a@auc.org.ua">Лист</a></p>', "Лист\nmailto:a@auc.org.ua"),
        ('<img alt="Знак теми" src="data:,"><p>Громади</p>', "Громади"),
        ("<!--[if mso]><p>Для Outlook</p><![endif]--><p>Громади</p>", "Громади"),
    ],
)
def test_what_only_adorns_or_is_hidden_is_no_difference(html: str, text: str) -> None:
    parts = Rendered(edition="0" * 16, subject="", html=html, text=text, sha256="")
    assert differing(parts, Edition(key="0" * 16, blocks=())) == []


@pytest.mark.parametrize(
    ("html", "text", "words"),
    [
        ("<p>Разом 150 млн євро</p>", "Разом 250 млн євро", ["Разом 150 млн", "Разом 250 млн"]),
        ("<p>Не сплачувати 20 %</p>", "Не сплачувати 20", ["20 %"]),
        ("<p>Подати заяву</p>", "Заяву подати", ["Подати заяву", "Заяву подати"]),
        ("<ol><li>Один</li></ol>", "Один", ["1. Один"]),
        ("<p>Громади</p>", "Громади\nПрограму закриють", ["Програму закриють"]),
    ],
)
def test_words_of_one_part_are_quoted(html: str, text: str, words: list[str]) -> None:
    parts = Rendered(edition="0" * 16, subject="", html=html, text=text, sha256="")
    found = differing(parts, Edition(key="0" * 16, blocks=()))
    assert [problem.text.partition(": ")[2] for problem in found] == [repr(one) for one in words]
