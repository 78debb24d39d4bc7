"""Prepare picture files for mail and pages: scale each once, in a limited child process, and cache it."""

import json
import os
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from newsletter import private
from newsletter.errors import Message
from newsletter.files import OWNER, atomic_write
from newsletter.limited import ChildFailedError, LimitExceededError, Limits, child
from newsletter.model import Image

LARGEST = 25_000_000
"""Bytes of a picture file."""

WIDEST, LOGO = 1200, 400
"""Pixels: a letter is 600 wide, a logo at most 200, and a sharp screen shows two in each direction."""

_CHILD = "newsletter.pictures.scale"
_VERSION = 1  # of what is made and cached: raise it whenever the same file gives other bytes
_LIMITS = Limits(memory=1 << 30, seconds=30)
_KEPT = 500  # files of the cache
_ENDINGS = {"jpeg": "jpg", "png": "png"}
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")
_FILE_ENDINGS = dict(zip(_STARTS, ("jpg", "png", "gif", "gif", "bmp", "tif", "tif"), strict=True))
_FOREIGN = (
    (re.compile(rb"^\x1f\x8b"), "a compressed file, perhaps .svgz"),
    (re.compile(rb"^.{4}ftyp(?:hei|hev|mif|msf)", re.DOTALL), "a HEIC picture"),
    (re.compile(rb"^.{4}ftypavi", re.DOTALL), "an AVIF picture"),
    (re.compile(rb"^\xd7\xcd\xc6\x9a|^\x01\0\0\0.{36} EMF", re.DOTALL), "a drawing in Windows' own format"),
    (re.compile(rb"^%PDF"), "a PDF"),
)
_BLANK = b"\xef\xbb\xbf \t\r\n"
_HEAD = 4096  # bytes
_SAVE = "Save it as JPEG or PNG."


class Fault(NamedTuple):
    """Why a file is not usable as a picture, and what to do about it."""

    text: str
    hint: str


class Prepared(NamedTuple):
    """A picture ready for use; `moves` tells that of an animation only the first frame is kept."""

    image: Image
    moves: bool = False


def prepare(
    files: Sequence[Path], cache: Path | None, *, widest: int = WIDEST, crop: str = ""
) -> dict[Path, Prepared | Fault]:
    """Return what each of `files` gives; those not in the folder `cache` are scaled now and put there.

    Pictures become `widest` pixels wide at most, and are cut as `crop` says. A cache that cannot be
    written is gone without.
    """
    found: dict[Path, Prepared | Fault] = {}
    new: dict[Path, str] = {}
    for file in dict.fromkeys(files):
        data = _content(file)
        if isinstance(data, Fault):
            found[file] = data
            continue
        key = f"{sha256(data).hexdigest()}.{widest}.{_VERSION}{f'.{crop}' if crop else ''}"
        kept = _cached(cache / key) if cache else None
        if kept:
            found[file] = kept
        else:
            new[file] = key
    for file, answer in _scaled(list(new), widest, crop).items():
        found[file] = _read(answer)
        if cache and "fault" not in answer:
            _keep(cache, new[file], answer)
    return found


def _content(file: Path) -> bytes | Fault:
    """Return the bytes of the file if they are of a type that can be scaled."""
    try:
        size = file.stat().st_size
        if size > LARGEST:
            return Fault(
                Message(
                    "has %(size)s MB, and %(largest)s at most",
                    size=size // 1_000_000,
                    largest=LARGEST // 1_000_000,
                ),
                "Save it smaller.",
            )
        data = file.read_bytes()
    except OSError as error:
        return Fault(
            Message("cannot be read: %(strerror)s", strerror=error.strerror), "Check its name and rights."
        )
    return fault_of(data) or data


def fault_of(data: bytes) -> Fault | None:
    """Return why a file of this content is of no type that can be shown, or None."""
    if data.lstrip(_BLANK).startswith(b"<") and b"<svg" in data[:_HEAD].lower():
        return Fault(
            "is an SVG drawing, which mail programs do not show", "Export it as PNG, 1200 pixels wide."
        )
    if foreign := next((what for pattern, what in _FOREIGN if pattern.match(data[:64])), None):
        return Fault(Message("is %(foreign)s, which mail programs do not show", foreign=foreign), _SAVE)
    if not data.startswith(_STARTS) and not (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return Fault("is not a picture of a known type", _SAVE)
    return None


def ending(data: bytes) -> str:
    """Return the ending that the name of a file of this content has."""
    found = (end for start, end in _FILE_ENDINGS.items() if data.startswith(start))
    return next(found, "webp" if data.startswith(b"RIFF") else "img")


def _scaled(files: Sequence[Path], widest: int, crop: str) -> dict[Path, dict[str, Any]]:
    """Return the child's answer for each file; when one ends the child, the others get another child."""
    answers: dict[Path, dict[str, Any]] = {}
    while left := [file for file in files if file not in answers]:
        with child(_CHILD, str(widest), crop, *map(str, map(Path.absolute, left)), limits=_LIMITS) as scaling:
            for file in left:
                try:
                    answers[file] = scaling.read()
                except LimitExceededError:
                    answers[file] = {"fault": "costly"}
                except ChildFailedError:
                    answers[file] = {"fault": "damaged"}
                if answers[file].get("fault") in ("costly", "damaged"):
                    break
    return answers


def _read(answer: Mapping[str, Any]) -> Prepared | Fault:
    match answer.get("fault"):
        case None:
            return Prepared(_image(answer, b64decode(answer["content"])), answer["moves"])
        case "pixels":
            size = f"{answer['width']} × {answer['height']}"
            return Fault(
                Message("has %(size)s pixels, which is too many", size=size),
                "Save it smaller: 1200 pixels wide is enough.",
            )
        case "costly":
            return Fault("takes more memory or time than a picture may", _SAVE)
    return Fault("is damaged", "Open it and save it anew as JPEG or PNG.")


def _image(said: Mapping[str, Any], content: bytes) -> Image:
    digest = sha256(content).hexdigest()
    return Image(
        name=f"{digest[:32]}.{_ENDINGS[said['kind']]}",
        media_type=f"image/{said['kind']}",
        width=said["width"],
        height=said["height"],
        content=content,
        sha256=digest,
    )


def _cached(file: Path) -> Prepared | None:
    """Return what a file of the cache holds: a line of JSON, and the picture's bytes."""
    try:
        head, _, content = file.read_bytes().partition(b"\n")
        said = json.loads(head)
        image = _image(said, content)
        os.utime(file)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return Prepared(image, said["moves"]) if image.sha256 == said["sha256"] else None


def _keep(cache: Path, key: str, answer: Mapping[str, Any]) -> None:
    content = b64decode(answer["content"])
    said = {name: answer[name] for name in ("kind", "width", "height", "moves")}
    head = json.dumps({**said, "sha256": sha256(content).hexdigest()})
    with suppress(OSError):
        private.own_folder(cache)
        atomic_write(cache / key, (head.encode(), b"\n", content), mode=OWNER, durable=False)
        files = sorted(cache.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in files[_KEPT:]:
            old.unlink()
