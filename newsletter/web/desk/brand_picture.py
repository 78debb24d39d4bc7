"""A picture of a brand's colours on the head of a message, in both schemes, as SVG."""

from collections.abc import Iterator

from markupsafe import Markup

from newsletter.brand import Colours, Palette

_WIDTH, _HEIGHT = 320, 200
_RECTANGLES = (
    (0, 0, _WIDTH, _HEIGHT, "ground"),
    (16, 16, 288, 168, "paper"),
    (16, 16, 288, 44, "band"),
    (16, 60, 288, 4, "second"),
    (30, 132, 110, 34, "button"),
    (160, 132, 128, 34, "call"),
)
_WORDS = (
    (30, 92, "ink", "Аа Бб Вв Гг"),
    (30, 114, "muted", "Ґґ Дд Ее"),
    (120, 114, "accent", "Єє Жж Зз"),
    (48, 154, "on_button", "Ии Іі Її"),
    (176, 154, "ink", "Йй Кк Лл"),
)
_LONGEST = 34  # characters of the name


def draw(both: Palette, name: str) -> str:
    """Return the picture, with the publisher's `name` on the band."""
    halves = Markup("").join(
        Markup('<svg x="{}" width="{}" height="{}">{}</svg>').format(
            place * _WIDTH, _WIDTH, _HEIGHT, Markup("").join(_scheme(colours, name[:_LONGEST]))
        )
        for place, colours in enumerate((both.light, both.dark))
    )
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="sans-serif" font-size="14">'
        "{}</svg>"
    ).format(2 * _WIDTH, _HEIGHT, halves)


def _scheme(colours: Colours, name: str) -> Iterator[Markup]:
    for x, y, width, height, fill in _RECTANGLES:
        rectangle = Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>')
        yield rectangle.format(x, y, width, height, getattr(colours, fill))
    for x, y, fill, words in ((30, 44, "on_band", name), *_WORDS):
        yield Markup('<text x="{}" y="{}" fill="{}">{}</text>').format(x, y, getattr(colours, fill), words)
