"""Hand a post over to a successor at an editor's request: a letter asks them; nothing changes until then."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.audience.asking import Act
from newsletter.audience.entries import clean
from newsletter.audience.handover import ask_successor, holds_post, post_fields, post_of
from newsletter.audience.optin import wording
from newsletter.errors import ConfigError, ContentError, Message
from newsletter.model import SubscriberStatus
from newsletter.services.person import not_a_subscriber
from newsletter.store.choices import has_left, wanted_of
from newsletter.store.db import reading, writing
from newsletter.store.people import find, key

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.config import Settings
    from newsletter.services import Workspace
    from newsletter.store.people import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A post that can be handed over: its holder's address, what it is, and the sections that go with it."""

    holder: str
    post: dict[str, str]
    sections: tuple[str, ...]


def look(workspace: "Workspace", old: str, new: str) -> Handover:
    """Return what `new` would take over from `old`. Raises ContentError when `old` holds no such post."""
    with reading(workspace.database) as connection:
        return _handover(_holder(connection, old, new, workspace.settings), workspace.settings)


def ask(workspace: "Workspace", old: str, new: str, name: str, source: str) -> Handover:
    """Store a request to `new`, called `name`, and a letter that asks them to take over the post of `old`.

    Raises ContentError when `old` holds no such post or `new` is sent no letter now, ConfigError for a name
    that is not readable text.
    """
    settings = workspace.settings
    name = clean(name)
    if not name.isprintable():
        raise ConfigError("--name is not readable text", "Type it again.")
    with writing(workspace.database) as connection:
        holder = _holder(connection, old, new, settings)
        found = _handover(holder, settings)
        act = Act(connection, workspace.now(), workspace.signer, settings.optional_sections)
        asked = ask_successor(
            act,
            holder,
            post=found.post,
            email=new,
            name=name,
            words=wording(settings, holder.language or settings.language),
            source=source,
        )
        if not asked:
            raise ContentError(
                Message(
                    "no letter is sent to %(new)s: suppressed, or asked within a day or three times already",
                    new=new,
                ),
                Message("See: newsletter subscribers show %(new)s", new=new),
            )
    return found


def holds(workspace: "Workspace", person: "Record") -> bool:
    """Return whether somebody holds a post that can be handed over."""
    reads = person.status is not SubscriberStatus.SUPPRESSED and not has_left(person.choices)
    return reads and bool(post_fields(workspace.settings)) and holds_post(person, workspace.settings)


def _handover(holder: "Record", settings: "Settings") -> Handover:
    sections = tuple(sorted(wanted_of(holder.choices)))
    return Handover(holder=holder.email, post=dict(post_of(holder, settings)), sections=sections)


def _holder(connection: "Connection", old: str, new: str, settings: "Settings") -> "Record":
    """Return the subscriber `old` if they hold a post that `new` can take over. Raises ContentError."""
    holder = find(connection, old)
    if holder is None:
        raise not_a_subscriber(old)
    if key(old) == key(new):
        raise ContentError(
            "the successor has the same address as the holder", "Give the successor's own address."
        )
    if holder.status is SubscriberStatus.SUPPRESSED:
        raise ContentError(
            Message("%(old)s is suppressed (%(reason)s)", old=old, reason=holder.reason),
            Message("Add the successor: newsletter subscribers add %(new)s", new=new),
        )
    if has_left(holder.choices):
        raise ContentError(
            Message("%(old)s has left: there are no sections to hand over", old=old),
            Message("Add the successor: newsletter subscribers add %(new)s", new=new),
        )
    if not holds_post(holder, settings):
        needed = post_fields(settings)
        if not needed:
            raise ContentError(
                "newsletter.yaml has no field of kind post, so there are no posts to hand over",
                "Say which field is one, like position: {label: …, kind: post}",
            )
        raise ContentError(
            Message("%(old)s holds no post: %(needed)s must be known", old=old, needed=" and ".join(needed)),
            Message(
                "Add them: newsletter subscribers add %(old)s --field %(needed)s=…", old=old, needed=needed[0]
            ),
        )
    return holder
