"""Decide what each line of an imported list changes, for a whole batch, without writing anything.

A list never brings back people who left everything, opted out, were suppressed or erased: such lines are
refused. Reports that somebody left, bounced or complained elsewhere are recorded on the subscriber, or as an
opt-out of somebody who is not a subscriber.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import Connection, select

from newsletter.errors import Message
from newsletter.links import Signer
from newsletter.model import EVERY_SECTION, Standing, SubscriberStatus, SubscriptionState
from newsletter.store import optouts
from newsletter.store.bulk import is_empty
from newsletter.store.choices import (
    BOUNCED,
    COMPLAINED,
    Choice,
    Choices,
    Origin,
    by_leaving,
    by_list,
    has_left,
)
from newsletter.store.mailbox import canonical
from newsletter.store.optouts import Mark, OptOut
from newsletter.store.people import Record, find_all, find_mailboxes, key
from newsletter.store.schema import erased

_ALL = frozenset({EVERY_SECTION})


class Fate(StrEnum):
    """What happens to a line of a list."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    LEFT = "left"
    """Recorded as opted out, because they left elsewhere."""
    SUPPRESSED = "suppressed"
    """Recorded as suppressed, because they bounced or complained elsewhere."""
    UNCONFIRMED = "unconfirmed"
    """Not imported, because they have not confirmed elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The data of one line: None means that it does not say; an empty attribute deletes the value."""

    line: int = 0
    email: str
    name: str | None = None
    language: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    sections: frozenset[str] | None = None
    standing: Standing = Standing.ACTIVE
    source: str = ""
    """The source of the report that they left, bounced or complained."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The result for one entry: `before` is None for a new person, `after` is None when it is refused.

    They are the same object when nothing changes. `mark` is an opt-out of somebody who is not a subscriber;
    `became` overrides the fate that follows from `before` and `after`.
    """

    entry: Entry
    before: Record | None
    after: Record | None
    refusal: str = ""
    became: Fate | None = None
    mark: Mark | None = None
    spelled: str = ""
    """The stored address of a refused mailbox in another spelling; refusals themselves contain no address."""

    @property
    def fate(self) -> Fate:
        """The fate of the line."""
        if self.became:
            return self.became
        if self.after is None:
            return Fate.REFUSED
        if self.before is None:
            return Fate.NEW
        return Fate.UNCHANGED if self.before is self.after else Fate.CHANGED


def decide(
    connection: Connection,
    entries: Sequence[Entry],
    optional: Collection[str],
    signer: Signer,
    *,
    lock: bool = True,
) -> list[Decision]:
    """Decide on entries, all of different addresses; `optional` are the sections that can be left.

    With `lock` the subscribers concerned are locked until the end of the transaction.
    """
    known = find_all(connection, [key(entry.email) for entry in entries], for_update=lock)
    strangers = [entry.email for entry in entries if key(entry.email) not in known]
    gone = _erased(connection, strangers, signer)
    out = optouts.find(connection, strangers, signer)
    others = find_mailboxes(connection, strangers) if strangers else {}
    decisions = []
    for entry in entries:
        before = known.get(key(entry.email))
        if before:
            decisions.append(_decide(entry, before, optional))
        elif entry.email in gone:
            became = None if entry.standing is Standing.ACTIVE else Fate.UNCHANGED
            decisions.append(Decision(entry, None, None, "was erased for good", became))
        else:
            same = others.get(canonical(entry.email), ())
            decisions.append(_stranger(entry, out.get(entry.email), same, optional, signer))
    return decisions


def _erased(connection: Connection, emails: Sequence[str], signer: Signer) -> set[str]:
    if not emails or is_empty(connection, erased):
        return set()
    digests = {signer.digest(key(email)): email for email in emails}
    found = connection.execute(select(erased.c.digest).where(erased.c.digest.in_(digests))).scalars()
    return {digests[digest] for digest in found}


def _decide(entry: Entry, before: Record, optional: Collection[str]) -> Decision:
    if entry.standing is not Standing.ACTIVE:
        return _departed(entry, before, optional)
    if reason := _stopped(before):
        return Decision(entry, before, None, reason)
    return Decision(entry, before, _changed(before, entry, optional))


def _stopped(person: Record) -> str:
    """Return why no list may bring `person` back; an empty string if one may."""
    if person.status == SubscriberStatus.SUPPRESSED:
        return Message("is suppressed (%(reason)s)", reason=person.reason)
    return "has left every section they had" if has_left(person.choices) else ""


def _stranger(
    entry: Entry, out: OptOut | None, same: Sequence[Record], optional: Collection[str], signer: Signer
) -> Decision:
    """Decide on an address that no subscriber has; `same` have its mailbox in another spelling."""
    if entry.standing is Standing.WAITING:
        return Decision(entry, None, None, became=Fate.UNCONFIRMED)
    if entry.standing is Standing.ACTIVE:
        return Decision(entry, None, None, out.words) if out else _newcomer(entry, same)
    reader = next((person for person in same if not _stopped(person)), None)
    if reader and entry.standing is not Standing.BOUNCED:
        return _departed(entry, reader, optional)
    if not OptOut(entry.standing).outweighs(out):
        return Decision(entry, None, None, became=Fate.UNCHANGED)
    mark = optouts.mark(entry.email, entry.standing, signer)
    return Decision(entry, None, None, became=_FATES[entry.standing], mark=mark)


def _newcomer(entry: Entry, same: Sequence[Record]) -> Decision:
    """Add a new person, unless their mailbox is stopped in another spelling."""
    for person in same:
        reason = _stopped(person)
        if reason and not person.reason.startswith(BOUNCED):  # of a bounce, this spelling may be right
            told = Message("is a mailbox that is here in another spelling, and %(reason)s", reason=reason)
            return Decision(entry, None, None, told, spelled=person.email)
    return Decision(entry, None, _new(entry))


_FATES = {
    Standing.LEFT: Fate.LEFT,
    Standing.BOUNCED: Fate.SUPPRESSED,
    Standing.COMPLAINED: Fate.SUPPRESSED,
    Standing.WAITING: Fate.UNCONFIRMED,
}


def _departed(entry: Entry, before: Record, optional: Collection[str]) -> Decision:
    """Decide on a subscriber who left, bounced or complained elsewhere; a sign-up here takes precedence."""
    if entry.standing is Standing.WAITING:
        return Decision(entry, before, None, became=Fate.UNCONFIRMED)
    if _stopped(before):
        return Decision(entry, before, before)
    if any(_is_own(choice) for choice in before.choices.values()):
        return Decision(
            entry,
            before,
            None,
            Message("signed up here themselves; the list says %(standing)s", standing=entry.standing),
        )
    if entry.standing is Standing.LEFT:
        after = replace(before, choices=by_leaving(before.choices, (), optional))
    else:
        word = COMPLAINED if entry.standing is Standing.COMPLAINED else BOUNCED
        reason = f"{word}: {entry.source}" if entry.source else word
        after = replace(before, status=SubscriberStatus.SUPPRESSED, reason=reason)
    return Decision(entry, before, after, became=_FATES[entry.standing])


def _is_own(choice: Choice) -> bool:
    return choice.origin == Origin.READER and choice.state == SubscriptionState.ACTIVE


def _new(entry: Entry) -> Record:
    return Record(
        email=entry.email,
        name=entry.name or "",
        language=entry.language or "",
        attributes={name: value for name, value in entry.attributes.items() if value},
        choices=_first(entry.sections or _ALL),
    )


@lru_cache(maxsize=4096)
def _first(sections: frozenset[str]) -> Choices:
    return by_list({}, sections, ())


def _changed(before: Record, entry: Entry, optional: Collection[str]) -> Record:
    attributes = {**before.attributes, **entry.attributes}
    after = replace(
        before,
        name=before.name if entry.name is None else entry.name,
        language=before.language if entry.language is None else entry.language,
        attributes={name: value for name, value in attributes.items() if value},
        choices=before.choices
        if entry.sections is None
        else by_list(before.choices, entry.sections, optional),
    )
    return before if after == before else after
