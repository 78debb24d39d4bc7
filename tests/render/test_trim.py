"""A trimmed item is shown in mail by its first paragraph, and leads to its full text in the archive."""

from dataclasses import replace

import pytest

from newsletter.model import Block, Has, Issue
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer
from newsletter.render.shown import beginning
from tests.sending import house

LONG = "Громади **зустрілися** в Києві.\nІ говорили.\n\n- автобуси\n- укриття\n\nДалі буде."


def shown(renderer: Renderer, issue: Issue, **changes: object) -> tuple[str, str, str]:
    """Return both parts of an edition whose first item has these values, and its key."""
    first = issue.blocks[0]
    item = replace(first.items[0], text=LONG, **changes)  # type: ignore[arg-type]  # any field
    blocks = (Block(section=first.section, items=(item, *first.items[1:])), *issue.blocks[1:])
    changed = replace(issue, blocks=blocks)
    whole = Editions(changed).whole()
    assert whole
    page = renderer.render(changed, replace(whole, blocks=blocks))
    return page.html.replace("\u00a0", " "), page.text, whole.key


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (LONG, "Громади **зустрілися** в Києві.\nІ говорили."),
        ("- автобуси\n- укриття\n\nДалі.", "- автобуси\n- укриття"),
        ("Одне.", "Одне."),
        ("\n\nОдне.\n", "Одне."),
        ("", ""),
    ],
)
def test_what_is_shown_of_a_text_is_its_first_paragraph(text: str, first: str) -> None:
    assert beginning(text) == first


def test_a_trimmed_item_leads_to_its_full_text_in_both_parts(renderer: Renderer) -> None:
    issue = house.issue()
    html, text, key = shown(renderer, issue, trim=True)
    address = f"/issues/{issue.name}#{issue.blocks[0].items[0].id}"
    for part in (html, text):
        assert "І говорили." in part
        assert "укриття" not in part
        assert address in part
    assert ">Повний текст в архіві</a>" in html
    whole_html, _, whole_key = shown(renderer, issue)
    assert "укриття" in whole_html
    assert key != whole_key


def test_what_has_no_more_or_no_page_in_the_archive_stays_whole(renderer: Renderer) -> None:
    issue = house.issue()
    some = Has("section", frozenset({"social"}))
    assert "укриття" in shown(renderer, issue, trim=True, only_for=some)[0]
    first = issue.blocks[0].items[0]
    one = replace(issue, blocks=(Block(section=issue.blocks[0].section, items=(replace(first, trim=True),)),))
    edition = Editions(one).whole()
    assert edition
    assert "Повний текст" not in renderer.render(one, edition).html.replace("\u00a0", " ")
