"""Outbox transport: write one `.eml` file per reader to a folder, for inspection; nothing is really sent."""

import asyncio
import re
from email import message_from_bytes, policy
from pathlib import Path
from tempfile import TemporaryFile

from newsletter import errors, files, private
from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Outcome, Receipt, Verdict
from newsletter.ports import Outgoing

_DURABLE = False
"""Not synced to disk: the files are only looked at, and a sync for each would take most of the time."""


class Outbox:
    """Write messages to `folder`; a message that is written again replaces its file."""

    name = "outbox"
    connections = 50  # they take turns, and share each ledger commit
    repeatable = True

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder = folder
        self._prefix = prefix

    async def check(self) -> None:
        """Create the folder. Raises TransportUnavailable when it cannot be written to."""
        try:
            private.own_folder(self._folder)
            with TemporaryFile(dir=self._folder) as probe:
                probe.write(b"probe")
        except OSError as error:
            raise TransportUnavailable(
                errors.Message(
                    "the outbox %(folder)s cannot be written to: %(strerror)s",
                    folder=self._folder,
                    strerror=error.strerror,
                ),
                "Correct the folder's permissions or free some space.",
            ) from None

    async def drain(self, outgoing: Outgoing) -> None:
        """Write a file for each message of `outgoing`. Raises TransportUnavailable."""
        while message := await outgoing.next():
            [verdict] = await outgoing.begin([message])
            if verdict is Verdict.STOP:
                return
            if verdict is Verdict.GO:
                outgoing.finish(message, self._write(message))
            await asyncio.sleep(0)

    def _write(self, message: Message) -> Receipt:
        path = self._folder / f"{self._prefix}-{message.subscriber:06}-{_plain(message.rcpt_to)}.eml"
        try:
            files.atomic_write(path, message.content, mode=files.OWNER, durable=_DURABLE)
        except OSError as error:
            raise TransportUnavailable(
                errors.Message(
                    "the outbox file %(name)s cannot be written: %(strerror)s",
                    name=path.name,
                    strerror=error.strerror,
                ),
                "Free some disk space, then run this again: it goes on where it stopped.",
            ) from None
        return Receipt(outcome=Outcome.ACCEPTED, detail=path.name)


def forget(folder: Path, address: str, subscriber: int | None) -> None:
    """Delete the messages to `address` in `folder` and below, and the issues' messages to this `subscriber`.

    The folders below hold letters, which may name other people's addresses: those that name this one are
    deleted too. With an empty address only the number counts.
    """
    end = f"-{_plain(address)}.eml".casefold()
    number = re.compile(rf"\d{{4}}-\d\d-\d\d(?:\+\d+)?-{subscriber:06}-") if subscriber else None
    for path in folder.rglob("*.eml*"):
        name = files.unfinished(path.name) or path.name
        theirs = number and path.parent == folder and number.match(name)
        named = name.casefold().endswith(end) or (path.parent != folder and _names(path, address))
        if theirs or (address and named):
            path.unlink(missing_ok=True)


def _names(path: Path, address: str) -> bool:
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    texts = (part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    return any(address.casefold() in text.casefold() for text in texts)


def _plain(address: str) -> str:
    return re.sub(r"[^A-Za-z0-9.@+_-]", "_", address)[:120]
