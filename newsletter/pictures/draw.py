"""Draw the pictures that stand for the digest elsewhere: the card of a shared link, and the site's icon."""

from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from typing import NamedTuple

from fontpkg_noto_sans import ROOT
from PIL import Image as Pixels
from PIL import ImageDraw, ImageFont

from newsletter.brand import Colours
from newsletter.model import Image

CARD = (1200, 630)
"""The size that Facebook, Telegram and others show whole (Open Graph)."""
ICON = 512
"""Pixels; JSON Feed 1.1 asks for that."""

_FONT = str(ROOT / "files/NotoSans[wdth,wght].ttf")
_BOLD, _REGULAR = 700, 400
_EDGE = 72
_TILE = 104
_TITLE, _NAME = (68, 62, 56, 50, 44, 38), (38, 34, 30, 26)
"""Sizes of type, the largest that fits is taken."""
_LEADING = 1.24
"""Distance of lines, as a multiple of the size; the font's own is 1.36."""
_SMOOTH = 4
"""How many times larger a shape is drawn before it is scaled, so that its edges are smooth."""


def card(colours: Colours, logo: Image | None, publisher: str, title: str, dates: str) -> bytes:
    """Return a card as PNG: logo and publisher, the title in at most four lines, and the dates."""
    width, height = CARD
    picture = Pixels.new("RGB", CARD, colours.band)
    draw = ImageDraw.Draw(picture)
    left = _EDGE
    if logo:
        left += _tile(picture, logo, (_EDGE, _EDGE)) + 28
    top, bottom = _EDGE + _TILE, height - 116
    name = _fitted(publisher, _NAME, width - left - _EDGE, _TILE)
    _write(draw, name, (left, _EDGE + (_TILE - name.height) // 2), colours.on_band)
    words = _fitted(title, _TITLE, width - 2 * _EDGE, bottom - top - 28)
    _write(draw, words, (_EDGE, bottom - words.height), colours.on_band)
    draw.text((_EDGE, height - 56), dates, colours.on_band, _font(34, _REGULAR), "ld")
    draw.rectangle((0, height - 20, width, height), colours.second)
    return _png(picture)


def icon(colours: Colours, logo: Image | None) -> bytes:
    """Return the site's icon as PNG: the logo on white, else lines of text on the brand's colour."""
    if logo:
        picture = Pixels.new("RGB", (ICON, ICON), "#ffffff")
        _paste(picture, logo, (0, 0, ICON, ICON), 64)
        return _png(picture)
    large = Pixels.new("RGB", (ICON, ICON), colours.band)
    draw = ImageDraw.Draw(large)
    draw.rectangle((112, 112, 400, 176), colours.second)
    draw.rectangle((112, 244, 400, 284), colours.on_band)
    draw.rectangle((112, 340, 288, 380), colours.on_band)
    return _png(large)


def _tile(picture: Pixels.Image, logo: Image, at: tuple[int, int]) -> int:
    """Draw the logo on a white tile, up to three times as wide as high; return the tile's width."""
    width = round(min(3.0, max(1.0, logo.width / logo.height)) * _TILE)
    x, y = at
    mask = Pixels.new("L", (width * _SMOOTH, _TILE * _SMOOTH), 0)
    corners = (0, 0, width * _SMOOTH - 1, _TILE * _SMOOTH - 1)
    ImageDraw.Draw(mask).rounded_rectangle(corners, 20 * _SMOOTH, 255)
    mask = mask.resize((width, _TILE), Pixels.Resampling.LANCZOS)
    picture.paste("#ffffff", (x, y), mask)
    _paste(picture, logo, (x, y, width, _TILE), 14)
    return width


def _paste(picture: Pixels.Image, logo: Image, box: tuple[int, int, int, int], edge: int) -> None:
    """Draw the logo into the middle of `box` (left, top, width, height), inside its `edge`."""
    left, top, width, height = box
    with Pixels.open(BytesIO(logo.content)) as opened:
        drawn = opened.convert("RGB")
    factor = min((width - 2 * edge) / drawn.width, (height - 2 * edge) / drawn.height)
    size = max(1, round(drawn.width * factor)), max(1, round(drawn.height * factor))
    drawn = drawn.resize(size, Pixels.Resampling.LANCZOS)
    picture.paste(drawn, (left + (width - drawn.width) // 2, top + (height - drawn.height) // 2))


class _Words(NamedTuple):
    """Text in lines, in the size of type in which it fits."""

    font: ImageFont.FreeTypeFont
    size: int
    lines: Sequence[str]

    @property
    def height(self) -> int:
        return round(self.size * _LEADING * len(self.lines))


def _fitted(text: str, sizes: Sequence[int], width: int, height: int) -> _Words:
    """Return `text` in the largest of `sizes` in which it fits; what does not fit in the last is cut."""
    for size in sizes:
        font = _font(size, _BOLD)
        words = _Words(font, size, list(_wrapped(text, font, width)))
        if words.height <= height and all(font.getlength(line) <= width for line in words.lines):
            return words
    kept = list(words.lines[: int(height / (words.size * _LEADING))])
    if len(kept) < len(words.lines):
        kept[-1] = f"{kept[-1].rstrip(' ,.;:–-')}…"
    return words._replace(lines=kept)


def _write(draw: ImageDraw.ImageDraw, words: _Words, at: tuple[int, int], colour: str) -> None:
    for number, line in enumerate(words.lines):
        draw.text(
            (at[0], at[1] + round((number + 0.85) * words.size * _LEADING)), line, colour, words.font, "ls"
        )


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            yield line
            longer = word
        line = longer
    yield line


@cache
def _font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(_FONT, size)
    font.set_variation_by_axes([weight, 100])
    return font


def _png(picture: Pixels.Image) -> bytes:
    out = BytesIO()
    picture.quantize(128, dither=Pixels.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
