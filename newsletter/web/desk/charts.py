"""Charts as plain values that a template draws as SVG: columns by week, up and down from a line. Pure."""

from collections.abc import Iterator, Sequence
from math import ceil, log10

from newsletter.render.values import Data

_WIDTH, _HEIGHT = 720, 170
_SMALL = 340, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 10, 24
_LABEL, _MARK = 80, 16
"""Pixels at least from one label below to the next, and from one mark of the scale to the next."""

Series = tuple[str, Sequence[int]]
"""A class of the stylesheet, and a number for each column."""


def columns(
    labels: Sequence[str], up: Sequence[Series], down: Sequence[Series] = (), *, small: bool = False
) -> Data:
    """Return stacked columns with a scale; `down` grows below the line. Sizes are pixels of the view box."""
    width, height = _SMALL if small else (_WIDTH, _HEIGHT)
    highest = _round_up(max((sum(one[n] for _, one in up) for n in range(len(labels))), default=0))
    lowest = _round_up(max((sum(one[n] for _, one in down) for n in range(len(labels))), default=0))
    highest = highest or (0 if lowest else 1)
    room = height - _TOP - _BOTTOM
    scale = room / (highest + lowest)
    line = _TOP + highest * scale
    step = (width - _LEFT - _RIGHT) / max(1, len(labels))
    wide = min(46.0, step * 0.72)
    bars: list[Data] = []
    for place in range(len(labels)):
        x = _LEFT + place * step + (step - wide) / 2
        for series, upwards in ((up, True), (down, False)):
            heights = [(kind, one[place] * scale) for kind, one in series]
            bars += (
                Data(kind=kind, x=round(x, 1), y=round(top, 2), width=round(wide, 1), height=round(tall, 2))
                for kind, top, tall in _stack(line, heights, upwards=upwards)
            )
    every = ceil(_LABEL / step)
    marks = [highest, highest // 2, 0, *([-lowest] if lowest * scale >= _MARK else [])]
    return Data(
        width=width,
        height=height,
        small=small,
        left=_LEFT,
        line=round(line, 1),
        bars=tuple(bars),
        marks=tuple(Data(y=round(line - mark * scale, 1), value=abs(mark)) for mark in dict.fromkeys(marks)),
        labels=tuple(
            Data(x=round(_LEFT + place * step + step / 2, 1), text=label)
            for place, label in enumerate(labels)
            if (len(labels) - 1 - place) % every == 0
        ),
        floor=height - 7,
    )


def _stack(
    line: float, heights: Sequence[tuple[str, float]], *, upwards: bool
) -> Iterator[tuple[str, float, float]]:
    """Yield (class, top, height) of the parts of one column that has them, from the line on."""
    at = line
    for kind, tall in heights:
        top = at - tall if upwards else at
        if tall:
            yield kind, top, tall
        at += -tall if upwards else tall


def _round_up(number: int) -> int:
    """Return the next number that reads well on a scale: 1, 2 or 5 times a power of ten."""
    if number <= 0:
        return 0
    power = 10 ** int(log10(number))
    found: int = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= number)
    return found
