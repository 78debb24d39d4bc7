"""Changing keys of item files and the order of issue.yaml: what nobody changed stays byte for byte."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from newsletter.compose.edit import GONE, edit_item, edit_yaml
from newsletter.compose.item import split_item
from newsletter.compose.reorder import reorder
from newsletter.errors import ContentError
from newsletter.yamlfile import load

ITEM = (
    "---\r\ntitle: Субсидія  # на оренду\r\nodd: [1,  2]\r\n# where it is\r\nlink:\r\n---\r\n\r\nТекст.\r\n"
)
ISSUE = """\
# The issue.
subject: "Так"  # short
order:
  # first what matters
  top:
    - one  # the lead
    # waits for a link
    - two
  social: [three, four]
  # nothing yet
  staff:

# said at the end
closing: {text: Дякуємо}
"""


def test_a_changed_key_leaves_every_other_byte_alone() -> None:
    assert edit_item(ITEM, "a.md", {}) == ITEM
    assert edit_item(ITEM, "a.md", {"link": "https://a.example"}, "Текст.") == ITEM.replace(
        "link:", "link: https://a.example"
    ).replace("[1,  2]", "[1, 2]")
    assert edit_item(ITEM, "a.md", {}, "Інше\nслово") == ITEM.replace("Текст.", "Інше\r\nслово")


@pytest.mark.parametrize(
    "words", ["так: ні", "yes", "12:30", "# знак", "2025-02-14", "- раз", "'", '"a" b', "null"]
)
def test_any_words_are_read_back_as_they_were_typed(words: str) -> None:
    text = edit_item("", "a.md", {"title": words, "picture": {"file": words, "alt": words}}, "Текст")
    data = load(split_item(text)[0] or "", "a.md").data
    assert data == {"title": words, "picture": {"file": words, "alt": words}}
    assert split_item(text)[1] == "Текст"


def test_a_key_is_removed_and_broken_front_matter_is_refused_with_its_line() -> None:
    assert "odd" not in edit_item(ITEM, "a.md", {"odd": GONE})
    with pytest.raises(ContentError, match=r"a\.md:3: not readable as YAML"):
        edit_item("---\ntitle: a\nlink: [\n---\n", "a.md", {"title": "b"})


def test_items_move_with_the_comments_above_them() -> None:
    moved = reorder(ISSUE, "issue.yaml", {"top": ["two"], "social": ["three"], "staff": ["four", "one"]})
    assert load(moved, "issue.yaml").data["order"] == {
        "top": ["two"],
        "social": ["three"],
        "staff": ["four", "one"],
    }
    assert moved.startswith('# The issue.\nsubject: "Так"  # short\norder:\n')
    assert moved.endswith("\n# said at the end\nclosing: {text: Дякуємо}\n")


def test_lists_in_brackets_and_a_file_without_an_order_are_understood() -> None:
    order = {"top": ["one"], "a: b": ["x y", "- z"]}
    for text in ("", "subject: x", "order: {top: [one]}\n", "order:\n", "order:\n  top: []\nsubject: x\n"):
        assert load(reorder(text, "issue.yaml", order), "issue.yaml").data["order"] == order


@settings(max_examples=30)
@given(st.data())
def test_any_order_is_read_back_and_no_comment_of_an_order_in_lines_is_lost(data: st.DataObject) -> None:
    names = data.draw(st.permutations([f"item-{number}" for number in range(8)]))
    lines, order = ["subject: x", "order:"], {}
    for slug, some in (("top", names[:3]), ("social", names[3:5]), ("staff", names[5:])):
        order[slug] = list(some)
        lines += [*data.draw(st.sampled_from([[], ["  # about " + slug]])), f"  {slug}:"]
        for name in some:
            lines += data.draw(st.sampled_from([[], ["    # above " + name], ["", "    # above " + name]]))
            lines.append(f"    - {name}{data.draw(st.sampled_from(['', '  # beside ' + name]))}")
    lines += ["# the end", "intro: ''", ""]
    text = "\n".join(lines)
    name = data.draw(st.sampled_from(names))
    fresh = {slug: [one for one in some if one != name] for slug, some in order.items()}
    target = fresh[data.draw(st.sampled_from(sorted(fresh)))]
    target.insert(data.draw(st.integers(0, len(target))), name)
    moved = reorder(text, "issue.yaml", fresh)
    read = load(moved, "issue.yaml").data["order"]
    assert {slug: some or [] for slug, some in read.items()} == fresh
    assert sorted(moved.split("\n")) == sorted(lines)


def test_words_of_several_lines_are_written_as_a_block() -> None:
    text = edit_yaml("# kept\nintro: ''\n", "issue.yaml", {"intro": "Раз.\n\nДва: три"})
    assert load(text, "issue.yaml").data == {"intro": "Раз.\n\nДва: три"}
    assert text.startswith("# kept\n")
