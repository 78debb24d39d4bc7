"""Colours as lightness, chroma and hue in OKLCH, where equal steps look equal, and back to what screens show.

The matrices are Björn Ottosson's (2020) for linear sRGB, as CSS Color 4 of 13 February 2025 states them. A
library would do it too, but takes longer to load than all else that a palette costs.
"""

from collections.abc import Sequence
from math import atan2, cbrt, cos, degrees, dist, hypot, radians, sin

Vector = tuple[float, ...]

_TO_CONES = (
    (0.412221469471, 0.536332537262, 0.051445993268),
    (0.211903495818, 0.680699550645, 0.107396953537),
    (0.08830245919, 0.281718839136, 0.629978701674),
)
_TO_OKLAB = (
    (0.210454268309, 0.793617774702, -0.004072043012),
    (1.977998532431, -2.428592242049, 0.450593709617),
    (0.025904042466, 0.782771712458, -0.808675754923),
)
_FROM_OKLAB = (
    (1.0, 0.396337777376, 0.21580375731),
    (1.0, -0.105561345816, -0.063854172826),
    (1.0, -0.08948417753, -1.291485548019),
)
_FROM_CONES = (
    (4.076741636076, -3.307711539258, 0.230969903182),
    (-1.268437973285, 2.609757349288, -0.341319376003),
    (-0.004196076139, -0.703418617936, 1.707614694075),
)
_SEEN = 0.02
"""The distance in Oklab from which two colours look different."""
_PRECISE = 1e-4
"""How near to _SEEN a search ends, and how near to each other its bounds."""
_GREY = 1e-5
"""The chroma below which a colour has no hue."""


def coordinates(colour: str) -> tuple[float, float, float]:
    """Return the lightness (0 to 1), chroma, and hue in degrees of "#rrggbb"; a grey has hue 0."""
    light, *plane = _oklab([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    chroma = hypot(*plane)
    return light, chroma, degrees(atan2(plane[1], plane[0])) % 360 if chroma > _GREY else 0.0


def hex_of(light: float, chroma: float, hue: float) -> str:
    """Return a colour as "#rrggbb"; what no screen shows is mapped as CSS Color 4, section 13.2, does it.

    Chroma is reduced until cutting the colour to what screens show makes no visible difference.
    """
    if not 0 < light < 1:
        return "#ffffff" if light >= 1 else "#000000"
    lab, shown = _polar(light, chroma, hue)
    if not _fits(shown) and dist(lab, _oklab(_cut(shown))) > _SEEN:
        shown = _mapped(light, chroma, hue)
    return "#" + "".join(f"{int(255 * part + 0.5):02x}" for part in _cut(shown))


def _mapped(light: float, high: float, hue: float) -> Vector:
    """Search, by halves, for the most chroma that is cut by no more than can be seen."""
    low, fits = 0.0, True
    found: Vector = (light, light, light)
    while high - low > _PRECISE:
        middle = (low + high) / 2
        lab, shown = _polar(light, middle, hue)
        if fits and _fits(shown):
            low = middle
            continue
        found = _cut(shown)
        short = _SEEN - dist(lab, _oklab(found))
        if 0 < short < _PRECISE:
            break
        if short > 0:
            low, fits = middle, False
        else:
            high = middle
    return found


def _polar(light: float, chroma: float, hue: float) -> tuple[Vector, Vector]:
    """Return a colour in Oklab, and in sRGB, where it may lie outside 0 to 1."""
    lab = light, chroma * cos(radians(hue)), chroma * sin(radians(hue))
    cones = [part**3 for part in _times(_FROM_OKLAB, lab)]
    return lab, tuple(map(_companded, _times(_FROM_CONES, cones)))


def _oklab(rgb: Sequence[float]) -> Vector:
    return _times(_TO_OKLAB, [cbrt(part) for part in _times(_TO_CONES, list(map(linear, rgb)))])


def _times(matrix: Sequence[Vector], vector: Sequence[float]) -> Vector:
    return tuple(sum(one * other for one, other in zip(row, vector, strict=True)) for row in matrix)


def linear(part: float) -> float:
    """Return the light of an sRGB component, both from 0 to 1 (IEC 61966-2-1)."""
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  its limit


def _companded(light: float) -> float:
    """Return the sRGB component of so much light; negative light is that of no screen."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055  # noqa: PLR2004  likewise


def _fits(rgb: Vector) -> bool:
    return all(0 <= part <= 1 for part in rgb)


def _cut(rgb: Vector) -> Vector:
    return tuple(min(max(part, 0.0), 1.0) for part in rgb)
