"""Templates run in a sandbox, in one language, and fail with file and line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.errors import RenderError
from newsletter.render.templates import Templates
from newsletter.render.theme import open_theme

Render = Callable[..., str]


@pytest.fixture
def render(tmp_path: Path, themes: tuple[Path, ...]) -> Render:
    """Render `text` as the template `name` of a theme, with further files and values."""

    def rendered(text: str, name: str = "page.txt", language: str = "uk", **values: object) -> str:
        folder = tmp_path / "templates/own"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        (folder / "part.txt").write_text("one\n{{ nothing }}\n", encoding="utf-8")
        theme = open_theme("own", (tmp_path / "templates", *themes))
        return Templates(theme, language).render(name, values)

    return rendered


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ok\n{{ nothing }}", 2),
        ("ok\n\n{% if %}", 3),
        ("{{ 1 / 0 }}", 1),
        ("ok\n{% include 'absent.txt' %}", 2),
        ("{{ words|unheard_of }}", 1),
        ("\n{{ words|plain|fill('wide') }}", 2),
    ],
)
def test_a_fault_is_named_at_its_line(render: Render, text: str, line: int) -> None:
    with pytest.raises(RenderError) as caught:
        render(text, words="слово")
    assert str(caught.value.at) == f"templates/own/page.txt:{line}"
    assert caught.value.hint


def test_a_fault_in_an_included_file_is_named_there(render: Render) -> None:
    with pytest.raises(RenderError, match="'nothing' is undefined") as caught:
        render("{% include 'part.txt' %}")
    assert str(caught.value.at) == "templates/own/part.txt:2"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ words.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ '{0.__class__}'.format(words) }}",
        "{{ names.append(1) }}",
        "{{ _.__globals__ }}",
        "{% include '../../secret' %}",
        "{% for n in range(10000000) %}x{% endfor %}",
    ],
)
def test_a_template_cannot_leave_the_sandbox(render: Render, text: str) -> None:
    with pytest.raises(RenderError):
        render(text, words="слово", names=[])


def test_html_is_escaped_and_text_is_not(render: Render) -> None:
    assert render("{{ words }}", "page.mjml", words='<b>"&') == "&lt;b&gt;&#34;&amp;"
    assert render("{{ words }}", "page.txt", words='<b>"&') == '<b>"&'


def test_a_value_is_never_a_template(render: Render) -> None:
    assert render("{{ words }}", words="{{ 7 * 7 }} {% raw %}") == "{{ 7 * 7 }} {% raw %}"


def test_control_characters_are_left_out(render: Render) -> None:
    assert render("{{ words }}", words="a\x00\x07b\x85\ufffe\ud800c\n\td") == "abc\n\td"


def test_words_are_in_the_language_of_the_workspace(render: Render) -> None:
    assert render("{{ _('Unsubscribe') }}") == "Відписатися"
    assert render("{{ _('Unsubscribe') }}", language="en") == "Unsubscribe"
    assert render("{{ _('This letter was sent to %(address)s.', address='a@b.c') }}").endswith("на a@b.c.")


def test_values_in_translated_words_are_escaped_in_html(render: Render) -> None:
    text = "{{ _('This letter was sent to %(address)s.', address=words) }}"
    assert render(text, "page.mjml", words="<i>").endswith("&lt;i&gt;.")
