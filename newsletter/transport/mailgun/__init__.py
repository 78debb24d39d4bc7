"""The transport `mailgun`: Mailgun's API for finished messages.

Not here: retries and rates (newsletter/sending), events (newsletter/feedback/mailgun.py).
"""

from pydantic import Field

from newsletter.config.parts import Part
from newsletter.config.secrets import printable, secret
from newsletter.config.types import Domain, Url
from newsletter.errors import ConfigError, Problem
from newsletter.ports import Transport
from newsletter.transport import Description, Files


class MailgunSettings(Part):
    """The Mailgun account; its key is in MAILGUN_API_KEY."""

    host: Url = "https://api.mailgun.net"
    domain: Domain | None = None
    connections: int = Field(default=4, ge=1, le=50)


def _access(settings: MailgunSettings) -> tuple[str, str]:
    """Return the domain to send by and the key to it. Raises ConfigError."""
    if settings.domain is None:
        raise ConfigError(
            "mailgun.domain is not set",
            "Name in newsletter.yaml the domain that sends, as Mailgun's page Domains shows it.",
        )
    key = secret("MAILGUN_API_KEY")
    if key is None:
        raise ConfigError(
            "MAILGUN_API_KEY is not set, and Mailgun requires a key",
            "Make a sending key in Mailgun's settings of the domain. Put it into that variable, or the name"
            " of a file that holds it into MAILGUN_API_KEY_FILE.",
        )
    return settings.domain, printable("MAILGUN_API_KEY", key)


def _make(settings: MailgunSettings, _files: Files) -> Transport:
    from newsletter.transport.mailgun.client import Mailgun

    domain, key = _access(settings)
    return Mailgun(key=key, host=settings.host, domain=domain, connections=settings.connections)


def _account(settings: MailgunSettings, _sender: str) -> list[Problem]:
    from newsletter.transport.mailgun.account import lacks

    domain, key = _access(settings)
    return lacks(key, settings.host, domain)


TRANSPORT = Description(
    settings=MailgunSettings,
    at_risk=lambda settings: settings.connections,
    make=_make,
    account=_account,
)
