"""Connections of the page server: deadlines for requests, and a limit for each address and for all together.

Who opens connections and sends a byte now and then (slowloris) would else hold every one that there is. At a
limit the connection that has waited longest for its request gives way, so a newcomer always gets in.
"""

import resource
import time
from collections import Counter
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

_HEAD, _BODY = (
    10.0,
    30.0,
)  # seconds from a request's first byte to the end of its headers, and then of its body
_OTHERS = 200  # files and sockets that the process needs beside connections


class Closed(StrEnum):
    """Why a connection was closed that would have stayed open."""

    LATE = "late"
    """Its request did not arrive in time."""
    CROWDED = "crowded"
    """It gave way to another."""


def capacity(most: int) -> int:
    """Return how many connections can be open, `most` at most: the system may allow fewer files."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if allowed == resource.RLIM_INFINITY else max(1, min(most, allowed - _OTHERS))


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that knows since when its next request is awaited."""

    owner: bytes = b""
    answered = False
    waits_since = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.waits_since = time.monotonic()
        super().__init__(*arguments, **options)

    def received(self, data: bytes) -> Any:
        """Take in bytes; the first of a request begins its time."""
        if self.request is None and self.answered:
            self.waits_since = time.monotonic()
        return super().received(data)

    def service(self) -> None:
        """Answer a request in one of the threads."""
        self.answered = True  # first: as soon as it is answered, the main thread looks for the next one
        super().service()
        self.waits_since = time.monotonic()

    def late(self, now: float) -> bool:
        """Tell whether the request that is awaited should have been here by now."""
        if self.requests or (self.answered and self.request is None):
            return False  # it is being answered, or the connection is kept for another request
        headers = self.request is not None and self.request.headers_finished
        return now > self.waits_since + _HEAD + (_BODY if headers else 0)

    def worth(self) -> tuple[int, float]:
        """Return a key by which those come first that had better give way: who waits without a request."""
        unfinished = not self.answered or self.request is not None
        return (0 if unfinished else 2 if self.total_outbufs_len else 1), self.waits_since

    def del_channel(self, map: Any = None) -> None:  # noqa: A002  waitress's name
        """Leave the server's lists."""
        super().del_channel(map)
        if self.owner:
            owners, owner, self.owner = self.server.owners, self.owner, b""
            owners[owner] -= 1
            if not owners[owner]:
                del owners[owner]


class GuardedServer(TcpWSGIServer):  # type: ignore[misc]  # likewise
    """waitress, but for when it lets connections in and when it closes them."""

    channel_class = Channel

    def __init__(self, *arguments: Any, most: int, each: int | None, **options: Any) -> None:
        self.most = most
        self.each = each
        self.owners: Counter[bytes] = Counter()
        self.closed: Counter[Closed] = Counter()
        super().__init__(*arguments, **options)

    def handle_accept(self) -> None:
        """Let a connection in; at a limit another gives way, or if none can, this one."""
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
        """Close what is silent for long, as waitress does, and what keeps us waiting for its request."""
        super().maintenance(now)
        clock = time.monotonic()
        for channel in self.active_channels.values():
            if channel.late(clock) and not channel.will_close:
                self.closed[Closed.LATE] += 1
                channel.will_close = True


def _owner(address: str) -> bytes:
    """Return what stands for whoever has an address: itself, of IPv6 its /64."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address.encode()
    found = getattr(found, "ipv4_mapped", None) or found
    return found.packed[:8] if found.version == 6 else found.packed  # noqa: PLR2004  the versions are these
