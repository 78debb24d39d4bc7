"""A name server for tests, on loopback: it answers from zone files, and is silent where it is told to be."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """Answers from `records`, lines as in zone files; of names in `silent` it says nothing."""

    def __init__(self, records: str, silent: tuple[str, ...] = ()) -> None:
        self._found: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset] = {}
        for line in records.splitlines():
            name, ttl, kind, value = line.split(maxsplit=3)
            one = dns.rrset.from_text(name, int(ttl), "IN", kind, value)
            known = self._found.setdefault((one.name, one.rdtype), one)
            known.union_update(one)  # type: ignore[no-untyped-call]  # the library does not say
        self._silent = {dns.name.from_text(name) for name in silent}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def run(self) -> None:
        """Answer until `close`."""
        with self._socket:
            while True:
                content, peer = self._socket.recvfrom(4096)
                if not content:
                    return
                if answer := self._answer(dns.message.from_wire(content)):
                    self._socket.sendto(answer.to_wire(), peer)

    def close(self) -> None:
        """Make `run` end."""
        self._socket.sendto(b"", self._socket.getsockname())

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        name, kind = query.question[0].name, query.question[0].rdtype
        if name in self._silent:
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        if found := self._found.get((name, kind)):
            answer.answer.append(found)
        elif not any(known.is_subdomain(name) for known, _ in self._found):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


@contextmanager
def running(records: str, *silent: str) -> Iterator[NameServer]:
    """Run a name server in a thread of its own."""
    server = NameServer(records, silent)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
