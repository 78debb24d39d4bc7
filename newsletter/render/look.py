"""Read theme.yaml: fonts, colours that differ from the brand's, and a theme's own values by name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from newsletter.brand import READABLE, TEXT_PAIRS, Colours, Palette, contrast
from newsletter.errors import ConfigError, ContentError, Message, Place, Problem
from newsletter.render.values import Data
from newsletter.yamlfile import Document, load, matching, validate

LOOK = "theme.yaml"
_HINT = 'Colours are written like "#0b4f9c", fonts like "\'Segoe UI\', Arial, sans-serif".'
_QUOTED = re.compile(r"'((?:[A-Za-z][\w-]*)(?: [A-Za-z][\w-]*)*)'")
_SCHEMES = ("light", "dark")
_NAMES = tuple(field.name for field in fields(Colours))
_CONTENTS = 3
"""A list of contents comes from so many sections up, where a theme does not say another number."""
_SLIP = 0.75  # as "acent" for "accent", but not "warm" for "paper"

Colour = Annotated[str, matching("#[0-9a-fA-F]{6}", "must be # and six digits or letters a to f")]
"""Classic Outlook reads six digits only."""
_Fonts = Annotated[str, matching(r"[\w' ,-]+", "must be names of fonts, separated by commas")]


class Look(BaseModel):
    """theme.yaml: what a theme says of itself. Names it does not know are the theme's own values."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str | int | float]

    about: str = Field(default="", max_length=120)
    fonts: _Fonts | None = None
    contents: int | None = Field(default=None, ge=0, le=1000)
    light: dict[str, Colour] = {}
    dark: dict[str, Colour] = {}


def read_look(text: str, at: Place) -> tuple[Look, Document]:
    """Return theme.yaml and where each of its keys stands. Raises ConfigError with every fault."""
    try:
        document = load(text, at.path)
        look, problems = validate(Look, document)
    except ContentError as error:
        raise ConfigError(error.problems) from None
    problems += _slips(look, document) if look else []
    if look is None or problems:
        raise ConfigError([replace(problem, hint=problem.hint or _HINT) for problem in problems])
    return look, document


def merged(looks: Sequence[tuple[Look, Document]], palette: Palette) -> Data:
    """Return the values of a theme: those of the first look that has them, else the brand's colours.

    Raises ConfigError where a text's colour of the first look cannot be read.
    """
    own, document = looks[0]
    schemes = {
        name: _scheme(getattr(palette, name), [getattr(look, name) for look, _ in looks]) for name in _SCHEMES
    }
    if faint := [
        one for name in _SCHEMES for one in _faint(name, getattr(own, name), schemes[name], document)
    ]:
        raise ConfigError(faint)
    given: dict[str, Any] = {"contents": _CONTENTS}
    for look, _ in reversed(looks):
        given |= {**(look.__pydantic_extra__ or {}), **({"fonts": _bare(look.fonts)} if look.fonts else {})}
        given |= {} if look.contents is None else {"contents": look.contents}
    return Data(**given | {name: Data(**colours) for name, colours in schemes.items()})


def _bare(fonts: str) -> str:
    """Return the fonts without the quotation marks that CSS does not need: attributes have their own."""
    return _QUOTED.sub(r"\1", fonts)


def _scheme(colours: Colours, own: Sequence[Mapping[str, str]]) -> dict[str, str]:
    found = {name: str(getattr(colours, name)) for name in _NAMES}
    for one in reversed(own):
        found |= one
    return found


def _faint(
    scheme: str, own: Mapping[str, str], colours: Mapping[str, str], document: Document
) -> Iterator[Problem]:
    """Find the texts of a scheme that cannot be read because of a colour that theme.yaml gives."""
    for text, ground in TEXT_PAIRS:
        reached = contrast(colours[text], colours[ground])
        if reached < READABLE and {text, ground} & own.keys():
            name = text if text in own else ground
            yield Problem.error(
                Message(
                    "%(scheme)s.%(name)s: %(text)s on %(ground)s has a contrast of %(reached)s,"
                    " needed is %(readable)s",
                    scheme=scheme,
                    name=name,
                    text=text,
                    ground=ground,
                    reached=f"{reached:.1f}",
                    readable=READABLE,
                ),
                document.place((scheme, name)),
                "Make it darker or lighter; left out, it follows from the brand and can be read.",
            )


def _slips(look: Look, document: Document) -> list[Problem]:
    """Find names of colours that are nearly those of the brand's."""
    return [
        Problem.error(
            Message("%(scheme)s.%(name)s: there is no colour %(name)r", scheme=scheme, name=name),
            document.place((scheme, name)),
            Message("Did you mean %(like)r?", like=like[0]),
        )
        for scheme in _SCHEMES
        for name in getattr(look, scheme)
        if name not in _NAMES and (like := get_close_matches(name, _NAMES, 1, _SLIP))
    ]
