"""What mailboxes and providers report: reading it, and acting on it.

Not here: SQL (newsletter/store/events.py), pages that receive it (newsletter/web/readers/hooks.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from newsletter.feedback.webhook import Said
from newsletter.store.events import Event


class ProviderEvents(Protocol):
    """How one provider's webhook reports what became of messages."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the provider itself sent this request, and sent it recently."""

    def parse(self, body: bytes) -> Sequence[Event]:
        """Return the events about our deliveries. Raises ValueError when the body cannot be read.

        An event's `id` begins with the provider's name, and is the same when the provider repeats it.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What the program needs to know of a provider whose webhook it answers.

    `key` reads the secret that requests are verified by; while it returns None there is no such page.
    `events` takes that key and the present time. Both raise ConfigError when the key cannot be used.

    `told` reads an event as the provider records it: the id that we gave the message, and what is said of it.
    Of anything else either is None.
    """

    key: Callable[[], str | None]
    events: Callable[[str, datetime], ProviderEvents]
    told: Callable[[Mapping[str, Any]], tuple[str | None, Said | None]]
