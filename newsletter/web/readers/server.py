"""The HTTP server of the public site: waitress with a few threads and graceful shutdown.

Health and metrics can have their own socket and thread, which answer also while the site is overloaded.
"""

import errno
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
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

from newsletter.errors import ConfigError, Message
from newsletter.web.readers.connections import Closed, GuardedServer, capacity

_THREADS = 4  # pages are CPU-bound: more threads only compete for the GIL
_GRACE = 10.0  # seconds for requests in progress to finish at shutdown
_LARGEST = 2 << 20  # bytes of a request body that are read; the application's limit is far lower
_LARGEST_UPLOAD = 33 << 20  # likewise at the desk, where editors send pictures and documents
_STAMP = "/stamp"  # how paths end of requests that wait until what a page shows has changed
_HEAD = 32 << 10  # maximum size of the request headers, in bytes
_CONNECTIONS, _EACH = 1000, 100  # maximum concurrent connections: in all, and per address
_WATCHERS = 20  # maximum connections for health and metrics
_IDLE = 60  # seconds until an idle connection is closed


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on `host` and `port`. Raises ConfigError when it cannot be bound."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror:
        raise ConfigError(
            Message("there is no host named %(host)r", host=host), "Name an address of this machine: --host."
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                Message("port %(port)s is in use, perhaps by another `newsletter serve`", port=port),
                "Stop that one, or choose another port: --port.",
            ) from None
        raise ConfigError(
            Message(
                "%(host)s, port %(port)s cannot be used: %(strerror)s",
                host=host,
                port=port,
                strerror=error.strerror,
            ),
            "Choose another: --host, --port.",
        ) from None


def is_loopback(address: str) -> bool:
    """Tell whether an IP address is a loopback address; False for anything that is not an IP address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def guarded(  # noqa: PLR0913  the parts of a server
    app: Flask,
    listening: socket.socket,
    channels: dict[int, wasyncore.dispatcher],
    *,
    threads: int,
    most: int,
    each: int | None,
    prefix: str = "",
    desk: str = "",
) -> GuardedServer:
    """Return a waitress server on a listening socket, with our connection limits (`most`, `each`).

    Under the path `desk` alone may bodies of requests be large, and requests for stamps wait for a change.
    """
    path = desk and f"{prefix}{desk}"
    settings = Adjustments(
        sockets=[listening],
        threads=threads,
        url_prefix=prefix,
        ident=None,
        clear_untrusted_proxy_headers=False,  # the application trusts them only if configured to (ProxyFix)
        asyncore_use_poll=True,
        connection_limit=most + 10,  # waitress stops accepting there; we close a connection before
        channel_timeout=_IDLE,
        cleanup_interval=1,
        max_request_header_size=_HEAD,
        max_request_body_size=_LARGEST,
        log_socket_errors=False,  # a client that disconnects is not an error of ours
    )
    larger = copy(settings)
    larger.max_request_body_size = _LARGEST_UPLOAD
    settings.uploads = path, larger
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
        waits=lambda asked: bool(path) and asked.startswith(path) and asked.endswith(_STAMP),
    )


@contextmanager
def watched(app: Flask, listening: socket.socket) -> Iterator[None]:
    """Serve `app` in a thread of its own until the block ends, unaffected by load on the main site."""
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
    """Prometheus collector for a server's connections, read at scrape time."""

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
    """Serves `app` under the path of `base_url`; the constructor installs handlers for SIGTERM and SIGINT.

    Behind our own `proxies` the limit per address does not apply, as all connections come from them.
    """

    def __init__(  # noqa: PLR0913  the parts of a server
        self,
        app: Flask,
        listening: socket.socket,
        base_url: str,
        *,
        proxies: int = 0,
        registry: CollectorRegistry | None = None,
        desk: str = "",
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
            desk=desk,
        )
        if registry:
            registry.register(Connections(self._server))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def run(self) -> None:
        """Serve until a signal; then stop accepting, and finish requests in progress (at most 10 seconds)."""
        while not self._stopping:
            self._turn(1)
        self._server.del_channel()
        self._listening.close()
        end = time.monotonic() + _GRACE
        while self._server.busy() and time.monotonic() < end:
            self._turn(0.1)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._channels)

    def _turn(self, seconds: float) -> None:
        """Run the event loop once, waiting for at most `seconds`."""
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._channels, count=1)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self._server.pull_trigger()
