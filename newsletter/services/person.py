"""One person: added or changed, looked up, unsubscribed, suppression or opt-out lifted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from newsletter.audience.consent import consent_missing
from newsletter.audience.lists import Importer, described
from newsletter.errors import ConfigError, ContentError, Message
from newsletter.model import Standing, SubscriberStatus
from newsletter.store import events, notices, optouts, people
from newsletter.store.choices import COMPLAINED, has_left
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erased_at
from newsletter.store.mailbox import canonical
from newsletter.store.subscriber_data import asked, subscriber_data
from newsletter.yamlfile import nearest

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.services import Workspace
    from newsletter.store.people import Record


_COLUMNS = {"email", "name", "sections", "language"}


def check_fields(workspace: "Workspace", names: Iterable[str]) -> None:
    """Raise ConfigError for a name that is no field of newsletter.yaml."""
    for name in names:
        if name not in workspace.settings.fields:
            raise ConfigError(
                Message("unknown field %(name)r", name=name), nearest(name, workspace.settings.fields)
            )


def is_known(workspace: "Workspace", address: str) -> bool:
    """Return whether somebody with this address is or was a reader, so that no consent need be given."""
    with reading(workspace.database) as connection:
        return people.find(connection, address) is not None


def add(workspace: "Workspace", cells: Mapping[str, str], consent: str = "", source: str = "") -> str:
    """Add or change one person as a line of an imported list would, and describe what changed.

    `cells` has the column `email`, and any of name, sections, language and the fields of newsletter.yaml.
    `consent` is required for a new person; `source` says by what they were added. Raises ConfigError for an
    unknown field or a missing consent, ContentError when the person is refused.
    """
    check_fields(workspace, set(cells) - _COLUMNS)
    origin = ""
    if not is_known(workspace, cells["email"]):
        if not consent:
            raise consent_missing()
        origin = f"{consent} ({source})"
    importer = Importer(workspace.database, workspace.settings, workspace.signer)
    return described(importer.one(cells, origin, workspace.now()))


def change(
    workspace: "Workspace", number: int, is_current: Callable[["Record"], bool], cells: Mapping[str, str]
) -> "Record | None":
    """Change subscriber `number` as a line of an imported list would; return them as they are then.

    None is returned, and nothing changed, unless `is_current` says that they are still as they were seen.
    Raises ConfigError for an unknown field, ContentError for a value that is refused, or without subscriber.
    """
    check_fields(workspace, set(cells) - _COLUMNS)
    importer = Importer(workspace.database, workspace.settings, workspace.signer)
    with writing(workspace.database) as connection:
        before = people.get(connection, number, for_update=True)
        if before is None:
            raise ContentError(
                Message("there is no subscriber %(number)s", number=number), "They may have been erased."
            )
        if not is_current(before):
            return None
        importer.take(connection, importer.entry({**cells, "email": before.email}), "", workspace.now())
        return people.get(connection, number)


def look_up(workspace: "Workspace", address: str) -> tuple[dict[str, Any], bool]:
    """Return everything that is stored about an address, and whether it is a subscriber's.

    Raises ContentError when nothing is, and says whether the address was erased or opted out.
    """
    with reading(workspace.readable) as connection:
        found = subscriber_data(connection, address)
        requests = asked(connection, address)
        if found is None and not requests:
            at = erased_at(connection, address, workspace.signer)
            if out := optouts.find(connection, [address], workspace.signer).get(address):
                raise ContentError(
                    Message("%(address)s is not a reader, and %(out)s", address=address, out=out.words),
                    "Imports skip them.",
                )
            if at is None:
                raise not_a_subscriber(address)
            raise ContentError(
                Message("%(address)s was erased at %(at)s", address=address, at=workspace.local(at))
            )
    return found.data() if found else {"email": address, "requests": requests}, found is not None


def not_a_subscriber(address: str) -> ContentError:
    """Return the error for an address that is nobody's."""
    return ContentError(
        Message("%(address)s is not a subscriber", address=address),
        "See the subscribers: newsletter subscribers list",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Result of leaving: a reader left `everything`, or still has `remaining`.

    Of an address that was no reader's the opt-out is recorded, and `same_mailbox` are readers at another
    spelling of it, who have left too.
    """

    was_reader: bool
    everything: bool = True
    remaining: tuple[str, ...] = ()
    same_mailbox: tuple[str, ...] = ()


def leave(workspace: "Workspace", address: str, sections: Sequence[str], source: str) -> Left:
    """Unsubscribe an address from `sections`, or from everything; `source` is stored with an opt-out.

    Raises ConfigError for a section that cannot be left, ContentError when sections are named and the address
    is not a reader's.
    """
    optional, now = workspace.settings.optional_sections, workspace.now()
    for section in sections:
        if section not in optional:
            raise ConfigError(
                Message("there is no section %(section)r to leave", section=section),
                nearest(section, optional),
            )
    with writing(workspace.database) as connection:
        person = people.find(connection, address)
        if person is None:
            if sections:
                raise not_a_subscriber(address)
            mark = optouts.mark(address, Standing.LEFT, workspace.signer)
            optouts.record(connection, [mark], source, now)
            same = people.find_mailboxes(connection, [address]).get(canonical(address), ())
            for one in same:
                people.leave(connection, one.id, (), optional, now)
            return Left(was_reader=False, same_mailbox=tuple(one.email for one in same))
        people.leave(connection, person.id, sections, optional, now)
        after = people.find(connection, address) or person
    return Left(
        was_reader=True,
        everything=has_left(after.choices),
        remaining=tuple(
            section for section, choice in sorted(after.choices.items()) if choice.state == "active"
        ),
    )


class Block(Enum):
    """Why an address gets no mail."""

    OPT_OUT = "opt-out"
    COMPLAINT = "complaint"
    SUPPRESSION = "suppression"


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why an address gets no mail, in a word and in words that follow the address."""

    block: Block
    reason: str


class Restored(Enum):
    """Result of lifting a block: an opt-out, or the suppression of a reader, who may have left too."""

    OPT_OUT_LIFTED = "opt-out lifted"
    READER = "reader"
    HAS_LEFT = "has left"


def blocked(workspace: "Workspace", address: str) -> Blocked:
    """Return why an address gets no mail. Raises ContentError when nothing stands in the way."""
    with reading(workspace.database) as connection:
        if found := _opt_out(workspace, connection, address):
            return Blocked(Block.OPT_OUT, found)
        reason = _suppressed(connection, address).reason
    complained = reason.startswith(COMPLAINED)
    return Blocked(Block.COMPLAINT if complained else Block.SUPPRESSION, reason)


def restore(workspace: "Workspace", address: str, why: str) -> Restored:
    """Lift the suppression of a reader, so that earlier bounces no longer count, or a stranger's opt-out.

    `why` is stored with the person. Raises ContentError when nothing stands in the way.
    """
    with writing(workspace.database) as connection:
        if _opt_out(workspace, connection, address):
            optouts.lift(connection, address, workspace.signer)
            return Restored.OPT_OUT_LIFTED
        person = _suppressed(connection, address)
        now = workspace.now()
        events.restore(connection, person.id, f"{why} (it was {person.reason})", now)
        notices.put_choices(connection, [(person.id, {}, person.choices)], now)
    return Restored.HAS_LEFT if has_left(person.choices) else Restored.READER


def _opt_out(workspace: "Workspace", connection: "Connection", address: str) -> str:
    """Return how an address that is not a reader's opted out, or an empty string."""
    if people.find(connection, address):
        return ""
    found = optouts.find(connection, [address], workspace.signer).get(address)
    return found.words if found else ""


def _suppressed(connection: "Connection", address: str) -> "Record":
    """Return the suppressed subscriber at `address`. Raises ContentError if there is none."""
    person = people.find(connection, address)
    if person is None:
        raise ContentError(
            Message("%(address)s is not a subscriber", address=address), "See: newsletter subscribers list"
        )
    if person.status is not SubscriberStatus.SUPPRESSED:
        raise ContentError(
            Message("%(address)s is not suppressed", address=address),
            Message("See: newsletter subscribers show %(address)s", address=address),
        )
    return person
