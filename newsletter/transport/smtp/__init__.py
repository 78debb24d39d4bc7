"""The transport `smtp`: a relay.

Not here: retries and rates (newsletter/sending).
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from newsletter.config.parts import Part
from newsletter.config.secrets import secret
from newsletter.config.types import Host
from newsletter.ports import Transport
from newsletter.transport import Description, Files


class SmtpSettings(Part):
    """The relay; its password is in NEWSLETTER_SMTP_PASSWORD."""

    host: Host = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str = ""
    connections: int = Field(default=10, ge=1, le=100)
    per_connection: int = Field(default=0, ge=0)
    window: int = Field(default=4, ge=1, le=4)
    timeout: int = Field(default=60, ge=1, le=600, description="seconds")

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, given: Any) -> Any:
        """Send to port 465 where TLS is spoken from the first word (RFC 8314 §7.3)."""
        if isinstance(given, dict) and given.get("security") == "tls":
            return {"port": 465, **given}
        return given


def _make(settings: SmtpSettings, _files: Files) -> Transport:
    from newsletter.transport.smtp.client import Smtp

    return Smtp(
        host=settings.host,
        port=settings.port,
        security=settings.security,
        user=settings.user,
        password=secret("NEWSLETTER_SMTP_PASSWORD") or "",
        token=secret("NEWSLETTER_SMTP_TOKEN") or "",
        connections=settings.connections,
        per_connection=settings.per_connection,
        window=settings.window,
        timeout=settings.timeout,
    )


TRANSPORT = Description(
    settings=SmtpSettings, at_risk=lambda settings: settings.connections * settings.window, make=_make
)
