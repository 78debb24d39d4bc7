"""Connection limits of the page server: request timeouts, and maximum connections per address and in total.

This is the defence against slowloris clients, which open connections and send a byte now and then. At a limit
the connection that has been waiting longest for its request is closed, so a new client always gets in.
"""

import resource
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

_HEAD, _BODY = (
    10.0,
    30.0,
)  # timeouts in seconds: for the headers of a request, then for its body
_PATIENT = 32  # threads for requests that wait; they are started with the first one
_OTHERS = 200  # file descriptors reserved for everything but client connections


class Closed(StrEnum):
    """Why the server closed a connection (label of a metric)."""

    LATE = "late"
    """Its request did not arrive in time."""
    CROWDED = "crowded"
    """It was closed to make room for another."""


def capacity(most: int) -> int:
    """Return how many connections may be open: `most`, or fewer if the limit of open files is lower."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if allowed == resource.RLIM_INFINITY else max(1, min(most, allowed - _OTHERS))


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request whose body may be larger at the desk than elsewhere."""

    adj: Any
    path = ""  # of a head that cannot be read

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head of a request, after which the limit of its body applies."""
        super().parse_header(header_plus)
        path, adjustments = self.adj.uploads
        if path and self.path.startswith(path):
            self.adj = adjustments


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that records since when it has been waiting for its next request."""

    parser_class = Parser
    owner: bytes = b""
    answered = False
    waits_since = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.waits_since = time.monotonic()
        super().__init__(*arguments, **options)

    def received(self, data: bytes) -> Any:
        """Receive bytes; the first byte of a request starts its timeout."""
        if self.request is None and self.answered:
            self.waits_since = time.monotonic()
        return super().received(data)

    def service(self) -> None:
        """Handle a request in a worker thread."""
        self.answered = True  # set first: the main thread may start on the next request at once
        super().service()
        self.waits_since = time.monotonic()

    def late(self, now: float) -> bool:
        """Tell whether the pending request has exceeded its timeout at `now` (monotonic seconds)."""
        if self.requests or (self.answered and self.request is None):
            return False  # in progress, or idle between two requests (keep-alive)
        headers = self.request is not None and self.request.headers_finished
        return now > self.waits_since + _HEAD + (_BODY if headers else 0)

    def worth(self) -> tuple[int, float]:
        """Return a sort key: connections without a complete request come first, and are closed first."""
        unfinished = not self.answered or self.request is not None
        return (0 if unfinished else 2 if self.total_outbufs_len else 1), self.waits_since

    def del_channel(self, map: Any = None) -> None:  # noqa: A002  waitress's name
        """Remove the connection from the server's lists and counts."""
        super().del_channel(map)
        if self.owner:
            owners, owner, self.owner = self.server.owners, self.owner, b""
            owners[owner] -= 1
            if not owners[owner]:
                del owners[owner]


class GuardedServer(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """waitress with limits on connections (`most` in all, `each` per address) and request timeouts.

    Requests that wait for a change (`waits` tells which, by their path) have threads of their own.
    """

    channel_class = Channel

    def __init__(
        self, *arguments: Any, most: int, each: int | None, waits: Callable[[str], bool], **options: Any
    ) -> None:
        self.most = most
        self.each = each
        self._waits = waits
        self._patient = ThreadedTaskDispatcher()
        self.owners: Counter[bytes] = Counter()
        self.closed: Counter[Closed] = Counter()
        super().__init__(*arguments, **options)

    def add_task(self, task: Channel) -> None:
        """Let a thread handle the request of a connection."""
        dispatcher = self.task_dispatcher
        if self._waits(task.requests[0].path):
            dispatcher = self._patient
            dispatcher.set_thread_count(_PATIENT)
        dispatcher.add_task(task)

    def busy(self) -> bool:
        """Tell whether a request is in progress that does not only wait, or an answer is being sent."""
        return any(
            channel.total_outbufs_len or any(not self._waits(one.path) for one in tuple(channel.requests))
            for channel in self.active_channels.values()
        )

    def handle_accept(self) -> None:
        """Accept a connection; at a limit close another one, or this one if every other is busy."""
        known = set(self.active_channels)
        super().handle_accept()
        for number in self.active_channels.keys() - known:
            self._admit(self.active_channels[number])

    def _admit(self, new: Channel) -> None:
        new.owner = _owner(new.addr[0])
        self.owners[new.owner] += 1
        rivals = [one for one in self.active_channels.values() if one is not new and not one.requests]
        if self.each and self.owners[new.owner] > self.each:
            rivals = [one for one in rivals if one.owner == new.owner]
        elif len(self.active_channels) <= self.most:
            return
        self.closed[Closed.CROWDED] += 1
        min(rivals, key=Channel.worth, default=new).handle_close()

    def maintenance(self, now: float) -> None:
        """Close idle connections, as waitress does, and those whose request has timed out."""
        super().maintenance(now)
        clock = time.monotonic()
        for channel in self.active_channels.values():
            if channel.late(clock) and not channel.will_close:
                self.closed[Closed.LATE] += 1
                channel.will_close = True


def _owner(address: str) -> bytes:
    """Return the key under which connections are counted: the IPv4 address, or the IPv6 /64."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address.encode()
    found = getattr(found, "ipv4_mapped", None) or found
    return found.packed[:8] if found.version == 6 else found.packed  # noqa: PLR2004  IP versions
