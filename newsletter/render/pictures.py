"""Pictures as themes and pages show them: their addresses, their sizes in CSS pixels, and which are shown."""

from collections.abc import Callable, Iterable

from newsletter.config import Settings
from newsletter.model import Image, Picture, content_id
from newsletter.render.values import Data

_LARGEST = (600, 600)  # CSS pixels: as wide as a letter, and no longer than a screen
_LOGO = (200, 56)  # CSS pixels at most, width and height


class Pictures:
    """The pictures of a workspace's mail; `logo` is the brand's."""

    def __init__(self, settings: Settings, logo: Image | None = None) -> None:
        self._attached = settings.pictures == "attached"
        self._base = settings.base_url
        self._logo = logo

    @property
    def logo(self) -> Data | None:
        """The brand's logo as a theme shows it."""
        if self._logo is None:
            return None
        width, height = _within(self._logo, *_LOGO)
        return Data(src=self._source(self._logo), width=width, height=height)

    def of(self, picture: Picture | None) -> Data | None:
        """Return an item's picture as a theme shows it."""
        if picture is None or picture.image is None:
            return None
        width, height = shown_size(picture.image)
        return Data(
            src=self._source(picture.image),
            width=width,
            height=height,
            alt=picture.alt,
            caption=picture.caption,
            credit=picture.credit,
        )

    def shown(self, html: str, pictures: Iterable[Picture | None] = ()) -> tuple[Image, ...]:
        """Return those of `pictures` and the logo that `html` shows, each once."""
        images = [self._logo, *(picture.image for picture in pictures if picture)]
        found = {image.name: image for image in images if image and self._source(image) in html}
        return tuple(found.values())

    def _source(self, image: Image) -> str:
        return f"cid:{image.cid}" if self._attached else hosted(self._base, image.name)


def hosted(base: str, name: str) -> str:
    """Return the address of a picture on our site, the same for everybody."""
    return f"{base}/pictures/{name}"


def on_page(html: str, names: Iterable[str], address: Callable[[str], str]) -> str:
    """Return a message's HTML for a page, where `address` tells what leads to the picture of a name."""
    for name in names:
        html = html.replace(f"cid:{content_id(name)}", address(name))
    return html


def shown_size(image: Image) -> tuple[int, int]:
    """Return width and height in CSS pixels; a sharp screen shows more pixels of the image in each."""
    return _within(image, *_LARGEST)


def _within(image: Image, width: int, height: int) -> tuple[int, int]:
    factor = min(1, width / image.width, height / image.height)
    return max(1, round(image.width * factor)), max(1, round(image.height * factor))
