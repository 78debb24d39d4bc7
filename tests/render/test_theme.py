"""A theme is a folder that holds only what differs, and nothing is read from outside it."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from newsletter.config import Settings
from newsletter.errors import ConfigError, RenderError
from newsletter.model import Edition, Issue
from newsletter.render.renderer import Renderer
from newsletter.render.theme import open_theme

Make = Callable[..., tuple[Path, ...]]


@pytest.fixture
def make(tmp_path: Path, themes: tuple[Path, ...]) -> Make:
    """Make a workspace's theme `own` of the given files, before the shipped themes."""

    def made(**files: str) -> tuple[Path, ...]:
        folder = tmp_path / "templates/own"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
        return (tmp_path / "templates", *themes)

    return made


def look(themes: tuple[Path, ...]) -> str:
    return (themes[0] / "digest/theme.yaml").read_text(encoding="utf-8")


def test_colours_alone_make_a_theme(
    make: Make, themes: tuple[Path, ...], settings: Settings, digest: Issue, whole: Edition
) -> None:
    roots = make(theme_yaml=look(themes).replace("#0b4f9c", "#7a1f3d"))
    html = Renderer(settings.model_copy(update={"theme": "own"}), roots).render(digest, whole).html
    assert "#7a1f3d" in html
    assert "#0b4f9c" not in html


def test_a_workspace_may_change_one_file_of_the_shipped_theme(
    tmp_path: Path, themes: tuple[Path, ...], settings: Settings, digest: Issue, whole: Edition
) -> None:
    folder = tmp_path / "templates/digest"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("[АМУ]\n{{ subject }}\n", encoding="utf-8")
    rendered = Renderer(settings, (tmp_path / "templates", *themes)).render(digest, whole)
    assert rendered.subject == f"[АМУ] {digest.subject}"


def test_a_theme_nobody_has_is_a_configuration_error_that_names_those_there_are(
    themes: tuple[Path, ...],
) -> None:
    with pytest.raises(ConfigError, match="no theme 'nowhere'") as caught:
        open_theme("nowhere", themes)
    assert "digest" in caught.value.problems[0].hint


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("#f3f5f7", "grey"), 4, "ground"),
        (("warm:", "warmth:"), 10, "warmth"),
        (("fonts:", "fonts: ["), 3, "YAML"),
        (("'Segoe UI'", "url(x)"), 2, "fonts"),
    ],
)
def test_a_fault_in_the_look_is_named_at_its_line(
    make: Make, themes: tuple[Path, ...], change: tuple[str, str], line: int, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        open_theme("own", make(theme_yaml=look(themes).replace(*change, 1)))
    places = [(str(p.at), bool(p.hint)) for p in caught.value.problems if words in p.text]
    assert places == [(f"templates/own/theme.yaml:{line}", True)]


def test_a_file_that_is_not_utf_8_is_named(make: Make) -> None:
    roots = make()
    (roots[0] / "own/theme.yaml").write_bytes("кольори".encode("cp1251"))
    with pytest.raises(RenderError, match=r"templates/own/theme\.yaml"):
        open_theme("own", roots)


@pytest.mark.parametrize(
    "name", ["../secret.txt", "/etc/hostname", "x/../../secret.txt", "out.txt", "folder/secret.txt"]
)
def test_nothing_outside_the_theme_is_read(make: Make, tmp_path: Path, name: str) -> None:
    roots = make()
    (tmp_path / "templates/secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "templates/own/out.txt").symlink_to(tmp_path / "templates/secret.txt")
    (tmp_path / "templates/own/folder").symlink_to(tmp_path / "templates")
    assert open_theme("own", roots).read(name) is None


def test_a_theme_may_itself_be_a_link(tmp_path: Path, themes: tuple[Path, ...]) -> None:
    copytree(themes[0] / "digest", tmp_path / "elsewhere")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/own").symlink_to(tmp_path / "elsewhere")
    assert open_theme("own", (tmp_path / "templates",)).read("issue.mjml")
