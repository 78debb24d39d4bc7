"""Personalise messages: a reader's links, headers and addresses, all derived from the delivery."""

from datetime import datetime

from newsletter import slots
from newsletter.links import OF_A_MESSAGE, Purpose, Signer
from newsletter.model import Envelope, Message, Rendered
from newsletter.names import IssueName, read_name
from newsletter.recipes import Assembled
from newsletter.store.ledger import Due
from newsletter.transport.dkim import DomainSigner
from newsletter.transport.mime import Skeleton


class Writer:
    """Personalises one edition for any of its readers; `signer` makes the links, `dkim` signs the message."""

    def __init__(
        self,
        edition: Rendered | Assembled,
        shared: Envelope,
        signer: Signer,
        dkim: DomainSigner | None = None,
    ) -> None:
        self._skeleton = Skeleton(edition, shared)
        self._page = edition
        self._shared = shared
        self._domain = shared.domain
        self._issue = read_name(shared.issue)
        self._signer = signer
        self._dkim = dkim

    def _whole(self) -> Rendered:
        return self._page if isinstance(self._page, Rendered) else self._page.page

    def write(self, due: Due, now: datetime, tokens: tuple[str, ...] = ()) -> Message:
        """Return the message for `due`; a retry has the same Message-ID and return path.

        `tokens` are the reader's, OF_A_MESSAGE, if they are made already.
        """
        number, email = due.subscriber, due.email
        tokens = tokens or self._signer.tokens(OF_A_MESSAGE, number, self._issue)
        bounce, own, report, preferences, unsubscribe, view = tokens
        identity = _identity(self._issue, own, self._domain)
        values = {
            slots.EMAIL: email,
            slots.PREFERENCES: preferences,
            slots.UNSUBSCRIBE: unsubscribe,
            slots.VIEW: view,
            **self._shared.greeting_of(due.name),
        }

        def build() -> list[bytes]:
            pieces = self._skeleton.pieces(
                name=due.name, email=email, message_id=identity, date=now, values=values, report=report
            )
            return self._dkim.signed(pieces) if self._dkim else pieces

        return Message(
            subscriber=number,
            mail_from=f"b+{bounce}@{self._domain}",
            rcpt_to=email,
            message_id=identity,
            name=due.name,
            edition=self._page.edition,
            load=self._whole,
            shared=self._shared,
            values=values,
            build=build,
        )


def message_id(signer: Signer, number: int, issue: IssueName, domain: str) -> str:
    """Return the Message-ID of a delivery: the same for every attempt, so that logs can be matched."""
    return _identity(issue, signer.token(Purpose.MESSAGE, number, issue), domain)


def _identity(issue: IssueName, token: str, domain: str) -> str:
    return f"<{issue}.{token}@{domain}>"
