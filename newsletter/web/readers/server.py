"""Serving the public site: a socket, a few threads, and an end that lets requests finish.

What watches the site has a socket and a thread of its own, which answer also while the site is full.
"""

import errno
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from types import FrameType
from urllib.parse import urlsplit

from flask import Flask
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from newsletter.errors import ConfigError
from newsletter.web.readers.connections import Closed, GuardedServer, capacity

_THREADS = 4  # pages take processor, and more of them at once wait longer for the interpreter's one lock
_GRACE = 10.0  # seconds for requests that are being answered when the end comes
_LARGEST = 2 << 20  # bytes of a request's body that are read at all; the application refuses far less
_HEAD = 32 << 10  # bytes of a request's headers
_CONNECTIONS, _EACH = 1000, 100  # at once: in all, and of one address
_WATCHERS = 20  # connections of those who watch
_IDLE = 60  # seconds until a silent connection is closed


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Raises ConfigError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror:
        raise ConfigError(f"no host is named {host!r}", "Name an address of this machine: --host.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"port {port} is taken, perhaps by another `newsletter serve`",
                "End that one, or name another port: --port.",
            ) from None
        raise ConfigError(
            f"{host}, port {port} cannot be used: {error.strerror}", "Name another: --host, --port."
        ) from None


def is_loopback(address: str) -> bool:
    """Tell whether only this machine reaches an address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def guarded(  # noqa: PLR0913  what a server is made of
    app: Flask,
    listening: socket.socket,
    channels: dict[int, wasyncore.dispatcher],
    *,
    threads: int,
    most: int,
    each: int | None,
    prefix: str = "",
) -> GuardedServer:
    """Return waitress's server for a socket that listens, with our limits of connections."""
    settings = Adjustments(
        sockets=[listening],
        threads=threads,
        url_prefix=prefix,
        ident=None,
        clear_untrusted_proxy_headers=False,  # the application heeds them only if it is told to
        asyncore_use_poll=True,
        connection_limit=most + 10,  # where waitress stops to accept; before that, one connection gives way
        channel_timeout=_IDLE,
        cleanup_interval=1,
        max_request_header_size=_HEAD,
        max_request_body_size=_LARGEST,
        log_socket_errors=False,  # who hangs up is no error of ours
    )
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(threads)
    return GuardedServer(
        app,
        channels,
        _sock=listening,
        dispatcher=dispatcher,
        adj=settings,
        sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        bind_socket=False,
        most=most,
        each=each,
    )


@contextmanager
def watched(app: Flask, listening: socket.socket) -> Iterator[None]:
    """Answer `app` in a thread of its own until the end of the block, however full the site is."""
    channels: dict[int, wasyncore.dispatcher] = {}
    server = guarded(app, listening, channels, threads=2, most=_WATCHERS, each=None)
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=channels, count=1)

    thread = threading.Thread(target=run, name="watched")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        server.pull_trigger()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(channels)


class Connections(Collector):
    """The connections of a server, counted when they are asked for."""

    def __init__(self, server: GuardedServer) -> None:
        self._server = server

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield GaugeMetricFamily(
            "newsletter_connections", "Open connections of the pages", len(self._server.active_channels)
        )
        closed = CounterMetricFamily(
            "newsletter_connections_closed", "Closed by us: too late, or for another", labels=["reason"]
        )
        for reason in Closed:
            closed.add_metric([reason], self._server.closed[reason])
        yield closed


class Server:
    """Answers requests for `app` under the path of `base_url`; once made, it heeds SIGTERM and Ctrl-C.

    Behind `proxies` of ours all connections come from these, and each may have them all.
    """

    def __init__(
        self,
        app: Flask,
        listening: socket.socket,
        base_url: str,
        *,
        proxies: int = 0,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._channels: dict[int, wasyncore.dispatcher] = {}
        self._listening = listening
        self._stopping = False
        self._server = guarded(
            app,
            listening,
            self._channels,
            threads=_THREADS,
            most=capacity(_CONNECTIONS),
            each=None if proxies else _EACH,
            prefix=urlsplit(base_url).path,
        )
        if registry:
            registry.register(Connections(self._server))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def run(self) -> None:
        """Answer until a signal; then accept no more, and finish what was asked."""
        while not self._stopping:
            self._turn(1)
        self._server.del_channel()
        self._listening.close()
        end = time.monotonic() + _GRACE
        while self._busy() and time.monotonic() < end:
            self._turn(0.1)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._channels)

    def _turn(self, seconds: float) -> None:
        """Read and write what can be, after waiting for it so long at most."""
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._channels, count=1)

    def _busy(self) -> bool:
        """Tell whether a request is being answered, or an answer is on its way."""
        channels = self._server.active_channels.values()
        return any(channel.requests or channel.total_outbufs_len for channel in channels)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self._server.pull_trigger()
