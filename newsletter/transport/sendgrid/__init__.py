"""The transport `sendgrid`: SendGrid's web API.

Not here: retries and rates (newsletter/sending), events (newsletter/feedback/sendgrid.py).
"""

from pydantic import Field

from newsletter.config.parts import Part
from newsletter.config.secrets import printable, secret
from newsletter.config.types import Url
from newsletter.errors import ConfigError, Problem
from newsletter.ports import Transport
from newsletter.transport import REQUESTS, Description, Files


class SendGridSettings(Part):
    """The SendGrid account; its key is in SENDGRID_API_KEY."""

    host: Url = "https://api.sendgrid.com"
    batch: int = Field(default=100, ge=1, le=1000)


def _key() -> str:
    key = secret("SENDGRID_API_KEY")
    if key is None:
        raise ConfigError(
            "SENDGRID_API_KEY is not set, and SendGrid requires a key",
            "Make a key with Mail Send permission in SendGrid's settings, under API Keys. Put it into that"
            " variable, or the name of a file that holds it into SENDGRID_API_KEY_FILE.",
        )
    return printable("SENDGRID_API_KEY", key)


def _make(settings: SendGridSettings, _files: Files) -> Transport:
    from newsletter.transport.sendgrid.client import SendGrid

    return SendGrid(key=_key(), host=settings.host, batch=settings.batch)


def _account(settings: SendGridSettings, domain: str) -> list[Problem]:
    from newsletter.transport.sendgrid.account import lacks

    return lacks(_key(), settings.host, domain)


TRANSPORT = Description(
    settings=SendGridSettings,
    at_risk=lambda settings: REQUESTS * settings.batch,
    make=_make,
    account=_account,
)
