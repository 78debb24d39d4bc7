"""Slots: marks in a page where a reader's own values go."""

from newsletter.slots import fill_html, fill_text, slot, split


def test_values_stand_where_the_slots_were_also_side_by_side() -> None:
    text = f"{slot('EMAIL')}{slot('VIEW')}, {slot('EMAIL')}"
    assert split(text) == ["", "EMAIL", "", "VIEW", ", ", "EMAIL", ""]
    assert fill_text(text, {"EMAIL": "a@b", "VIEW": "<v>"}) == "a@b<v>, a@b"
    assert fill_html(text, {"EMAIL": "a@b", "VIEW": "<v>"}) == "a@b&lt;v&gt;, a@b"
