"""The option `--consent`: where new people's consent comes from, stored with each of them."""

import sys
from typing import Any

import click

from newsletter.cli.language import words


class Consent(click.ParamType[str]):
    """A line of text that says where consent comes from."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Accept a line of readable text, or fail with what is wrong with it."""
        from newsletter.audience.consent import check_consent

        text, fault = check_consent(str(value))
        if fault:
            self.fail(fault, param, ctx)
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
    from newsletter.audience.consent import consent_missing

    if not sys.stdin.isatty():
        raise consent_missing()
    answer: str = click.prompt(words("Where does these people's consent come from"), type=Consent(), err=True)
    return answer
