"""The state of a preview page in its URL query, so that a view can be shared: edition and display options."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

WIDTHS = (375, 768, 1200)
"""CSS pixels: a phone, a tablet, a desktop."""

SCHEMES = ("light", "dark", "inverted")
"""Color schemes: the message's own two, and the forced inversion that some mail programs apply."""

PARTS = ("both", "html", "text", "source")

PICTURES = ("on", "off")
"""Many mail programs show no pictures until a reader allows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which edition is shown (by name, reader's address or sections), and how it is shown."""

    edition: str = ""
    reader: str = ""
    sections: tuple[str, ...] = ()
    width: int = WIDTHS[0]
    scheme: str = SCHEMES[0]
    part: str = PARTS[0]
    pictures: str = PICTURES[0]
    lang: str = ""

    def query(self, **changes: Any) -> Mapping[str, Any]:
        """Return the URL query of this view with `changes`; default values are omitted."""
        view, usual = replace(self, **changes), View()
        values = {name: getattr(view, name) for name in View.__slots__}
        return {name: value for name, value in values.items() if value != getattr(usual, name)}

    def of(self, edition: str) -> Mapping[str, Any]:
        """Return the URL query of another edition with the same display options."""
        return self.query(edition=edition, reader="", sections=())

    @property
    def next_scheme(self) -> str:
        """The next scheme, cyclically."""
        return SCHEMES[(SCHEMES.index(self.scheme) + 1) % len(SCHEMES)]

    @property
    def next_part(self) -> str:
        """The next part, cyclically."""
        return PARTS[(PARTS.index(self.part) + 1) % len(PARTS)]


def read(query: MultiDict[str, str], languages: tuple[str, ...]) -> View:
    """Parse a URL query; unknown values become defaults."""
    usual = View()
    width = query.get("width", usual.width, type=int)
    return View(
        edition=query.get("edition", ""),
        reader=query.get("reader", "").strip(),
        sections=tuple(query.getlist("sections")),
        width=width if width in WIDTHS else usual.width,
        scheme=_among(SCHEMES, query.get("scheme", "")),
        part=_among(PARTS, query.get("part", "")),
        pictures=_among(PICTURES, query.get("pictures", "")),
        lang=_among(("", *languages), query.get("lang", "")),
    )


def _among(known: tuple[str, ...], given: str) -> str:
    return given if given in known else known[0]
