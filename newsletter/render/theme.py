"""A theme: the folder of templates, fonts and shapes that editions are rendered with.

A theme needs to hold only what differs: every other file is taken from the theme that comes with the program.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from newsletter.brand import Palette, palette
from newsletter.errors import ConfigError, Message, Place, RenderError
from newsletter.render.look import LOOK, merged, read_look
from newsletter.render.values import Data

SHIPPED = "digest"
_ALIKE = 0.4  # of what is filled in little is left of a template's line
_FILLED_IN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_LARGEST = 1_000_000  # bytes of a file
_NO_THEMES = frozenset({"mail", "web"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The folders its files are looked up in, first found first used, and its values for templates."""

    folders: tuple[Path, ...]
    look: Data

    def read(self, name: str) -> tuple[str, Place] | None:
        """Return the text of the file `name` and where it is, or None. Raises RenderError."""
        return _read(self.folders, name)

    def files(self, ending: str) -> set[str]:
        """Return the names of all its files that end so, in any of its folders."""
        found = (file.relative_to(one) for one in self.folders for file in one.rglob(f"*{ending}"))
        return {name.as_posix() for name in found}

    def find(self, name: str, words: str) -> Place | None:
        """Return the line of the file `name` that has `words`, else the one that is most like them."""
        text, at = self.read(name) or ("", None)
        lines = [line.strip() for line in text.split("\n")]
        number = next((number for number, line in enumerate(lines, 1) if words and words in line), 0)
        if not number and (held := max((_held(line, words), n) for n, line in enumerate(lines, 1)))[0]:
            number = held[1]
        elif not number and (like := get_close_matches(words.strip(), lines, 1, _ALIKE)):
            number = lines.index(like[0]) + 1
        return replace(at, line=number) if at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeFolder:
    """A theme that can be chosen: its name, what it says of itself, and the files that it holds itself."""

    name: str
    about: str
    shipped: bool
    files: tuple[str, ...]


def open_theme(name: str, roots: Sequence[Path], colours: Palette | None = None) -> Theme:
    """Return the theme `name` from the first of the folders `roots` that has it, in the brand's `colours`.

    Raises ConfigError when none has it, or with every fault of its look.
    """
    own = [root / name for root in roots if (root / name).is_dir()]
    if not own:
        known = ", ".join(theme.name for theme in themes(roots))
        raise ConfigError(
            Message("there is no theme %(name)r", name=name), Message("Themes here: %(known)s.", known=known)
        )
    folders = tuple(dict.fromkeys([*own, *(root / SHIPPED for root in roots)]))
    looks = [read_look(*found) for folder in folders if (found := _read([folder], LOOK))]
    return Theme(folders=folders, look=merged(looks, colours or palette()))


def themes(roots: Sequence[Path]) -> Iterator[ThemeFolder]:
    """Yield the themes in `roots`, by name: the workspace's own folder of a name, then the shipped one.

    Raises ConfigError when the theme.yaml of one is faulty.
    """
    folders = sorted(
        {folder.name for root in roots for folder in root.glob("*/") if _is_theme(folder)} - _NO_THEMES
    )
    for name in folders:
        own = [root / name for root in roots if (root / name).is_dir()]
        found = _read(own, LOOK)
        yield ThemeFolder(
            name=name,
            about=read_look(*found)[0].about if found else "",
            shipped=own[0].parent == roots[-1],
            files=tuple(
                sorted(file.relative_to(own[0]).as_posix() for file in own[0].rglob("*") if file.is_file())
            ),
        )


def _is_theme(folder: Path) -> bool:
    return any((folder / name).exists() for name in (LOOK, "issue.mjml", "issue.txt", "blocks", "style.css"))


def _held(line: str, words: str) -> int:
    """Return how many characters of a template's line are in the line that was made of it, if all are."""
    at = held = 0
    for piece in _FILLED_IN.split(line):
        at = words.find(piece, at)
        if at < 0:
            return 0
        at += len(piece)
        held += len(piece)
    return held


def _read(folders: Sequence[Path], name: str) -> tuple[str, Place] | None:
    """Read `name` from the first folder that has it; a file that a link leads out of there counts as none."""
    for folder in folders:
        file = (folder / name).resolve()
        if file.is_relative_to(folder.resolve()) and file.is_file():
            at = Place(f"{folder.parent.name}/{folder.name}/{name}")
            try:
                if file.stat().st_size > _LARGEST:
                    raise RenderError("is larger than a template can be", "Is it another file?", at)
                return file.read_text(encoding="utf-8-sig"), at
            except (OSError, UnicodeDecodeError) as error:
                raise RenderError(
                    Message("cannot be read: %(error)s", error=error), "Save it as UTF-8 text.", at
                ) from None
    return None
