"""Compute all colours of mail and pages from a brand's one or two colours, readable in both schemes.

Contrast is that of WCAG 2; shades are made in OKLCH, whose lightness is perceptually uniform.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

from newsletter.oklch import coordinates, hex_of, linear

READABLE = 4.5
"""Minimum contrast of text (WCAG 2.2, 1.4.3)."""
SEEN = 3.0
"""Minimum contrast of lines and controls (WCAG 2.2, 1.4.11)."""
NEUTRAL = "#33475b"
"""The default colour, a slate, of a workspace without a brand."""
LIGHT_TEXT, DARK_TEXT = "#ffffff", "#101418"
_STEP = 0.01
_MIDDLE = 0.6
"""The OKLCH lightness between dark and light colours."""

GROUNDS = ("ground", "paper", "tint", "call")
TEXT_PAIRS = (
    *product(("ink", "muted", "accent", "error", "warning", "success"), GROUNDS),
    ("on_band", "band"),
    ("on_second", "second"),
    ("on_button", "button"),
)
"""Every pair of text colour and background, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """The colours of one scheme, as "#rrggbb"; TEXT_PAIRS says which text goes on which ground."""

    ground: str
    paper: str
    ink: str
    muted: str
    accent: str
    hairline: str
    tint: str
    band: str
    on_band: str
    second: str
    on_second: str
    button: str
    on_button: str
    call: str
    edge: str
    error: str
    warning: str
    success: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of both schemes."""

    light: Colours
    dark: Colours


@dataclass(frozen=True, slots=True)
class _Shade:
    """A colour in OKLCH: lightness 0 to 1, chroma, hue in degrees."""

    light: float
    chroma: float
    hue: float

    def at(self, light: float, most: float = 1.0) -> str:
        """Return the sRGB colour of this hue at lightness `light`, with chroma at most `most`."""
        return hex_of(light, min(self.chroma, most), self.hue)


_RED, _AMBER, _GREEN = _Shade(0.5, 0.19, 27), _Shade(0.5, 0.11, 75), _Shade(0.5, 0.11, 155)
"""The colours of errors, warnings and what succeeded, for every brand."""


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return WCAG's relative luminance of a colour, 0 to 1."""
    red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@cache
def seen_on(colour: str, ground: str) -> str:
    """Return `colour`, or the nearest lighter or darker shade of it that is visible on `ground` as a line."""
    if contrast(colour, ground) >= SEEN:
        return colour
    shade = _shade(colour)
    return _text(shade, (ground,), shade.light, 1.0, SEEN)


def text_on(colour: str) -> str:
    """Return the colour of text on `colour`: white if that can be read, else near black."""
    return LIGHT_TEXT if contrast(LIGHT_TEXT, colour) >= READABLE else DARK_TEXT


def best_contrast(colour: str) -> float:
    """Return the higher of the contrasts of white and near-black text on `colour`."""
    return max(contrast(text, colour) for text in (LIGHT_TEXT, DARK_TEXT))


def readable(colour: str) -> bool:
    """Tell whether white or near-black text is readable on `colour`; on some middle tones neither is."""
    return best_contrast(colour) >= READABLE


def nearest_readable(colour: str) -> str:
    """Return `colour`, or the nearest darker or lighter one on which text is readable."""
    if readable(colour):
        return colour
    own = _shade(colour)
    steps = (own.light + sign * step * _STEP / 2 for step in range(1, 200) for sign in (-1, 1))
    return next(found for found in map(own.at, steps) if readable(found))


@cache
def palette(colour: str = "", second: str = "") -> Palette:
    """Return the palette computed from a brand's colour and its optional second colour.

    A colour on which no text is readable is replaced by the nearest one.
    """
    own = nearest_readable(colour or NEUTRAL)
    other = nearest_readable(second) if second else ""
    return Palette(light=_light(own, other), dark=_dark(own, other))


def _shade(colour: str) -> _Shade:
    return _Shade(*coordinates(colour))


def _light(own: str, second: str) -> Colours:
    shade = _shade(own)
    paper = "#ffffff"
    ground, tint, call = shade.at(0.955, 0.006), shade.at(0.975, 0.010), _call(shade, second, (0.955, 0.965))
    grounds = (ground, paper, tint, call)
    ink = _text(shade, grounds, 0.25, 0.025)
    rule = second or _beside(shade)
    seen = contrast(own, paper) >= SEEN
    return Colours(
        ground=ground,
        paper=paper,
        ink=ink,
        muted=_text(shade, grounds, 0.49, 0.025),
        accent=own if _reads(own, grounds) else _text(shade, grounds, shade.light, 1.0),
        hairline=shade.at(0.9, 0.012),
        tint=tint,
        band=own,
        on_band=text_on(own),
        second=rule,
        on_second=text_on(rule),
        button=own if seen else ink,
        on_button=text_on(own) if seen else _reading(own, ink),
        call=call,
        edge=_text(shade, grounds, 0.62, 0.025, SEEN),
        error=_text(_RED, grounds, 0.5, 1.0),
        warning=_text(_AMBER, grounds, 0.48, 1.0),
        success=_text(_GREEN, grounds, 0.47, 1.0),
    )


def _dark(own: str, second: str) -> Colours:
    shade = _shade(own)
    ground, paper, tint = shade.at(0.2, 0.012), shade.at(0.24, 0.016), shade.at(0.28, 0.022)
    call = _call(shade, second, (0.29, 0.28))
    grounds = (ground, paper, tint, call)
    pale = text_on(own) == DARK_TEXT
    band = nearest_readable(shade.at(min(shade.light, 0.74) if pale else min(max(shade.light, 0.3), 0.36)))
    rule = _beside(_shade(band))
    if second:
        other = _shade(second)
        rule = nearest_readable(other.at(min(max(other.light, 0.5), 0.74)))
    button = own if pale else _lit(shade, paper) or band
    return Colours(
        ground=ground,
        paper=paper,
        ink=_text(shade, grounds, 0.94, 0.006),
        muted=_text(shade, grounds, 0.75, 0.018),
        accent=_text(shade, grounds, max(shade.light, 0.77), 0.12),
        hairline=shade.at(0.36, 0.024),
        tint=tint,
        band=band,
        on_band=text_on(band),
        second=rule,
        on_second=text_on(rule),
        button=button,
        on_button=text_on(button),
        call=call,
        edge=_text(shade, grounds, 0.58, 0.025, SEEN),
        error=_text(_RED, grounds, 0.78, 0.12),
        warning=_text(_AMBER, grounds, 0.82, 0.12),
        success=_text(_GREEN, grounds, 0.8, 0.12),
    )


def _call(shade: _Shade, second: str, lights: tuple[float, float]) -> str:
    """Return the background of the closing call: a tint of the second colour, else of the first."""
    return _shade(second).at(lights[1], 0.036) if second else shade.at(lights[0], 0.03)


def _beside(shade: _Shade) -> str:
    """Return a shade visible beside the colour itself, in place of a second colour."""
    return nearest_readable(shade.at(shade.light + (0.16 if shade.light < _MIDDLE else -0.16)))


def _reads(text: str, grounds: tuple[str, ...], least: float = READABLE) -> bool:
    return all(contrast(text, ground) >= least for ground in grounds)


def _reading(text: str, ground: str) -> str:
    """Return `text` if it is readable on `ground`, else white or near black."""
    return text if _reads(text, (ground,)) else text_on(ground)


def _text(shade: _Shade, grounds: tuple[str, ...], light: float, most: float, least: float = READABLE) -> str:
    """Return the shade nearest to `light` that has the contrast `least` on all of `grounds`.

    `most` is its maximum chroma.
    """
    step = -_STEP if _shade(grounds[0]).light > _MIDDLE else _STEP
    while not _reads(found := shade.at(light, most), grounds, least):
        light += step
    return found


def _lit(shade: _Shade, paper: str) -> str | None:
    """Return the darkest shade visible on the dark `paper` on which white text is readable, or None."""
    steps = (shade.at(shade.light + step * _STEP) for step in range(100))
    found = next((colour for colour in steps if contrast(colour, paper) >= SEEN), None)
    return found if found and text_on(found) == LIGHT_TEXT else None
