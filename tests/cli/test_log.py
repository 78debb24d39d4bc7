"""The log of long-running commands holds nobody's address and nobody's link."""

import logging

import pytest

from newsletter.cli.log import Discreet


def line(message: str, *arguments: object) -> str:
    record = logging.LogRecord("any", logging.INFO, "file.py", 1, message, arguments, None)
    return Discreet("%(message)s").format(record)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("to olena@example.org: 550", "to o***@example.org: 550"),
        ("<olena.p@пошта.укр>, (b@x.org)", "<o***@пошта.укр>, (b***@x.org)"),
        ("mailto:olena@example.org", "mailto:o***@example.org"),
        ("/preferences/AAAAAAABAgMEBQYHCAkKCwwNDg8QERI?x", "/preferences/…?x"),
        ("issue 2025-02-14: delivering by smtp", "issue 2025-02-14: delivering by smtp"),
        ("postgresql://db.example.org", "postgresql://db.example.org"),
        ("a@b@c.org a@b", "a@b***@c.org a@b"),
        ("a" * 100_000, "a" * 100_000),
        ("a@" + "b" * 100_000, "a@" + "b" * 100_000),
    ],
    ids=lambda text: text[:40],
)
def test_addresses_are_masked_and_links_left_out(said: str, kept: str) -> None:
    assert line(said) == kept
    assert line("%s", said) == kept


def test_tracebacks_are_masked_too(caplog: pytest.LogCaptureFixture) -> None:
    try:
        int("olena@example.org")
    except ValueError:
        logging.getLogger("any").exception("failed")
    text = Discreet("%(message)s").format(caplog.records[0])
    assert "ValueError" in text
    assert "o***@example.org" in text
    assert "olena" not in text
