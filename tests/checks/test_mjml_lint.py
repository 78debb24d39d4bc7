"""A theme's MJML is checked as npm's MJML does, in every branch, and each fault has the line of its file."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from newsletter.checks.mjml_lint import lint, of_theme
from newsletter.errors import Place, Severity

ROOT = Path(__file__).parents[2]
IN_COLUMN = "<mjml><mj-body><mj-section><mj-column>\n@\n</mj-column></mj-section></mj-body></mjml>"
IN_BODY = "<mjml><mj-body>\n@\n</mj-body></mjml>"

ERRORS = {
    "<mj-txt>a</mj-txt>": "MJML has no tag <mj-txt>",
    '<mj-include path="a.mjml" />': "MJML has no tag <mj-include>",
    "<p>a</p>": "<p> is HTML, which <mj-column> does not hold",
    "<mj-section></mj-section>": "<mj-section> cannot stand in <mj-column>",
    "<mj-column></mj-column>": "<mj-column> cannot stand in <mj-column>",
    "<mj-text><b>a</b><mj-button>b</mj-button></mj-text>": (
        "<mj-button> stands in <mj-text>, which holds only HTML"
    ),
}
WARNINGS = {
    '<mj-text paddding="1px">a</mj-text>': "<mj-text> has no attribute paddding, so it is dropped",
    '<mj-text style="color:red">a</mj-text>': "<mj-text> has no attribute style, so it is dropped",
    '<mj-text align="middle">a</mj-text>': "align of <mj-text> cannot be 'middle'",
    '<mj-text padding="1 2px">a</mj-text>': "padding of <mj-text> cannot be '1 2px'",
    '<mj-text font-size="1em">a</mj-text>': "font-size of <mj-text> cannot be '1em'",
    '<mj-text color="#12345">a</mj-text>': "color of <mj-text> cannot be '#12345'",
    '<mj-image width="wide" src="a" />': "width of <mj-image> cannot be 'wide'",
    '<mj-text font-size="{{ size }}em">a</mj-text>': "font-size of <mj-text> cannot be '…em'",
}
FINE = (
    '<mj-text padding="{{ 12 if a else 18 }}px 32px 0" color="{{ light.ink }}" align="{{ to }}">a</mj-text>',
    '<mj-text color="Navy" line-height="1.5" letter-spacing="-1px" css-class="a">a</mj-text>',
    "<mj-raw><tr><td>a</td></tr></mj-raw>",
    "{# <mj-txt> #}<!-- <mj-txt> -->{% set a = '<mj-txt>' %}<mj-spacer />",
    "{% if a %}<mj-text>{% else %}<mj-text color='red'>{% endif %}a</mj-text><mj-spacer />",
    "{% when a %}<mj-text><ul>{% endwhen %}<li>b</li>{% when c %}</ul></mj-text>{% endwhen %}<mj-spacer />",
    "{% macro words() %}<mj-section></mj-section>{% endmacro %}<mj-spacer />",
)


def found(files: Mapping[str, str]) -> list[tuple[str, str, Severity]]:
    def read(name: str) -> tuple[str, Place] | None:
        return (files[name], Place(f"t/{name}")) if name in files else None

    return [(str(one.at), one.text, one.severity) for one in lint(read, files, "issue.mjml")]


@pytest.mark.parametrize("source", ERRORS)
def test_what_would_be_shown_wrongly_is_an_error_at_its_line(source: str) -> None:
    expected = [("t/issue.mjml:2", ERRORS[source], Severity.ERROR)]
    assert found({"issue.mjml": IN_COLUMN.replace("@", source)}) == expected


@pytest.mark.parametrize("source", WARNINGS)
def test_what_is_dropped_or_guessed_is_a_warning_at_its_line(source: str) -> None:
    expected = [("t/issue.mjml:2", WARNINGS[source], Severity.WARNING)]
    assert found({"issue.mjml": IN_COLUMN.replace("@", source)}) == expected


@pytest.mark.parametrize("source", FINE)
def test_what_mjml_has_and_what_jinja_makes_of_it_is_fine(source: str) -> None:
    assert found({"issue.mjml": IN_COLUMN.replace("@", source)}) == []


def test_a_fault_of_a_block_is_told_at_the_line_of_the_block_in_whatever_tag_it_is_included() -> None:
    block = '\n{% if item.lead %}\n<mj-text\n  colour="red">a</mj-text>\n{% endif %}'
    files = {
        "issue.mjml": IN_COLUMN.replace("@", '{% include "blocks/" ~ item.kind ~ ".mjml" %}'),
        "blocks/news.mjml": block,
        "blocks/nobody.txt": "<mj-txt>",
    }
    assert [place for place, _, _ in found(files)] == ["t/blocks/news.mjml:4"]
    files["issue.mjml"] = IN_BODY.replace("@", '{% include "blocks/news.mjml" %}')
    assert [place for place, _, _ in found(files)] == ["t/blocks/news.mjml:3", "t/blocks/news.mjml:4"]


def test_a_hint_names_the_tag_or_attribute_that_was_meant() -> None:
    source = IN_COLUMN.replace("@", '<mj-text paddding="1px">a</mj-text><mj-txt />')
    hints = [one.hint for one in lint(lambda _: (source, Place("a")), [], "issue.mjml")]
    assert hints == ["Did you mean 'padding'?", "Did you mean 'mj-text'?"]


@pytest.mark.parametrize("theme", ["digest", "plain", "civic"])
def test_the_themes_of_the_program_and_its_letters_are_clean(theme: str) -> None:
    assert of_theme(theme, [ROOT / "templates"]) == []
