"""The port the preview listens on: this machine's only, and the next one when it is taken."""

import socket

import pytest

from newsletter.errors import ConfigError
from newsletter.web.preview.server import listen


def test_it_listens_on_this_machine_only() -> None:
    with listen(20000) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_the_next_free_port_is_taken_when_one_is_not() -> None:
    with listen(20000) as first, listen(first.getsockname()[1]) as second:
        assert second.getsockname()[1] > first.getsockname()[1]


def test_no_free_port_is_an_error_in_words() -> None:
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", 65535))
            taken.listen()
        except OSError:
            pass  # somebody else has it: as well
        with pytest.raises(ConfigError, match="no port from 65535 on is free"):
            listen(65535)
