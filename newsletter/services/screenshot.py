"""Make a picture of a page with the Chromium of this machine, without network and without scripts."""

import os
import shutil
import subprocess
import tempfile
from io import BytesIO
from pathlib import Path

from newsletter import files
from newsletter.errors import ConfigError, Message

WIDTHS = {"phone": 375, "desktop": 1200}
"""CSS pixels."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_TALLEST = 16_000  # CSS pixels; Chromium makes no window taller than that
_SCALE = 2
_MARGIN = 24
_PATIENCE = 60  # seconds
_INERT = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)
"""Forbids scripts and whatever else a page may load; Chromium's own switch for that makes no picture."""


def browser() -> str | None:
    """Return the Chromium of this machine, or None."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def screenshot(html: str, width: int) -> bytes:
    """Return a PNG of the whole page, `width` CSS pixels wide, at twice as many.

    Raises ConfigError when this machine has no Chromium, or it fails.
    """
    program = browser()
    if program is None:
        raise ConfigError(
            "this machine has no Chromium, which makes the picture", "On Debian: apt install chromium"
        )
    with tempfile.TemporaryDirectory() as folder:
        page, picture = Path(folder, "page.html"), Path(folder, "page.png")
        files.atomic_write(page, html.replace("<head>", f"<head>{_INERT}", 1).encode())
        options = [
            *("--headless", "--disable-gpu", "--hide-scrollbars"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}/profile"),
            *(f"--force-device-scale-factor={_SCALE}", f"--window-size={width},{_TALLEST}"),
            *(["--no-sandbox"] if os.getuid() == 0 else []),
        ]
        command = [program, *options, f"--screenshot={picture}", page.as_uri()]
        try:
            subprocess.run(command, capture_output=True, check=True, timeout=_PATIENCE)  # noqa: S603  our own words
            return _cropped(picture)
        except (subprocess.SubprocessError, OSError) as error:
            raise ConfigError(
                Message("Chromium made no picture: %(error)s", error=error), "See whether it runs by itself."
            ) from None


def _cropped(picture: Path) -> bytes:
    """Return the picture without the empty ground below the page."""
    from PIL import Image, ImageChops

    with Image.open(picture) as opened:
        whole = opened.convert("RGB")
    ground = Image.new("RGB", whole.size, whole.getpixel((0, whole.height - 1)))
    box = ImageChops.difference(whole, ground).getbbox()
    lowest = min(whole.height, (box[3] if box else 0) + _MARGIN * _SCALE)
    content = BytesIO()
    whole.crop((0, 0, whole.width, lowest)).save(content, "PNG", optimize=True)
    return content.getvalue()
