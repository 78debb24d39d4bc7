"""Serving the public site: a socket, a few threads, and an end that lets requests finish."""

import errno
import signal
import socket
import time
from ipaddress import ip_address
from types import FrameType
from urllib.parse import urlsplit

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from newsletter.errors import ConfigError

_THREADS = 4  # pages take processor, and more of them at once wait longer for the interpreter's one lock
_GRACE = 10.0  # seconds for requests that are being answered when the end comes
_LARGEST = 2 << 20  # bytes of a request's body that are read at all; the application refuses far less
_HEAD = 32 << 10  # bytes of a request's headers
_CONNECTIONS = 1000
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


class Server:
    """Answers requests for `app` under the path of `base_url`; once made, it heeds SIGTERM and Ctrl-C."""

    def __init__(self, app: Flask, listening: socket.socket, base_url: str) -> None:
        self._channels: dict[int, wasyncore.dispatcher] = {}
        self._listening = listening
        self._stopping = False
        self._server = create_server(
            app,
            map=self._channels,
            sockets=[listening],
            threads=_THREADS,
            url_prefix=urlsplit(base_url).path,
            ident=None,
            clear_untrusted_proxy_headers=False,  # the application heeds them only if it is told to
            asyncore_use_poll=True,
            connection_limit=_CONNECTIONS,
            channel_timeout=_IDLE,
            max_request_header_size=_HEAD,
            max_request_body_size=_LARGEST,
            log_socket_errors=False,  # who hangs up is no error of ours
        )
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
