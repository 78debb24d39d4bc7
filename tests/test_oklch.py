"""Colours are mapped as a library of colours maps them, bit for bit."""

import pytest
from coloraide import Color
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.oklch import coordinates, hex_of

_COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(st.floats(-0.1, 1.1), st.floats(0, 0.4), st.floats(0, 360))
@settings(deadline=None, max_examples=200)
def test_a_colour_in_or_beyond_what_screens_show_is_the_library_s(
    light: float, chroma: float, hue: float
) -> None:
    theirs = Color("oklch", [light, chroma, hue]).convert("srgb").fit(method="oklch-chroma")
    assert hex_of(light, chroma, hue) == theirs.to_string(hex=True, fit=False)


@given(_COLOURS)
@settings(deadline=None, max_examples=200)
def test_a_colour_has_the_library_s_coordinates_and_comes_back_from_them(colour: str) -> None:
    found = coordinates(colour)
    light, chroma, hue = Color(colour).convert("oklch").coords(nans=False)
    assert found[:2] == pytest.approx((light, chroma), abs=1e-9)
    assert chroma * (found[2] - hue) == pytest.approx(0, abs=1e-7)
    assert hex_of(*found) == colour
