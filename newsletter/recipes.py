"""Editions made of parts: an issue's texts are cut into parts once; an edition is a recipe, a list of them.

A recipe is written as bits, the first part's first: 1 for each part that the edition has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import compress
from typing import Any, Protocol

from newsletter.model import Edition, Image, Rendered

SUBJECT, HTML, TEXT = "subject", "html", "text"
"""The kinds of parts: of which of a message's texts they are."""
_KINDS = (SUBJECT, HTML, TEXT)
_FLAGS = bytes.maketrans(b"01", b"\x00\x01")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A piece of one of an issue's texts, with the names of the pictures that it shows."""

    kind: str
    content: str
    pictures: tuple[str, ...] = ()
    edition: str = ""
    """The only edition that has it, which was rendered by itself."""
    memo: dict[str, Any] = field(default_factory=dict, repr=False)
    """What was made of it, for all messages that have it."""


@dataclass(frozen=True)
class Assembled:
    """An edition as its parts; `images` are the issue's pictures by name."""

    edition: str
    parts: Sequence[Part]
    images: Mapping[str, Image] = field(repr=False)

    @cached_property
    def subject(self) -> str:
        """The subject."""
        return self._joined(SUBJECT)

    @cached_property
    def html(self) -> str:
        """The HTML, with slots."""
        return self._joined(HTML)

    @cached_property
    def pictures(self) -> tuple[Image, ...]:
        """The pictures that it shows, by name."""
        names = {name for part in self.parts for name in part.pictures}
        return tuple(self.images[name] for name in sorted(names) if name in self.images)

    @cached_property
    def attached(self) -> tuple[Image, ...]:
        """The pictures that a message carries itself; the others are on our site."""
        shown = [part.content for part in self.parts if part.pictures]
        return tuple(
            image for image in self.pictures if any(f"cid:{image.cid}" in content for content in shown)
        )

    @property
    def page(self) -> Rendered:
        """The edition as whole texts."""
        return rendered(self.edition, self.subject, self.html, self._joined(TEXT), self.pictures)

    def _joined(self, kind: str) -> str:
        return "".join([part.content for part in self.parts if part.kind == kind])


def parts_of(page: Rendered | Assembled, kind: str) -> list[Part]:
    """Return the parts of one kind of an edition; one that was rendered by itself has one of each."""
    if isinstance(page, Assembled):
        return [part for part in page.parts if part.kind == kind]
    pictures = tuple(image.name for image in page.pictures) if kind == HTML else ()
    content = {SUBJECT: page.subject, HTML: page.html, TEXT: page.text}[kind]
    return [Part(kind, content, pictures, page.edition)]


class Stock:
    """The parts of one issue in order, and its pictures by name."""

    def __init__(self, parts: Sequence[Part], images: Iterable[Image]) -> None:
        self.parts = parts
        self.images = {image.name: image for image in images}
        self._html = [len(part.content.encode()) if part.kind == HTML else 0 for part in parts]

    def assembled(self, edition: str, recipe: bytes) -> Assembled:
        """Return the edition that a recipe makes."""
        return Assembled(edition, list(compress(self.parts, _flags(recipe))), self.images)

    def size(self, recipe: bytes) -> int:
        """Return the bytes of an edition's HTML, before readers' own values are in it."""
        return sum(compress(self._html, _flags(recipe)))


def _flags(recipe: bytes) -> bytes:
    return f"{int.from_bytes(recipe):0{8 * len(recipe)}b}".encode().translate(_FLAGS)


class Pages(Protocol):
    """What the messages of an issue's editions are made of."""

    @property
    def stock(self) -> Stock:
        """The parts."""
        ...

    @property
    def editions(self) -> Sequence[Edition]:
        """The editions that readers need, and that could be rendered."""
        ...

    def recipe(self, edition: Edition) -> bytes | None:
        """Return the recipe of an edition; None if it cannot be rendered."""
        ...


class Separate:
    """Editions that were each rendered by themselves: each has parts of its own."""

    def __init__(self, pages: Sequence[Rendered], editions: Iterable[Edition] = ()) -> None:
        parts = [part for page in pages for kind in _KINDS for part in parts_of(page, kind)]
        self.stock = Stock(parts, (image for page in pages for image in page.pictures))
        self._numbers = {page.edition: number for number, page in enumerate(pages)}
        self.editions = [edition for edition in editions if edition.key in self._numbers]

    def recipe(self, edition: Edition) -> bytes | None:
        """Return the recipe of an edition; None if it is not among them."""
        if edition.key not in self._numbers:
            return None
        first = len(_KINDS) * self._numbers[edition.key]
        return recipe_of(range(first, first + len(_KINDS)), len(self.stock.parts))


def recipe_of(numbers: Iterable[int], parts: int) -> bytes:
    """Return the recipe that has the parts with these numbers, from 0, of so many."""
    size = -(-parts // 8)
    return sum({1 << (8 * size - 1 - number) for number in numbers}).to_bytes(size)


def numbers_of(recipe: bytes) -> list[int]:
    """Return the numbers of the parts that a recipe has."""
    return [number for number, flag in enumerate(_flags(recipe)) if flag]


def rendered(edition: str, subject: str, html: str, text: str, images: Iterable[Image] = ()) -> Rendered:
    """Return an edition as whole texts, its pictures by name."""
    pictures = tuple(sorted(images, key=lambda image: image.name))
    return Rendered(
        edition=edition,
        subject=subject,
        html=html,
        text=text,
        pictures=pictures,
        sha256=fingerprint(subject, html, text, pictures),
    )


def fingerprint(subject: str, html: str, text: str, pictures: Sequence[Image] = ()) -> str:
    """Return the SHA-256 of all texts, each after its length so that none runs into the next; 64 digits."""
    digest = sha256()
    for part in (subject, html, text, *(image.sha256 for image in pictures)):
        content = part.encode()
        digest.update(b"%d:%b" % (len(content), content))
    return digest.hexdigest()
