"""The transport of docs/adding-a-transport.md: it appends messages to a file, for another program to send."""

from pathlib import Path

from newsletter.config.parts import Part
from newsletter.config.secrets import secret
from newsletter.config.types import Line
from newsletter.errors import ConfigError, TransportUnavailable
from newsletter.model import Message, Outcome, Receipt, Verdict
from newsletter.ports import Outgoing, Transport
from newsletter.transport import Description, Files


class SpoolSettings(Part):
    """Where the spool is; its key is in SPOOL_KEY."""

    file: Line = "spool.mbox"


class Spool:
    """Appends messages to `path`."""

    name = "spool"
    connections = 2
    repeatable = False

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key

    async def check(self) -> None:
        """Make the folder. Raises TransportUnavailable when it cannot be made."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TransportUnavailable(
                f"the spool {self._path} cannot be written to: {error.strerror}", "Name another spool.file."
            ) from None

    async def drain(self, outgoing: Outgoing) -> None:
        """Append each message."""
        while message := await outgoing.next():  # prepare what you like: nothing may leave yet
            [verdict] = await outgoing.begin([message])  # now the database says that it may be on the wire
            if verdict is Verdict.STOP:
                return  # paused, cancelled, or another worker has taken over
            if verdict is Verdict.GO:  # else the reader has left meanwhile: go on to the next
                outgoing.finish(message, await self._write(message))

    async def _write(self, message: Message) -> Receipt:
        with self._path.open("ab") as spool:
            spool.write(f"{self._key} {message.rcpt_to}\r\n".encode() + message.content + b"\r\n.\r\n")
        return Receipt(outcome=Outcome.ACCEPTED, detail="spooled")


def _make(settings: SpoolSettings, files: Files) -> Transport:
    key = secret("SPOOL_KEY")
    if key is None:
        raise ConfigError("SPOOL_KEY is not set", "Put the key of the spool into that variable.")
    return Spool(files.folder / settings.file, key)


TRANSPORT = Description(settings=SpoolSettings, at_risk=lambda _: Spool.connections, make=_make)
