"""What a page uses of HTML and CSS, and which mail programs know it."""

from newsletter.checks.clients import Knows, tables, unknown, used


def test_elements_attributes_and_styles_are_counted_by_feature() -> None:
    style = "@media (prefers-color-scheme: dark) { td > p { color: red !important } }"
    words = '<p style="display: flex; width: 50%">a</p><p style="mso-line-height: 1">b</p>'
    counts, elements = used(f"<html><head><style>{style}</style></head><body>{words}</body></html>")
    assert elements == 6
    assert counts["html-style"] == counts["css-display-flex"] == counts["css-unit-percent"] == 1
    assert counts["css-at-media-prefers-color-scheme"] == counts["css-selector-child"] == 1
    assert counts["css-important"] == 1


def test_what_a_program_does_not_know_is_listed_rarest_first() -> None:
    found = unknown('<html><body><p style="display: grid; text-align: left">a</p></body></html>')
    slugs = [feature.slug for feature, _ in found]
    lacking = [len(feature.programs(Knows.NOTHING)) for feature, _ in found]
    assert "css-display-grid" in slugs
    assert lacking == sorted(lacking, reverse=True)


def test_the_tables_are_dated_and_name_the_programs_that_readers_have() -> None:
    assert tables().date >= "2025-09-09"
    programs = tables().features["css-display"].known
    assert {"Gmail, Android", "Outlook, Windows", "Apple Mail, iOS"} <= programs.keys()
