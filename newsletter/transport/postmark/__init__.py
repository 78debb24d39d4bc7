"""The transport `postmark`: Postmark's web API.

Not here: retries and rates (newsletter/sending), events (newsletter/feedback/postmark.py).
"""

from pydantic import Field

from newsletter.config.parts import Part
from newsletter.config.secrets import printable, secret
from newsletter.config.types import Slug, Url
from newsletter.errors import ConfigError, Problem
from newsletter.ports import Transport
from newsletter.transport import REQUESTS, Description, Files

_NOBODY = "POSTMARK_API_TEST"
"""The token with which Postmark takes everything and delivers nothing."""


class PostmarkSettings(Part):
    """The Postmark server and its stream for bulk mail; the server's token is in POSTMARK_SERVER_TOKEN."""

    host: Url = "https://api.postmarkapp.com"
    stream: Slug = "broadcast"
    batch: int = Field(default=50, ge=1, le=500)


def _token() -> str:
    token = secret("POSTMARK_SERVER_TOKEN")
    if token is None:
        raise ConfigError(
            "POSTMARK_SERVER_TOKEN is not set, and Postmark requires a token",
            "Copy the token from the server's API Tokens in Postmark. Put it into that variable, or the name"
            " of a file that holds it into POSTMARK_SERVER_TOKEN_FILE.",
        )
    if token == _NOBODY:
        raise ConfigError(
            "POSTMARK_SERVER_TOKEN is Postmark's token for tests, by which nobody gets anything",
            "Copy the token from the server's API Tokens in Postmark.",
        )
    return printable("POSTMARK_SERVER_TOKEN", token)


def _make(settings: PostmarkSettings, _files: Files) -> Transport:
    from newsletter.transport.postmark.client import Postmark

    return Postmark(token=_token(), host=settings.host, stream=settings.stream, batch=settings.batch)


def _account(settings: PostmarkSettings, domain: str) -> list[Problem]:
    from newsletter.transport.postmark.account import lacks

    return lacks(_token(), settings.host, settings.stream, domain)


TRANSPORT = Description(
    settings=PostmarkSettings,
    at_risk=lambda settings: REQUESTS * settings.batch,
    make=_make,
    account=_account,
)
