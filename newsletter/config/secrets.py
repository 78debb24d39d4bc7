"""Secrets from the environment, or from the files that it names."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from newsletter.errors import ConfigError, Message

_way: ContextVar[str] = ContextVar("way", default="")


@contextmanager
def secrets_of(way: str) -> Iterator[None]:
    """Make `secret` look for those of a way that newsletter.yaml names: SENDGRID_API_KEY_RELAY2."""
    before = _way.set(f"_{way.upper().replace('-', '_')}" if way else "")
    try:
        yield
    finally:
        _way.reset(before)


def secret(name: str) -> str | None:
    """Return a secret: the environment variable `name`, or the content of the file named by `name`_FILE.

    Raises ConfigError if the file cannot be read or is empty, or if both are set.
    """
    name += _way.get()
    value, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value and file:
        raise ConfigError(Message("both %(name)s and %(name)s_FILE are set", name=name), "Unset one of them.")
    if file:
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(
                Message(
                    "%(name)s_FILE names %(path)s, which cannot be read: %(strerror)s",
                    name=name,
                    path=file,
                    strerror=error.strerror,
                ),
                "Correct the path, or the file's permissions.",
            ) from None
        except UnicodeDecodeError:
            raise ConfigError(
                Message("%(name)s_FILE names %(path)s, which is no text", name=name, path=file),
                "Name another file.",
            ) from None
        if not value:
            raise ConfigError(
                Message("%(name)s_FILE names %(path)s, which is empty", name=name, path=file),
                Message("Write the value into it, or unset %(name)s_FILE.", name=name),
            )
    return value or None


def printable(name: str, key: str) -> str:
    """Return `key`, the value of the variable `name`. Raises ConfigError if it has what no key has."""
    if not re.fullmatch(r"[!-~]+", key):
        raise ConfigError(
            Message("%(name)s has characters that no key has, like spaces", name=name), "Copy the key again."
        )
    return key
