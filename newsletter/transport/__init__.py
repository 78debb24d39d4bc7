"""How a message leaves: the message itself, and the transports, of which each describes itself.

Not here: whom to send to and when (newsletter/sending), the message's content (newsletter/render).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Generic, TypeVar

from newsletter.config.parts import Part
from newsletter.errors import ConfigError, Message, Problem
from newsletter.ports import Transport
from newsletter.registry import TRANSPORTS
from newsletter.yamlfile import nearest

REQUESTS = 4
"""How many requests run concurrently at a provider that takes many messages in one."""

S = TypeVar("S", bound=Part | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """A folder for a transport that writes files, not created yet, and how their names begin."""

    folder: Path
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description(Generic[S]):
    """What the program needs to know of a transport before it is used.

    `settings` is the model of the transport's part of newsletter.yaml, whose key is the transport's name.
    Every setting needs a default. None means that there are no settings. `at_risk` says how many messages at
    most a crash leaves with an unknown outcome, for each worker. `make` reads the secrets and returns the
    transport, or raises ConfigError when something is missing. `account`, where mail leaves by a provider's
    account, asks the provider what that lacks for sending from a domain; it raises ConfigError and
    TransportUnavailable. What is slow to import is imported in these two, because every command that reads
    the settings imports all descriptions.
    """

    settings: type[S] | None
    at_risk: Callable[[S], int]
    make: Callable[[S, Files], Transport]
    account: Callable[[S, str], list[Problem]] | None = None


def describe(name: str) -> Description[Any]:
    """Return the description of the transport `name`. Raises ConfigError when there is no such transport."""
    if name not in TRANSPORTS:
        raise ConfigError(Message("no transport is named %(name)r", name=name), nearest(name, TRANSPORTS))
    description: Description[Any] = resolve_name(TRANSPORTS[name])
    return description
