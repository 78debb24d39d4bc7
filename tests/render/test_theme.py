"""A theme is a folder that holds only what differs, and nothing is read from outside it."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from newsletter.checks.markup import markup
from newsletter.config import Settings
from newsletter.errors import ConfigError, RenderError
from newsletter.model import Edition, Issue
from newsletter.render.renderer import Renderer
from newsletter.render.theme import open_theme

Make = Callable[..., tuple[Path, ...]]
WHOLE = {
    "theme_yaml": """
fonts: Arial, sans-serif
light: {ground: "#f3f5f7", paper: "#ffffff", ink: "#1c2733", warm: "#445566"}
dark: {ground: "#14181d", paper: "#1b2027", ink: "#e6e9ed", warm: "#c79a1c"}
""",
    "style_css": "h2 { color: {{ theme.light.warm }}; }",
    "issue_mjml": """
{% set light = theme.light %}
<mjml lang="{{ language }}" dir="ltr">
  <mj-head><mj-title>{{ subject|label }}</mj-title></mj-head>
  <mj-body background-color="{{ light.ground }}"><mj-section><mj-column>
    <mj-text><h1>{{ title }}</h1></mj-text>
    {% for block in blocks %}
    <mj-text><h2><a name="{{ block.section.slug }}"></a>{{ block.section.title }}</h2>
      {% for item in block.items %}
      <h3>{{ item.title }}</h3>{{ item.text|markdown }}
      {% endfor %}
    </mj-text>
    {% endfor %}
    <mj-text><a href="{{ preferences }}">1</a> <a href="{{ view }}">2</a></mj-text>
    <mj-text><a href="{{ unsubscribe }}">3</a></mj-text>
  </mj-column></mj-section></mj-body>
</mjml>
""",
    "issue_txt": """
{{ title|fill }}
{% for block in blocks %}
{{ block.section.title|fill }}
{% for item in block.items %}
{{ item.title|fill }}
{{ item.text|plain }}
{% endfor %}
{% endfor %}
1: {{ preferences }}
2: {{ view }}
3: {{ unsubscribe }}
""",
}
"""Files as a theme had them before there were blocks."""


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


def test_a_theme_s_own_colours_and_values_come_before_the_brand_s_and_the_shipped_ones(
    make: Make, settings: Settings, digest: Issue, whole: Edition
) -> None:
    roots = make(theme_yaml='corner: 11\nlight: {accent: "#7a1f3d", warm: "#ffeeaa"}\n')
    theme = open_theme("own", roots, settings.brand.palette).look
    assert (theme.light.accent, theme.light.band, theme.light.warm) == ("#7a1f3d", "#0b4f9c", "#ffeeaa")
    assert (theme.corner, theme.fonts) == (11, open_theme("digest", roots).look.fonts)
    html = Renderer(settings.model_copy(update={"theme": "own"}), roots).render(digest, whole).html
    assert "#7a1f3d" in html


def test_the_brand_s_colours_are_the_theme_s(
    settings: Settings, themes: tuple[Path, ...], digest: Issue, whole: Edition
) -> None:
    brand = settings.brand.model_copy(update={"colour": "#7a1f3d", "second": "#2b6e4f"})
    html = Renderer(settings.model_copy(update={"brand": brand}), themes).render(digest, whole).html
    assert "#7a1f3d" in html
    assert "#2b6e4f" in html
    assert "#0b4f9c" not in html


def test_a_theme_of_whole_files_needs_no_blocks(
    make: Make, settings: Settings, digest: Issue, whole: Edition
) -> None:
    own = settings.model_copy(update={"theme": "own"})
    rendered = Renderer(own, make(**WHOLE)).render(digest, whole)
    assert markup(rendered, whole) == []
    assert "#445566" in rendered.html
    assert "blocks" not in rendered.html


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
    ("look", "line", "words"),
    [
        ("about: Own\nlight:\n  ground: grey", 3, "ground"),
        ("about: Own\nlight:\n  acent: '#000000'", 3, "no colour 'acent'"),
        ("about: Own\nfonts: [", 2, "YAML"),
        ("about: Own\nfonts: url(x)", 2, "fonts"),
        ("corner: [1, 2]", 1, "corner"),
        ("light:\n  ink: '#cccccc'", 2, "ink on paper has a contrast of 1.6"),
        ("dark:\n  paper: '#777777'", 2, "ink on paper"),
    ],
)
def test_a_fault_in_the_look_is_named_at_its_line(make: Make, look: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_theme("own", make(theme_yaml=look))
    places = {(str(p.at), bool(p.hint)) for p in caught.value.problems if words in p.text}
    assert places == {(f"templates/own/theme.yaml:{line}", True)}


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
