"""Scale and re-encode pictures with Pillow; runs in a child process with limits (limited.py).

Whatever comes in, a JPEG or PNG in sRGB goes out, the right way up, opaque and without metadata; the same
file gives the same bytes with the same Pillow.
"""

import math
from base64 import b64encode
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageCms, ImageFile, ImageStat
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from newsletter.limited import answer

TALLEST = 2
"""Times the greatest width."""
HEAVIEST = 150_000
"""Bytes of a picture that is sent."""
MOST_PIXELS = 64_000_000
"""Of the file; telephones take pictures of 50 million."""

_READ = (BmpImageFile, GifImageFile, JpegImageFile, PngImageFile, TiffImageFile, WebPImageFile)
_QUALITIES = (40, 50, 59, 67, 74, 80, 85)
_FEWER = 0.8
"""The factor on width and height when even the lowest quality is too heavy."""
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (CIPA DC-008, tag 0x0112)."""
_RATIOS = {"wide": 16 / 9, "square": 1.0}
"""Width by height of the shapes that a picture may be cut to."""
_ON_ITS_SIDE = (5, 6, 7, 8)
_ALIKE = 3.0
"""How much 256 colours may change a drawing: root mean square, of 255; a photograph changes more."""
_WHITE_OF_16 = 65535
"""The value of white where a pixel has 16 bits."""


def _answer(widest: str, crop: str, *paths: str) -> Iterator[Any]:
    """In the child: yield for each file the picture made of it, or the name of its fault.

    `crop` is empty, or a shape and a point like `wide-40-30`.
    """
    Image.MAX_IMAGE_PIXELS = None  # `made` has its own limit, before anything is decoded
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    for path in paths:
        yield made(Path(path).read_bytes(), int(widest), crop)


def made(data: bytes, widest: int, crop: str = "") -> dict[str, Any]:
    """Return the picture made of a file's content, as JSON takes it; or `fault`: "pixels" or "damaged"."""
    try:
        with Image.open(BytesIO(data), formats=[kind.format for kind in _READ]) as source:
            if source.width * source.height > MOST_PIXELS:
                return {"fault": "pixels", "width": source.width, "height": source.height}
            lossless = source.format not in ("JPEG", "MPO", "WEBP")
            moves = source.format != "MPO" and bool(getattr(source, "is_animated", False))
            picture = _cut(source, widest, crop) if crop else _normal(source, widest)
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError):  # what plugins raise
        return {"fault": "damaged"}
    content, kind, (width, height) = _light(picture, lossless=lossless)
    return {
        "kind": kind,
        "content": b64encode(content).decode(),
        "width": width,
        "height": height,
        "moves": moves,
    }


def _normal(source: Image.Image, widest: int) -> Image.Image:
    """Return the first frame in its final size, upright, in sRGB or grey, without transparency."""
    turn = source.getexif().get(_ORIENTATION, 1)
    width, height = _fitting(source.size, widest, sideways=turn in _ON_ITS_SIDE)
    if source.format in ("JPEG", "MPO"):
        source.draft(None, (2 * width, 2 * height))  # decodes no more than is needed
    profile = source.info.get("icc_profile")
    source.seek(0)
    picture = _simple(source)
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture = _on_white(_in_srgb(picture, profile))
    picture = picture.transpose(_TURNS[turn]) if turn in _TURNS else picture
    picture.info.clear()  # which would be written again: profile, comment, EXIF
    return picture


def _cut(source: Image.Image, widest: int, crop: str) -> Image.Image:
    """Return the part of the first frame around a point, else as `_normal` does."""
    shape, *point = crop.split("-")
    turn = source.getexif().get(_ORIENTATION, 1)
    profile = source.info.get("icc_profile")
    source.seek(0)
    picture = _simple(source)
    picture = picture.transpose(_TURNS[turn]) if turn in _TURNS else picture
    picture = picture.crop(_box(picture.size, _RATIOS[shape], [int(one) / 100 for one in point]))
    size = _fitting(picture.size, widest, sideways=False)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture = _on_white(_in_srgb(picture, profile))
    picture.info.clear()
    return picture


def _box(size: tuple[int, int], ratio: float, point: Sequence[float]) -> tuple[int, int, int, int]:
    """Return the largest box of a ratio within a picture whose middle is as near to `point` as can be."""
    width, height = size
    across = min(width, max(1, round(height * ratio)))
    down = min(height, max(1, round(width / ratio)))
    left = min(max(0, round(width * point[0] - across / 2)), width - across)
    top = min(max(0, round(height * point[1] - down / 2)), height - down)
    return left, top, left + across, top + down


def _fitting(size: tuple[int, int], widest: int, *, sideways: bool) -> tuple[int, int]:
    """Return the size to scale to, before the picture is turned; nothing is enlarged."""
    width, height = size
    across, down = (height, width) if sideways else size
    factor = min(1, widest / across, TALLEST * widest / down)
    return max(1, round(width * factor)), max(1, round(height * factor))


def _simple(source: Image.Image) -> Image.Image:
    """Return the picture in one of the modes that can be scaled well: L, LA, RGB, RGBA, CMYK, LAB."""
    mode = source.mode
    if mode.startswith("I;16") or mode in ("I", "F"):
        return source.convert("F").point(lambda value: value * (255 / _WHITE_OF_16)).convert("L")
    if mode in ("P", "PA", "1") or "transparency" in source.info:
        return source.convert("RGBA" if source.has_transparency_data else "L" if mode == "1" else "RGB")
    if mode in ("La", "RGBa"):
        return source.convert(mode.upper())
    if mode in ("YCbCr", "HSV", "RGBX"):
        return source.convert("RGB")
    source.load()
    return source


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert from the colours of an ICC profile to sRGB; without a usable profile, as usual for the mode."""
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    plain = picture.convert("L" if picture.mode == "LA" else "RGB") if alpha else picture
    if profile:
        try:
            given = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                plain, given, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            plain = converted or plain
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a profile for another mode, or a damaged one
    if plain.mode not in ("L", "RGB"):
        plain = plain.convert("RGB")
    if alpha:
        plain.putalpha(alpha)
    return plain


def _on_white(picture: Image.Image) -> Image.Image:
    """Put a transparent picture on white, so that dark lines stay legible where a mail program is dark."""
    if picture.mode not in ("LA", "RGBA"):
        return picture
    alpha = picture.getchannel("A")
    plain = picture.convert("L" if picture.mode == "LA" else "RGB")
    white = Image.new(plain.mode, plain.size, "white")
    white.paste(plain, mask=alpha)
    return white


def _light(picture: Image.Image, *, lossless: bool) -> tuple[bytes, str, tuple[int, int]]:
    """Return the encoded picture of at most HEAVIEST bytes, its type and its size.

    A drawing stays a PNG, in up to 256 colours; a photograph becomes a JPEG, as good as fits.
    """
    while True:
        if lossless and (png := _as_png(picture)) and len(png) <= HEAVIEST:
            return png, "png", picture.size
        if jpeg := _best_jpeg(picture):
            return jpeg, "jpeg", picture.size
        smaller = [max(1, math.floor(side * _FEWER)) for side in picture.size]
        picture = picture.resize((smaller[0], smaller[1]), Image.Resampling.LANCZOS)


def _as_png(picture: Image.Image) -> bytes | None:
    """Return the picture as a PNG; None when it has too many colours to be a drawing."""
    if picture.mode == "RGB":
        few = picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        colours = picture.getcolors(256)
        if colours is None:
            difference = ImageStat.Stat(ImageChops.difference(picture, few.convert("RGB"))).rms
            if max(difference) > _ALIKE:
                return None
        picture = few
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _best_jpeg(picture: Image.Image) -> bytes | None:
    """Return the picture as a JPEG of the best quality that is light enough, or None."""
    best = None
    worst, good = 0, len(_QUALITIES) - 1
    while worst <= good:  # the best is looked at first: most pictures are light enough in it
        middle = good if best is None and good == len(_QUALITIES) - 1 else (worst + good) // 2
        jpeg = _as_jpeg(picture, _QUALITIES[middle])
        if len(jpeg) <= HEAVIEST:
            best, worst = jpeg, middle + 1
        else:
            good = middle - 1
    return best


def _as_jpeg(picture: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


if __name__ == "__main__":
    answer(_answer)
