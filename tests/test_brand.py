"""From one or two colours follow all others, and text can be read on each, in both schemes."""

from dataclasses import astuple, fields
from itertools import product

import pytest
from coloraide import Color
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.brand import (
    GROUNDS,
    READABLE,
    SEEN,
    TEXT_PAIRS,
    Colours,
    contrast,
    nearest_readable,
    palette,
    readable,
    seen_on,
)

HEX = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
BRANDS = [("#0b4f9c", "#f2c335"), ("#14532d", ""), ("#ffe58a", ""), ("#000000", "#ffffff"), ("", "")]


def lowest(colours: Colours) -> float:
    """Return the least contrast of text, by a library that is not ours."""
    return min(
        Color(getattr(colours, text)).contrast(getattr(colours, ground), method="wcag21")
        for text, ground in TEXT_PAIRS
    )


@pytest.mark.parametrize(("colour", "second"), BRANDS)
def test_text_of_every_pair_can_be_read_in_both_schemes(colour: str, second: str) -> None:
    both = palette(colour, second)
    assert lowest(both.light) >= READABLE
    assert lowest(both.dark) >= READABLE


@given(HEX, HEX | st.just(""))
@settings(deadline=None, max_examples=60)
def test_text_can_be_read_whatever_the_brand(colour: str, second: str) -> None:
    both = palette(colour, second)
    for scheme, (text, ground) in product((both.light, both.dark), TEXT_PAIRS):
        assert contrast(getattr(scheme, text), getattr(scheme, ground)) >= READABLE


@given(st.integers(105, 135), st.integers(-12, 12), st.integers(-12, 12))
@settings(deadline=None, max_examples=60)
def test_what_is_suggested_for_a_refused_colour_is_accepted_and_looks_like_it(
    grey: int, red: int, blue: int
) -> None:
    colour = f"#{grey + red:02x}{grey:02x}{grey + blue:02x}"
    nearest = nearest_readable(colour)
    assert readable(nearest)
    assert (nearest == colour) == readable(colour)
    assert Color(colour).delta_e(nearest, method="2000") < 5


@pytest.mark.parametrize(("colour", "second"), BRANDS)
def test_the_edge_of_a_field_is_seen_on_every_ground(colour: str, second: str) -> None:
    both = palette(colour, second)
    for scheme, ground in product((both.light, both.dark), GROUNDS):
        assert contrast(scheme.edge, getattr(scheme, ground)) >= SEEN


@given(HEX, st.sampled_from(["#ffffff", "#1b2027", "#000000"]))
@settings(deadline=None, max_examples=60)
def test_a_line_of_any_colour_is_seen_on_any_paper_and_stays_as_it_is_where_it_already_was(
    colour: str, paper: str
) -> None:
    found = seen_on(colour, paper)
    assert contrast(found, paper) >= SEEN
    assert (found == colour) == (contrast(colour, paper) >= SEEN)


def test_the_brand_s_own_colours_are_used_as_they_are() -> None:
    light = palette("#0b4f9c", "#f2c335").light
    assert (light.band, light.accent, light.button, light.second) == ("#0b4f9c",) * 3 + ("#f2c335",)
    assert light.paper == "#ffffff"


def test_a_pale_brand_has_dark_text_on_its_band_and_darker_links() -> None:
    light = palette("#ffe58a").light
    assert light.band == "#ffe58a"
    assert contrast(light.on_band, light.band) > 10
    assert light.accent not in {light.band, light.ink}
    assert (light.button, light.on_button) == (light.ink, "#ffe58a")


def test_the_dark_scheme_has_dark_grounds_and_the_brand_s_hue() -> None:
    both = palette("#14532d")
    assert contrast(both.dark.paper, "#000000") < 1.5
    hues = [Color(colour).convert("oklch")["hue"] for colour in (both.light.band, both.dark.accent)]
    assert hues[0] == pytest.approx(hues[1], abs=4)


@pytest.mark.parametrize(("colour", "second"), BRANDS)
def test_colours_are_written_in_six_digits_which_classic_outlook_needs(colour: str, second: str) -> None:
    both = palette(colour, second)
    assert len(fields(Colours)) == 18
    for one in (*astuple(both.light), *astuple(both.dark)):
        assert len(one) == 7
        assert int(one[1:], 16) >= 0


def test_a_thin_line_is_seen_beside_the_band_without_a_second_colour() -> None:
    both = palette("#14532d")
    assert contrast(both.light.band, both.light.second) > 1.5
    assert contrast(both.dark.band, both.dark.second) > 1.5
