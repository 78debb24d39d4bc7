"""The outbox: one `.eml` file a reader in a folder, for looking at; nothing leaves the machine."""

import asyncio
import re
from pathlib import Path

from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Outcome, Receipt, Verdict
from newsletter.ports import Outgoing


class Outbox:
    """Writes messages to `folder`; a message written again replaces itself."""

    name = "outbox"
    connections = 50  # they take turns, and share each commit
    repeatable = True

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder = folder
        self._prefix = prefix

    async def check(self) -> None:
        """Make the folder. Raises TransportUnavailable when it cannot be written to."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            probe = self._folder / ".probe"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise TransportUnavailable(
                f"the outbox {self._folder} cannot be written to: {error.strerror}",
                "Correct the folder's permissions or free some space.",
            ) from None

    async def drain(self, outgoing: Outgoing) -> None:
        """Write a file for each message."""
        while message := await outgoing.next():
            verdict = await outgoing.begin(message)
            if verdict is Verdict.STOP:
                return
            if verdict is Verdict.GO:
                outgoing.finish(message, self._write(message))
            await asyncio.sleep(0)

    def _write(self, message: Message) -> Receipt:
        address = re.sub(r"[^A-Za-z0-9.@+_-]", "_", message.rcpt_to)[:120]
        path = self._folder / f"{self._prefix}-{message.subscriber:06}-{address}.eml"
        fresh = path.with_name(f".{path.name}")
        try:
            fresh.write_bytes(message.content)
            fresh.replace(path)
        except OSError as error:
            raise TransportUnavailable(
                f"the outbox file {path.name} cannot be written: {error.strerror}",
                "Free some disk space, then run this again: it goes on where it stopped.",
            ) from None
        return Receipt(outcome=Outcome.ACCEPTED, detail=path.name)
