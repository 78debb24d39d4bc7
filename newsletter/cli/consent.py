"""Where people's consent comes from: asked of whoever brings people in, and kept with each of them."""

import sys
import unicodedata
from typing import Any

import click

from newsletter.errors import ConfigError

_LONGEST = 200  # characters; it stands in one line of a person's record


class Consent(click.ParamType[str]):
    """A line of text that says where consent comes from."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take a readable line, or fail with what is wrong with it."""
        text = " ".join(unicodedata.normalize("NFC", str(value)).split())
        if not text or len(text) > _LONGEST or not text.isprintable():
            self.fail(f"a readable line of 1 to {_LONGEST} characters is needed", param, ctx)
        return text


consent = click.option(
    "--consent", metavar="TEXT", type=Consent(), help="Where new people's consent comes from; kept with them."
)


def insisted(given: str | None) -> str:
    """Return what was given, or ask for it on a terminal. Raises ConfigError elsewhere."""
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise ConfigError(
            "it is not said where the consent of these people comes from",
            'Say it, such as: --consent "Paper forms of the forum, 12 March 2025"',
        )
    answer: str = click.prompt("Where does these people's consent come from", type=Consent(), err=True)
    return answer
