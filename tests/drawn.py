"""Picture files drawn for the tests: of any mode, size and format."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from newsletter import model

PICTURES = Path(__file__).parent / "data" / "pictures"
"""Three that were drawn once: a photograph-like JPEG, a chart, and a dark mark on a transparent ground."""


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return `picture` as a file of that kind."""
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def noise(width: int, height: int) -> Image.Image:
    """Return a picture in colour that no encoder can shorten much."""
    plain = [Image.effect_noise((width, height), 70) for _ in range(3)]
    return Image.merge("RGB", plain)


def halves(width: int = 200, height: int = 100) -> Image.Image:
    """Return a picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", (width, height), (255, 0, 0))
    picture.paste((0, 0, 255), (width // 2, 0, width, height))
    return picture


def image(content: bytes = b"picture", *, width: int = 1200, height: int = 675) -> model.Image:
    """Return a picture of these bytes as if it had been scaled."""
    digest = sha256(content).hexdigest()
    return model.Image(
        name=f"{digest[:32]}.jpg",
        media_type="image/jpeg",
        width=width,
        height=height,
        content=content,
        sha256=digest,
    )


def shown(content: bytes = b"picture", alt: str = "Парк") -> model.Picture:
    """Return an item's picture of these bytes."""
    return model.Picture(
        file="park.jpg", alt=alt, caption="Відкриття", credit="Фото громади", image=image(content)
    )
