"""Pictures of items: the key `picture` of an item's front matter, and the files in the issue's folder."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from newsletter.compose.words import OneLine, is_line
from newsletter.errors import Message, Problem
from newsletter.model import Item, Picture
from newsletter.pictures.prepare import Fault, Prepared, prepare
from newsletter.yamlfile import Document, nearest, validate

FOLDER = "pictures"
"""In the folder of an issue."""
_CACHE = ("var", "pictures")
_NAME = re.compile(r"[^/\\\x00-\x1f\x7f.][^/\\\x00-\x1f\x7f]{0,119}")


def _file_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            Message(
                "must be the name of a file in the issue's folder %(folder)s, without / or \\", folder=FOLDER
            )
        )
    return name


def _said(words: str) -> str:
    if not words:
        raise ValueError("is empty; say in a few words what the picture shows, for those who do not see it")
    return words


_Hundredths = Annotated[int, Field(ge=0, le=100)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, AfterValidator(_file_name)]
    alt: Annotated[OneLine, AfterValidator(_said)]
    caption: OneLine = ""
    credit: OneLine = ""
    shape: Literal["wide", "square"] | None = None
    focus: tuple[_Hundredths, _Hundredths] = (50, 50)


class _Holder(BaseModel):
    picture: _Entry | None = None


def read_picture(document: Document) -> tuple[Picture | None, list[Problem]]:
    """Return what an item's front matter says under `picture`; a faulty one is reported and left out."""
    held, problems = validate(_Holder, document)
    if held is None or held.picture is None:
        return None, problems
    entry, at = held.picture, document.place(("picture", "file"))
    crop = "-".join([entry.shape, *map(str, entry.focus)]) if entry.shape else ""
    picture = Picture(
        file=entry.file, alt=entry.alt, caption=entry.caption, credit=entry.credit, crop=crop, at=at
    )
    return picture, []


def written(picture: Picture) -> dict[str, str | list[int]]:
    """Return `picture` as `read_picture` reads it."""
    said = {"file": picture.file, "alt": picture.alt, "caption": picture.caption, "credit": picture.credit}
    kept: dict[str, str | list[int]] = {key: value for key, value in said.items() if value or key == "alt"}
    if picture.crop:
        shape, *focus = picture.crop.split("-")
        kept |= {"shape": shape, "focus": [*map(int, focus)]}
    return kept


def with_images(
    root: Path, folder: str, items: Mapping[str, Item | None]
) -> tuple[dict[str, Item | None], list[Problem]]:
    """Return `items` with the images of their pictures; a picture that cannot be shown is left out.

    `folder` is the issue's, relative to the workspace `root`.
    """
    problems: list[Problem] = []
    paths: dict[str, Path] = {}
    cuts = {name: item.picture.crop for name, item in items.items() if item and item.picture}
    for name, item in items.items():
        if item and item.picture:
            path = _path(root, folder, item.picture)
            if isinstance(path, Problem):
                problems.append(path)
            else:
                paths[name] = path
    crops: dict[str, list[Path]] = {}
    for name, path in paths.items():
        crops.setdefault(cuts[name], []).append(path)
    made = {
        (path, crop): one
        for crop, files in crops.items()
        for path, one in prepare(files, root.joinpath(*_CACHE), crop=crop).items()
    }
    shown: dict[str, Item | None] = {}
    for name, item in items.items():
        if item and (picture := item.picture):
            found = made[paths[name], cuts[name]] if name in paths else None
            kept, problem = _with_image(picture, found) if found else (None, None)
            problems += [problem] if problem else []
            shown[name] = replace(item, picture=kept)
        else:
            shown[name] = item
    return shown, problems


def _with_image(picture: Picture, made: Prepared | Fault) -> tuple[Picture | None, Problem | None]:
    if isinstance(made, Fault):
        text = Message("the picture %(path)s %(text)s", path=picture.file, text=made.text)
        return None, Problem.error(text, picture.at, made.hint, code="picture-unusable")
    return replace(picture, image=made.image), _still(picture) if made.moves else None


def _path(root: Path, folder: str, picture: Picture) -> Path | Problem:
    """Return where the picture's file is; one that a link leads out of the issue's folder is refused."""
    home = root / folder
    path = home / FOLDER / picture.file
    if not path.is_file():
        names = [file.name for file in (home / FOLDER).glob("*") if file.is_file() and is_line(file.name)]
        hint = nearest(picture.file, names) or Message(
            "Put the file into %(folder)s/%(pictures)s.", folder=folder, pictures=FOLDER
        )
        text = Message(
            "the picture %(folder)s/%(pictures)s/%(path)s is not there",
            folder=folder,
            pictures=FOLDER,
            path=picture.file,
        )
        return Problem.error(text, picture.at, hint, code="picture-missing")
    if not path.resolve().is_relative_to(home.resolve()):
        return Problem.error(
            Message("the picture %(path)s is a link to a file elsewhere", path=picture.file),
            picture.at,
            Message("Put the file itself into %(folder)s/%(pictures)s.", folder=folder, pictures=FOLDER),
            code="picture-unusable",
        )
    return path


def _still(picture: Picture) -> Problem:
    return Problem.warning(
        Message("the picture %(path)s moves; only its first frame is shown", path=picture.file),
        picture.at,
        "Save the frame that says most as PNG or JPEG.",
        code="picture-moves",
    )
