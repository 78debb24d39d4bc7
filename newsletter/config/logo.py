"""Check that the brand's logo is a picture file that mail programs can show."""

from pathlib import Path

_KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
LARGEST = 2_000_000
"""The most bytes of a logo's file."""
_HEAD = 1024
_HINT = "Save it as PNG, some 400 pixels wide."


def logo_fault(file: Path) -> tuple[str, str] | None:
    """Return what is wrong with the logo's `file`, and what to do about it, or None."""
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
    except FileNotFoundError:
        return f"there is no file {file.name!r} in the workspace", "Put it there, or correct the name."
    except OSError as error:
        return f"{file.name} cannot be read: {error.strerror}", "Check who may read it."
    if size > LARGEST:
        return f"{file.name} has {size} bytes; at most {LARGEST} are allowed", _HINT
    if media_type(head):
        return None
    if b"<svg" in head:
        return f"{file.name} is SVG, which most mail programs do not show", _HINT
    return f"{file.name} is no PNG, JPEG, WebP or GIF", _HINT


def media_type(head: bytes) -> str | None:
    """Return the media type of a picture by the first bytes of its file, or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _KINDS.items() if head.startswith(start)), None)
