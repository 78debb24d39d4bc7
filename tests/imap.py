"""A mailbox on a server, for tests: as much of IMAP (RFC 3501, RFC 6851) as reading bounces takes."""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Stored:
    """A mail in a folder."""

    content: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Imap:
    """Folders of mails by number; `moves`: it knows MOVE; `drop`: the command at which it hangs up.

    It speaks `tls` from the first word, or with `starttls` once it is asked to.
    """

    password: str = "geheim"  # noqa: S105  a planted one
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    moves: bool = True
    drop: str = ""
    port: int = 0
    folders: dict[str, dict[int, Stored]] = field(default_factory=lambda: {"INBOX": {}})
    commands: list[str] = field(default_factory=list)
    numbers: int = 0

    def put(self, content: bytes) -> None:
        """Let a mail come."""
        self._add("INBOX", Stored(content))

    def _add(self, folder: str, mail: Stored) -> None:
        self.numbers += 1
        self.folders[folder][self.numbers] = mail

    def copy(self, folder: str, numbers: list[int], to: str) -> None:
        """Copy mails of `folder` to another."""
        for number in numbers:
            self._add(to, Stored(self.folders[folder][number].content))


class _Conversation(socketserver.StreamRequestHandler):
    imap: Imap
    folder = "INBOX"

    def handle(self) -> None:
        with suppress(OSError):  # a client that does not trust us hangs up
            if not self.imap.starttls:
                self._secure()
            self._say("* OK ready")
            while line := self.rfile.readline().decode(errors="replace").strip():
                tag, _, rest = line.partition(" ")
                self.imap.commands.append(rest)
                if self.imap.drop and rest.startswith(self.imap.drop):
                    return
                self._command(tag, rest)

    def finish(self) -> None:
        """Hang up, in TLS too."""
        self.request.close()
        super().finish()

    def _secure(self) -> None:
        if self.imap.tls:
            self.request = self.imap.tls.wrap_socket(self.request, server_side=True)
            self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)

    def _say(self, line: str | bytes) -> None:
        self.wfile.write((line if isinstance(line, bytes) else line.encode()) + b"\r\n")

    def _command(self, tag: str, rest: str) -> None:
        verb, _, said = rest.removeprefix("UID ").partition(" ")
        answer = getattr(self, f"_{verb.lower()}", None)
        if answer is None:
            self._say(f"{tag} BAD what?")
            return
        self._say(f"{tag} {answer(said) or 'OK done'}")
        if verb == "STARTTLS":
            self._secure()

    def _capability(self, _said: str) -> None:
        offered = {"MOVE": self.imap.moves, "STARTTLS": self.imap.starttls}
        self._say(f"* CAPABILITY IMAP4rev1 {' '.join(name for name, so in offered.items() if so)}")

    def _starttls(self, _said: str) -> None:
        """Let the client begin."""

    def _login(self, said: str) -> str | None:
        return None if said.endswith(f'"{self.imap.password}"') else "NO wrong password"

    def _select(self, said: str) -> str | None:
        self.folder = said.strip('"')
        self._say(f"* {len(self.imap.folders[self.folder])} EXISTS")
        return None

    def _list(self, said: str) -> None:
        name = _last(said)
        if name in self.imap.folders:
            self._say(f'* LIST () "/" "{name}"')

    def _create(self, said: str) -> None:
        self.imap.folders[said.strip('"')] = {}

    def _search(self, said: str) -> None:
        _, _, wanted = said.partition("HEADER Message-ID ")
        found = [
            number
            for number, mail in self._mails.items()
            if not mail.flags & {r"\Flagged", r"\Deleted"} and wanted.strip('"').encode() in mail.content
        ]
        self._say(f"* SEARCH {' '.join(map(str, found))}")

    def _fetch(self, said: str) -> None:
        for number in self._numbers(said):
            content = self._mails[number].content
            self._say(
                f"* {number} FETCH (UID {number} BODY[]<0> {{{len(content)}}}".encode()
                + b"\r\n"
                + content
                + b")"
            )

    def _store(self, said: str) -> None:
        for number in self._numbers(said):
            self._mails[number].flags.update(re.findall(r"\\\w+", said))

    def _copy(self, said: str) -> None:
        self.imap.copy(self.folder, self._numbers(said), _last(said))

    def _move(self, said: str) -> None:
        self._copy(said)
        for number in self._numbers(said):
            del self._mails[number]

    def _expunge(self, _said: str) -> None:
        for number in [n for n, mail in self._mails.items() if r"\Deleted" in mail.flags]:
            del self._mails[number]

    def _logout(self, _said: str) -> None:
        self._say("* BYE")

    @property
    def _mails(self) -> dict[int, Stored]:
        return self.imap.folders[self.folder]

    def _numbers(self, said: str) -> list[int]:
        return [int(number) for number in said.partition(" ")[0].split(",")]


def _last(said: str) -> str:
    return said.rpartition(" ")[2].strip('"')


@contextmanager
def running(imap: Imap) -> Iterator[Imap]:
    """Run `imap` in threads of its own, on a free port of loopback."""
    server = socketserver.ThreadingTCPServer(
        ("127.0.0.1", 0), type("Handler", (_Conversation,), {"imap": imap})
    )
    imap.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield imap
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
