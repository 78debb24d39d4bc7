"""The transport `ses`: Amazon SES, by its API version 2.

Not here: retries and rates (newsletter/sending), events (newsletter/feedback/ses.py).
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from newsletter.config.parts import Part
from newsletter.config.secrets import printable, secret
from newsletter.config.types import Url
from newsletter.errors import ConfigError, Message, Problem
from newsletter.ports import Transport
from newsletter.transport import Description, Files
from newsletter.yamlfile import matching

if TYPE_CHECKING:
    from newsletter.transport.ses.signature import Keys

_REGION = Annotated[str, matching("[a-z]{2}(-[a-z]+)+-[0-9]", "must be a region of AWS, like eu-central-1")]
_NAME = Annotated[
    str, matching("[A-Za-z0-9_-]{0,64}", "must be Latin letters, digits, hyphens and underscores, at most 64")
]


class SesSettings(Part):
    """The account at Amazon SES; its keys are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""

    region: _REGION = "eu-central-1"
    configuration_set: _NAME = ""
    connections: int = Field(default=10, ge=1, le=100)
    host: Url | None = None


def _key(name: str, key: str | None) -> str:
    if key is None:
        raise ConfigError(
            Message("%(name)s is not set, and Amazon SES requires it", name=name),
            "Make an access key in AWS, under IAM, for a user who may ses:SendEmail, ses:GetAccount and"
            " ses:GetEmailIdentity. Put its two parts into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    return printable(name, key)


def _keys() -> "Keys":
    from newsletter.transport.ses.signature import Keys

    session = secret("AWS_SESSION_TOKEN")
    return Keys(
        access=_key("AWS_ACCESS_KEY_ID", secret("AWS_ACCESS_KEY_ID")),
        secret=_key("AWS_SECRET_ACCESS_KEY", secret("AWS_SECRET_ACCESS_KEY")),
        session=printable("AWS_SESSION_TOKEN", session) if session else "",
    )


def _host(settings: SesSettings) -> str:
    return settings.host or f"https://email.{settings.region}.amazonaws.com"


def _make(settings: SesSettings, _files: Files) -> Transport:
    from newsletter.transport.ses.client import Ses

    return Ses(
        keys=_keys(),
        host=_host(settings),
        region=settings.region,
        configuration_set=settings.configuration_set,
        connections=settings.connections,
    )


def _account(settings: SesSettings, domain: str) -> list[Problem]:
    from newsletter.transport.ses.account import lacks

    return lacks(_keys(), _host(settings), settings.region, domain)


TRANSPORT = Description(
    settings=SesSettings,
    at_risk=lambda settings: settings.connections,
    make=_make,
    account=_account,
)
