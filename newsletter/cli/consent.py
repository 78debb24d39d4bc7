"""The option `--consent`: where new people's consent comes from, stored with each of them."""

import sys
import unicodedata
from typing import Any

import click

from newsletter.errors import ConfigError

_LONGEST = 200  # characters; it is one line of a person's record


class Consent(click.ParamType[str]):
    """A line of text that says where consent comes from."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Accept a line of readable text, or fail with what is wrong with it."""
        text = " ".join(unicodedata.normalize("NFC", str(value)).split())
        if not text or len(text) > _LONGEST or not text.isprintable():
            self.fail(f"must be a line of readable text, of 1 to {_LONGEST} characters", param, ctx)
        return text


consent = click.option(
    "--consent",
    metavar="TEXT",
    type=Consent(),
    help="Where new people's consent comes from; stored with them.",
)


def insisted(given: str | None) -> str:
    """Return the given source of consent, or prompt for it on a terminal. Raises ConfigError elsewhere."""
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise ConfigError(
            "the source of these people's consent is missing",
            'Name it, for example: --consent "Paper forms of the forum, 12 March 2025"',
        )
    answer: str = click.prompt("Where does these people's consent come from", type=Consent(), err=True)
    return answer
