"""A reader's own message: links, headers and addresses that derive from the delivery."""

from datetime import date, datetime

import idna

from newsletter.links import Purpose, Signer
from newsletter.model import Envelope, Message, Rendered
from newsletter.store.ledger import Due
from newsletter.transport.mime import Skeleton


class Writer:
    """Writes one edition to any reader of it."""

    def __init__(self, edition: Rendered, shared: Envelope, signer: Signer) -> None:
        self._skeleton = Skeleton(edition, shared)
        self._issue = shared.issue
        self._domain = shared.domain
        self._closing = date.fromisoformat(shared.issue)
        self._signer = signer

    def write(self, due: Due, now: datetime) -> Message:
        """Return the message for `due`; a second attempt keeps Message-ID and return path."""
        number, email = due.subscriber, wire_address(due.email)
        message_id = f"<{self._issue}.{self._token(Purpose.MESSAGE, number)}@{self._domain}>"
        content = self._skeleton.message(
            name=due.name,
            email=email,
            message_id=message_id,
            date=now,
            values=self._signer.slots(number, due.email, self._closing),
        )
        return Message(
            subscriber=number,
            mail_from=f"b+{self._token(Purpose.BOUNCE, number)}@{self._domain}",
            rcpt_to=email,
            message_id=message_id,
            content=content,
        )

    def _token(self, purpose: Purpose, number: int) -> str:
        return self._signer.token(purpose, number, self._closing)


def wire_address(email: str) -> str:
    """Return `email` with its domain in ASCII (RFC 5891), as relays without SMTPUTF8 want it."""
    if email.isascii():
        return email
    local, _, domain = email.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
