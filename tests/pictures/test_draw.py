"""Cards and icons: of the size that others ask for, in the brand's colours, whatever the words."""

from io import BytesIO

import pytest
from PIL import Image as Pixels

from newsletter.brand import palette
from newsletter.model import Image
from newsletter.pictures.draw import CARD, ICON, card, icon
from newsletter.services import open_workspace
from tests.sample import ROOT

GREEN = palette("#14532d").light


def opened(content: bytes) -> Pixels.Image:
    with Pixels.open(BytesIO(content)) as picture:
        assert picture.format == "PNG"
        return picture.convert("RGB")


def colour(picture: Pixels.Image, at: tuple[int, int]) -> str:
    red, green, blue = picture.getpixel(at)  # type: ignore[misc]  # of an RGB picture, three numbers
    return f"#{red:02x}{green:02x}{blue:02x}"


@pytest.fixture(scope="module")
def logo() -> Image:
    found = open_workspace(ROOT).logo
    assert found
    return found


def test_a_card_has_the_size_and_the_colours_that_it_should(logo: Image) -> None:
    content = card(GREEN, logo, "Асоціація", "Житло для переселенців", "8 – 14 лютого 2025")
    picture = opened(content)
    assert picture.size == CARD == (1200, 630)
    assert len(content) < 100_000
    assert colour(picture, (600, 40)) == GREEN.band
    assert colour(picture, (600, 625)) == GREEN.second
    assert colour(picture, (80, 124)) == "#ffffff", "the logo's tile"


@pytest.mark.parametrize("title", ["", "Ж", "Житло " * 60, "Ж" * 300])
def test_words_of_any_length_stay_inside_the_card(title: str) -> None:
    picture = opened(card(GREEN, None, "Дуже довга назва асоціації " * 9, title, "8 – 14 лютого"))
    edges = [(x, y) for x in (4, 1196) for y in range(0, 600, 4)] + [(x, 30) for x in range(0, 1200, 4)]
    assert {colour(picture, at) for at in edges if title != "Ж" * 300} <= {GREEN.band}


def test_the_icon_is_the_logo_on_white_or_a_mark_in_the_brand_s_colours(logo: Image) -> None:
    marked, own = opened(icon(GREEN, None)), opened(icon(GREEN, logo))
    assert marked.size == own.size == (ICON, ICON)
    assert (colour(marked, (5, 5)), colour(own, (5, 5))) == (GREEN.band, "#ffffff")
