"""Read bounce mails from a file, an mbox, a Maildir, standard input or an IMAP mailbox."""

import imaplib
import mailbox
import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from newsletter.errors import ContentError, Message, TransportUnavailable
from newsletter.feedback.dsn import LIMIT

_TIMEOUT = 60  # seconds


class Mail(NamedTuple):
    """One mail, and its name in its source: a file name, a key or an IMAP UID."""

    name: str
    content: bytes


class Source(Protocol):
    """A source of mails that can mark them as processed."""

    def __len__(self) -> int:
        """Return the number of mails."""

    def __iter__(self) -> Iterator[Mail]:
        """Yield each mail."""

    def settle(self, read: Sequence[str], unreadable: Sequence[str]) -> None:
        """Mark mails, by name, as processed (`read`) or as not understood (`unreadable`)."""


class One(tuple[Mail]):
    """A source of a single mail, which stays unchanged."""

    __slots__ = ()

    def settle(self, read: Sequence[str], unreadable: Sequence[str]) -> None:
        """Do nothing: the mail stays unchanged."""


class Files:
    """The mails of an mbox or a Maildir, which stay unchanged."""

    def __init__(self, box: "mailbox.Mailbox[mailbox.Message]") -> None:
        self._box = box

    def __len__(self) -> int:
        return len(self._box)

    def __iter__(self) -> Iterator[Mail]:
        for key in self._box.iterkeys():
            with suppress(KeyError):  # another program has moved it meanwhile
                yield Mail(str(key), self._box.get_bytes(key))

    def settle(self, read: Sequence[str], unreadable: Sequence[str]) -> None:
        """Do nothing: all mails stay unchanged."""


@contextmanager
def from_path(path: Path) -> Iterator[Source]:
    """Context manager: open a mail, an mbox or a Maildir as a Source. Raises ContentError."""
    found = _open(path)
    if isinstance(found, Mail):
        yield One([found])
        return
    with closing(found):
        yield Files(found)


def _open(path: Path) -> "Mail | mailbox.Mailbox[mailbox.Message]":
    try:
        if path.is_dir():
            if not (path / "cur").is_dir():
                raise ContentError(
                    Message("%(path)s is not a Maildir", path=path),
                    "Name a folder with cur and new in it, or a file.",
                )
            return mailbox.Maildir(path, create=False)
        with path.open("rb") as file:
            content = file.read(LIMIT)
        if content.startswith(b"From "):
            return mailbox.mbox(path, create=False)
    except OSError as error:
        raise ContentError(
            Message("%(path)s cannot be read: %(strerror)s", path=path, strerror=error.strerror),
            "Check the path and its permissions.",
        ) from None
    return Mail(path.name, content)


def from_stdin() -> Source:
    """Read one mail from standard input, as a mail server pipes it, with or without a "From " line."""
    content = sys.stdin.buffer.read(LIMIT)
    while sys.stdin.buffer.read(1 << 20):  # to the end: the mail server takes a closed pipe for a failure
        pass
    if content.startswith(b"From "):
        content = content.partition(b"\n")[2]
    return One([Mail("-", content)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An IMAP account: server, credentials, the folder to read and the folder for processed mails."""

    host: str
    port: int
    security: str
    user: str
    password: str
    folder: str
    processed: str


class Imap:
    """The unflagged mails of an IMAP folder; processed ones are moved, unreadable ones are flagged."""

    def __init__(self, box: BaseMailBox, folder: str, processed: str) -> None:
        self._box = box
        self._folder = folder
        self._processed = processed
        self._numbers = box.uids("UNFLAGGED UNDELETED")

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Mail]:
        for number in self._numbers:
            _, data = self._box.client.uid("FETCH", number, f"(BODY.PEEK[]<0.{LIMIT}>)")
            for part in data:
                if isinstance(part, tuple):
                    yield Mail(number, part[1])

    def take(self, message_id: str) -> bool:
        """Look whether a mail has come meanwhile, and if so move it as processed."""
        self._box.folder.set(self._folder)  # a new look at the folder
        found = self._box.uids(f'HEADER Message-ID "{message_id}"')
        if found:
            self.settle(found, [])
        return bool(found)

    def settle(self, read: Sequence[str], unreadable: Sequence[str]) -> None:
        """Move `read` mails to the folder for processed ones; flag `unreadable` ones for manual review."""
        if read and not self._box.folder.exists(self._processed):
            self._box.folder.create(self._processed)
        self._box.move(read, self._processed)
        if unreadable:
            self._box.client.uid("STORE", ",".join(unreadable), "+FLAGS", r"(\Flagged)")


@contextmanager
def from_imap(account: Account) -> Iterator[Imap]:
    """Context manager: log in to a mailbox. Raises TransportUnavailable, also inside the block."""
    try:
        box = _connect(account)
        try:
            box.login(account.user, account.password, account.folder)
            yield Imap(box, account.folder, account.processed)
        except BaseException:
            box.client.shutdown()
            raise
        box.logout()
    except ssl.SSLCertVerificationError as error:
        raise TransportUnavailable(
            Message(
                "the certificate of %(host)s is not to be trusted: %(why)s",
                host=account.host,
                why=error.verify_message,
            ),
            "Give bounces.imap.host the name the certificate is for, or install its issuer on this machine.",
        ) from None
    except (OSError, ImapToolsError, imaplib.IMAP4.error) as error:
        raise TransportUnavailable(
            Message("the mailbox at %(host)s cannot be used: %(error)s", host=account.host, error=error),
            "Check bounces.imap in newsletter.yaml, and NEWSLETTER_IMAP_PASSWORD.",
        ) from None


class _StartTls(MailBoxUnencrypted):
    """A mailbox with STARTTLS; closes the connection when the server refuses it (the library leaks it)."""

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        client = super()._get_mailbox_client()
        try:
            client.starttls(ssl.create_default_context())
        except imaplib.IMAP4.error:
            client.shutdown()
            raise
        return client


def _connect(account: Account) -> BaseMailBox:
    if account.security == "tls":
        return MailBox(account.host, account.port, _TIMEOUT, ssl_context=ssl.create_default_context())
    kind = _StartTls if account.security == "starttls" else MailBoxUnencrypted
    return kind(account.host, account.port, _TIMEOUT)
