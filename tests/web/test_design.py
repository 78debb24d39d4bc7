"""What can be read off the pages' files: every colour is the brand's."""

import re
from dataclasses import fields
from pathlib import Path

from newsletter.brand import Colours, palette
from newsletter.web.brand import style

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "templates/web/static"
EVERY = "".join(path.read_text(encoding="utf-8") for path in sorted(filter(Path.is_file, STATIC.rglob("*"))))


def test_the_pages_have_the_colours_of_the_mail_in_both_schemes() -> None:
    both = palette("#14532d")
    light, dark = re.findall(r":root \{(.*?)\}", style(both), re.DOTALL)
    for css, scheme in ((light, both.light), (dark, both.dark)):
        found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))
        assert found == {
            field.name.replace("_", "-"): getattr(scheme, field.name) for field in fields(Colours)
        }


def test_no_page_names_a_colour_that_is_not_the_brand_s() -> None:
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", EVERY, re.IGNORECASE)) == {"#ffffff"}, "a letter's paper"
    assert not re.search(r"\b(rgba?|hsla?|oklch)\(", EVERY)
    assert {name.replace("-", "_") for name in re.findall(r"var\(--([\w-]+)\)", EVERY)} <= {
        field.name for field in fields(Colours)
    }


def test_every_page_can_run_from_the_right() -> None:
    css = "".join(path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.css")))
    sides = (
        r"(?:margin|padding|border)-(?:left|right)\b|text-align: (?:left|right)|clear: (?:left|right)"
        r"|(?<![\w-])(?:left|right):|float: (?:left|right)(?!; float: inline)"
    )
    assert re.findall(sides, css) == []
    for four in re.findall(r"\b(?:margin|padding): ([^;\s]+(?: [^;\s]+){3});", css):
        _, right, _, left = four.split()
        assert right == left, four
