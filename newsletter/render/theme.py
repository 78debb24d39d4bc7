"""A theme: the folder of templates, colours and fonts that editions are rendered with.

A theme needs to hold only what differs: every other file is taken from the theme that comes with the program.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from newsletter.errors import ConfigError, ContentError, Place, RenderError
from newsletter.yamlfile import load, validate

SHIPPED = "digest"
_LOOK = "theme.yaml"
_ALIKE = 0.4  # of what is filled in little is left of a template's line
_LARGEST = 1_000_000  # bytes of a file
_HINT = 'Colours are written like "#0b4f9c", fonts like "\'Segoe UI\', Arial, sans-serif".'

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]  # classic Outlook reads six digits only


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Colours(_Model):
    """One scheme. Text is `ink`, `muted` or `accent`, each readable on `ground`, `paper` and `tint`."""

    ground: Colour
    paper: Colour
    ink: Colour
    muted: Colour
    accent: Colour
    hairline: Colour
    warm: Colour
    tint: Colour


class Look(_Model):
    """theme.yaml: the values a second association changes."""

    fonts: str = Field(pattern=r"^[\w' ,-]+$")
    light: Colours
    dark: Colours


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The folders its files are looked up in, first found first used, and its look."""

    folders: tuple[Path, ...]
    look: Look

    def read(self, name: str) -> tuple[str, Place] | None:
        """Return the text of the file `name` and where it is, or None. Raises RenderError."""
        return _read(self.folders, name)

    def find(self, name: str, words: str) -> Place | None:
        """Return the line of the file `name` that has `words`, else the one that is most like them."""
        text, at = self.read(name) or ("", None)
        lines = [line.strip() for line in text.split("\n")]
        number = next((number for number, line in enumerate(lines, 1) if words and words in line), 0)
        if not number and (like := get_close_matches(words.strip(), lines, 1, _ALIKE)):
            number = lines.index(like[0]) + 1
        return replace(at, line=number) if at else None


def open_theme(name: str, roots: Sequence[Path]) -> Theme:
    """Return the theme `name` from the first of the folders `roots` that has it.

    Raises ConfigError when none has it, or with every fault of its look.
    """
    own = [root / name for root in roots if (root / name).is_dir()]
    if not own:
        known = sorted({file.parent.name for root in roots for file in root.glob(f"*/{_LOOK}")})
        raise ConfigError(f"there is no theme {name!r}", f"Themes here: {', '.join(known)}.")
    folders = tuple(dict.fromkeys([*own, *(root / SHIPPED for root in roots)]))
    return Theme(folders=folders, look=_look(folders))


def _look(folders: Sequence[Path]) -> Look:
    found = _read(folders, _LOOK)
    if found is None:
        raise ConfigError(f"the theme has no {_LOOK}", f"Copy {_LOOK} from the theme {SHIPPED!r}.")
    text, at = found
    try:
        look, problems = validate(Look, load(text, at.path))
    except ContentError as error:
        raise ConfigError(error.problems) from None
    if look is None:
        raise ConfigError([replace(problem, hint=problem.hint or _HINT) for problem in problems])
    return look


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
                raise RenderError(f"cannot be read: {error}", "Save it as UTF-8 text.", at) from None
    return None
