"""Events in a file, of whichever provider: what became of the messages that they are about."""

from collections.abc import Iterator
from pkgutil import resolve_name
from typing import Any

from newsletter.errors import ContentError, Message
from newsletter.feedback import Provider
from newsletter.feedback.webhook import read
from newsletter.model import Outcome, Receipt
from newsletter.registry import PROVIDERS
from newsletter.store.events import Kind
from newsletter.transport.smtp_replies import storable

_LISTS = ("items", "Messages")  # in the pages of Mailgun's Events API, and of Postmark's of messages


def recorded(text: str, name: str) -> dict[str, Receipt]:
    """Return receipts by delivery id: the provider has the message, unless it says that it got no further.

    Raises ContentError when `text`, from the file `name`, is no JSON.
    """
    providers: list[Provider] = [resolve_name(path) for path in PROVIDERS.values()]
    found: dict[str, Receipt] = {}
    for one in _events(text, name):
        for delivery, said in (provider.told(one) for provider in providers):
            if delivery is None or said is None:
                continue
            kind, _, words = said
            if kind in {Kind.HARD, Kind.SOFT}:
                refused = storable(words) or str(kind)
                found[delivery] = Receipt(outcome=Outcome.REFUSED, code=550, detail=refused)
            else:
                accepted = f"{kind or 'taken'} in {name}"
                found.setdefault(delivery, Receipt(outcome=Outcome.ACCEPTED, detail=accepted))
    return found


def _events(text: str, name: str) -> Iterator[dict[str, Any]]:
    """Yield the events in a file: one document or one a line, each an event, a list of them, or a page."""
    try:
        try:
            documents = [read(text)]
        except ValueError:
            documents = [read(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise ContentError(
            Message("%(name)s holds no events: %(error)s", name=name, error=error),
            "Give JSON: what the provider's webhook posted, or what its API lists.",
        ) from None
    for document in documents:
        found = document
        if isinstance(document, dict):
            found = next((document[key] for key in _LISTS if key in document), [document])
        if isinstance(found, list):
            yield from (one for one in found if isinstance(one, dict))
