"""The preview's local HTTP server: a free port, one thread per request, stopped by Ctrl-C."""

import errno
import socket

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from newsletter.errors import ConfigError, Message

HOST = "127.0.0.1"
_LAST = 65535


class _Quiet(WSGIRequestHandler):
    """Request handler without an access log."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def listen(port: int) -> socket.socket:
    """Return a socket listening on `port`, or the next free port. Raises ConfigError if none is free."""
    for candidate in range(port, _LAST + 1):
        try:
            return socket.create_server((HOST, candidate))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ConfigError(
                    Message(
                        "port %(candidate)s cannot be used: %(strerror)s",
                        candidate=candidate,
                        strerror=error.strerror,
                    ),
                    "Name another: --port 8000",
                ) from None
    raise ConfigError(Message("no port from %(port)s on is free", port=port), "Name another: --port 8000")


def serve(app: Flask, listening: socket.socket) -> None:
    """Serve requests until Ctrl-C."""
    port = listening.getsockname()[1]
    make_server(HOST, port, app, threaded=True, request_handler=_Quiet, fd=listening.fileno()).serve_forever()
