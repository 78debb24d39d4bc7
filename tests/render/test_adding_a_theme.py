"""What docs/adding-a-theme.md tells to write is a theme, and has no findings."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.checks.markup import markup
from newsletter.config import Settings
from newsletter.model import Edition, Issue, ItemKind
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer
from newsletter.render.theme import open_theme

PAGE = (Path(__file__).parents[2] / "docs/adding-a-theme.md").read_text(encoding="utf-8")
FILES = ("theme.yaml", "blocks/brief.mjml", "blocks/brief.txt")


@pytest.fixture
def roots(tmp_path: Path, themes: tuple[Path, ...]) -> tuple[Path, ...]:
    """Write the files of the page into a folder, in their order."""
    told = PAGE.partition("## A theme in ten minutes")[2].partition("## Blocks")[0]
    commands, *contents = re.findall(r"^```\w*\n(.*?)^```$", told, re.MULTILINE | re.DOTALL)
    assert commands == "mkdir -p templates/gazette/blocks\n"
    folder = tmp_path / "templates/gazette"
    (folder / "blocks").mkdir(parents=True)
    for name, content in zip(FILES, contents, strict=True):
        assert f"`templates/gazette/{name}`" in told or f"`{Path(name).name}`" in told
        (folder / name).write_text(content, encoding="utf-8")
    return (tmp_path / "templates", *themes)


def test_the_theme_of_the_page_is_rendered_without_findings(
    roots: tuple[Path, ...], settings: Settings, digest: Issue, whole: Edition
) -> None:
    first, *rest = digest.blocks
    item = replace(first.items[0], kind=ItemKind.BRIEF, link="https://auc.org.ua/1")
    briefs = replace(first, items=(item, *first.items[1:]))
    issue = replace(digest, blocks=(briefs, *rest))
    edition = Editions(issue).whole()
    assert edition
    rendered = Renderer(settings.model_copy(update={"theme": "gazette"}), roots).render(issue, edition)
    assert markup(rendered, edition) == []
    assert rendered.html.count("→") == rendered.text.count("→") == 1
    assert "#f6f1e7" in rendered.html
    assert "Georgia" in rendered.html
    assert whole != edition


def test_every_value_that_the_page_lists_is_given(
    themes: tuple[Path, ...], settings: Settings, digest: Issue, whole: Edition
) -> None:
    listed = PAGE.partition("## Values")[2].partition("Besides")[0]
    names = {
        name
        for row in re.findall(r"^\| (`.*?) \|", listed, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    given = set(Renderer(settings, themes).values(digest, whole))
    everywhere = {"theme", "light", "dark", "language", "direction", "start", "end"}
    assert names == given | everywhere
    colours = re.findall(r"`(\w+)`", listed.partition("| `light`, `dark` |")[2].partition("\n")[0])
    assert set(colours) == set(open_theme("digest", themes).look.light)
