"""What can be read off the pages' files: contrast in both schemes, and the colours of the mail."""

import re
from itertools import product
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "templates/web/static"
CSS = (STATIC / "base.css").read_text(encoding="utf-8")


def colours(scheme: str) -> dict[str, str]:
    """Return the custom properties of a scheme."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", {"light": light, "dark": dark}[scheme]))


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(share * channel for share, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_edges_can_be_seen_on_every_ground(scheme: str) -> None:
    found = colours(scheme)
    grounds = [found[name] for name in ("ground", "paper", "tint")]
    for name, ground in product(("ink", "muted", "accent", "error", "warning"), grounds):
        assert contrast(found[name], ground) >= 4.5, name
    for ground in grounds[:2]:
        assert contrast(found["edge"], ground) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_the_colours_of_the_mail(scheme: str) -> None:
    theme = yaml.safe_load((ROOT / "templates/digest/theme.yaml").read_text(encoding="utf-8"))
    assert theme[scheme].items() <= colours(scheme).items()


def test_colours_are_named_in_one_place_only() -> None:
    every = "".join(path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.css")))
    rules = re.sub(r":root \{.*?\}", "", every, flags=re.DOTALL)
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", rules)) == {"#ffffff"}, "the paper of a letter is white"
