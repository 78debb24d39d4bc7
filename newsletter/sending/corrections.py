"""Correct an item of an issue that was sent, and freeze the letter that tells of it.

What was sent stays as it was: the frozen editions are not touched. A letter is an issue of its own, `D+1`:
its audience are the readers who have the item, and the ledger delivers it as it delivers an issue.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from newsletter.errors import Message, StateError
from newsletter.model import Envelope, IssueState, Item, Rendered, anchor_of
from newsletter.names import LAST, CorrectionName
from newsletter.render.edition import Editions
from newsletter.render.events import calendar_name
from newsletter.render.ics import Source, calendar
from newsletter.sending.freeze import clear, complete, hold, staged_of
from newsletter.sending.publication import public_item, publication
from newsletter.store import archive, audience, contents, corrections, editions, issues, pictures
from newsletter.store.archive import PublicItem
from newsletter.store.batches import Batches
from newsletter.store.contents import Content
from newsletter.store.corrections import Correction, Version
from newsletter.store.db import reading, timestamp, writing
from newsletter.store.issues import Frozen

if TYPE_CHECKING:
    from hashlib import _Hash

_NOT_SENT = (IssueState.APPROVED, IssueState.FREEZING)
_MEANWHILE = "item {!r} was corrected by somebody else meanwhile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An item of issue `name` as it is (`before`), and as it should be; `withdrawn` takes it back."""

    name: str
    before: Item
    after: Item
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who corrects, when (UTC), and why."""

    by: str
    at: datetime
    reason: str


def content_of(connection: Connection, frozen: Frozen | None, name: str) -> Content:
    """Return what an issue says that was sent. Raises StateError when it was not."""
    if frozen is None or frozen.state in _NOT_SENT or not frozen.begun_at:
        raise StateError(
            Message("issue %(name)s has not been sent yet", name=name),
            Message(
                "Change the item's file, and approve the issue: newsletter approve %(name)s --by NAME",
                name=name,
            ),
        )
    content = contents.find(connection, name)
    if content is None:
        raise StateError(
            Message(
                "issue %(name)s was approved by an older version, which did not record what its"
                " editions held",
                name=name,
            ),
            "Put the correction into the next issue, as an item of its own. Later issues can be corrected.",
        )
    return content


def correct(engine: Engine, change: Change, signed: Signed) -> Correction:
    """Correct an item in the archive and for newcomers, in one transaction.

    What grows with the audience is read before the lock is taken. Raises StateError when the issue was not
    sent, or somebody else corrected the item meanwhile.
    """
    shown = change.after.picture
    images = [shown.image] if shown and shown.image else []
    while True:
        with reading(engine) as connection:
            seen = issues.get(connection, change.name)
            total = issues.delivered(connection, change.name, seen.envelope, images=images)
        with writing(engine) as connection:
            frozen = issues.lock_approved(connection, change.name)
            if frozen.fingerprint == seen.fingerprint:
                return _correct(connection, frozen, change, signed, total)


def _correct(
    connection: Connection, frozen: Frozen, change: Change, signed: Signed, total: "_Hash"
) -> Correction:
    """Store a correction; `total` is the first part of the issue's fingerprint after it."""
    name, item = change.name, change.after
    content = content_of(connection, frozen, name)
    found = content.find(item.id)
    if found is None or found[1] != change.before or item.id in content.withdrawn:
        raise StateError(_MEANWHILE.format(item.id), "Look at it again.")
    after = content.with_item(item)
    if change.withdrawn:
        after = replace(after, withdrawn=after.withdrawn | {item.id})
    if item.picture and item.picture.image:
        pictures.put(connection, name, [item.picture.image])
    contents.change(connection, name, after)
    _show(connection, frozen, after, change, signed.at)
    made = Correction(
        issue=name,
        number=len(corrections.of_issue(connection, name)) + 1,
        anchor=anchor_of(item.id),
        at=timestamp(signed.at),
        by=signed.by,
        reason=signed.reason,
        withdrawn=change.withdrawn,
    )
    before = contents.encode(change.before)
    corrections.put(connection, made, before=before, fingerprint=frozen.fingerprint)
    after_it = issues.with_archive(total, connection, name)
    issues.seal(connection, replace(frozen, fingerprint=after_it))
    return made


def _show(connection: Connection, frozen: Frozen, after: Content, change: Change, at: datetime) -> None:
    """Show the item as corrected in calendars, and in the archive unless it is for some readers only."""
    name, item = change.name, change.after
    found = after.find(item.id)
    if found and item.only_for is None:
        public = publication(Editions(after.current))
        shown = public_item(after.issue, found[0].section, item)
        shown = taken_back(shown) if change.withdrawn else shown
        archive.correct(connection, public[0] if public else None, shown)
    names = {calendar_name(name, one) for one in (change.before, item) if one.event}
    if item.event:
        shared = frozen.envelope
        source = Source(issue=name, base_url=shared.base_url, domain=shared.domain, at=at)
        archive.put_calendars(connection, name, dict.fromkeys(names, calendar(item, item.event, source)))
    else:
        archive.drop_calendars(connection, name, names)


def taken_back(item: PublicItem) -> PublicItem:
    """Return what stays of an item that was taken back: its title, beside the note that says why."""
    return replace(item, html="", text="", link="", event=None, picture=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The letter of an issue about one `item`, rendered from it, and made into messages by `envelope`."""

    item: Item
    page: Rendered
    section: str
    envelope: Callable[[str], Envelope]


def freeze_letter(engine: Engine, name: str, letter: Letter, signed: Signed) -> Frozen:
    """Approve a letter to the readers who have the item as it was; return it, named `name` and a number.

    It takes several short transactions, during which the letter is `freezing`; interrupted, it is made from
    scratch by the next call. One that was not sent yet is replaced. Raises StateError when the item was not
    corrected, a letter has told of it, readers are still to get it as it was, or nobody has it.
    """
    while not (begun := _begin_letter(engine, name, letter, signed)):
        continue  # somebody corrected an item, or added readers, meanwhile
    draft, staged, readers = begun
    edition = letter.page.edition

    def put_page(connection: Connection) -> None:
        editions.put_page(connection, draft.name, letter.page, [letter.section])
        pictures.put(connection, draft.name, letter.page.pictures)

    def put_readers(connection: Connection, some: Sequence[int]) -> None:
        hold(connection, staged)
        audience.put(connection, draft.name, [(number, edition) for number in some])

    batches = Batches(engine)
    epoch = clear(batches, staged, put_page)
    batches.each(readers, put_readers)
    return complete(engine, staged, draft, readers, epoch)


def _begin_letter(
    engine: Engine, name: str, letter: Letter, signed: Signed
) -> tuple[Frozen, Frozen, Sequence[int]] | None:
    """Claim the letter's name, and record that it tells of the item's corrections.

    Return the letter, the same while it is being stored, and its readers; None when the issue changed.
    """
    with reading(engine) as connection:
        seen = issues.get(connection, name)
        content, mine = _corrections(connection, seen, letter.item)
        version = Version(name, contents.place_of(content.issue, letter.item.id), mine[-1].number)
        counts = corrections.count_had(connection, version)
        readers = corrections.who_had(connection, version)
    with writing(engine) as connection:
        frozen = issues.lock_approved(connection, name)
        if frozen.fingerprint != seen.fingerprint:
            return None
        _, mine = _corrections(connection, frozen, letter.item)
        earlier = _told(connection, mine)
        own = earlier.name if earlier and earlier.state in _NOT_SENT else _next_name(connection, name)
        _refuse(frozen, *counts)
        draft = _draft(letter.envelope(own), signed)
        staged = staged_of(draft)
        if issues.claim(connection, staged):
            issues.overwrite(connection, staged)
        unsent = "" if earlier is None or earlier.begun_at else earlier.name
        corrections.tell(connection, name, [one.number for one in mine if one.letter in {"", unsent}], own)
    return draft, staged, readers


def _corrections(connection: Connection, frozen: Frozen, item: Item) -> tuple[Content, list[Correction]]:
    """Return what the issue says, and the item's corrections. Raises StateError when it says otherwise."""
    content = content_of(connection, frozen, frozen.name)
    found = content.find(item.id)
    if found is None or found[1] != item:
        raise StateError(_MEANWHILE.format(item.id), "Look at it again.")
    made = corrections.of_issue(connection, frozen.name)
    mine = [one for one in made if one.anchor == anchor_of(item.id)]
    if not mine:
        raise StateError("the item has not been corrected", "Change the item's file first.")
    return content, mine


def _told(connection: Connection, mine: Sequence[Correction]) -> Frozen | None:
    """Return the last letter about an item, or None. Raises StateError when it has told of everything."""
    last = next((one.letter for one in reversed(mine) if one.letter), "")
    earlier = issues.find(connection, last) if last else None
    if earlier and earlier.begun_at and mine[-1].letter == last:
        raise StateError(
            Message("letter %(last)s tells of this correction already", last=last),
            Message("See: newsletter status %(last)s", last=last),
        )
    return earlier


def _next_name(connection: Connection, name: str) -> str:
    """Return the name of the next letter about issue `name`."""
    closing = date.fromisoformat(name)
    for number in range(1, LAST + 1):
        own = CorrectionName(closing, number).isoformat()
        if issues.find(connection, own) is None:
            return own
    raise StateError(
        Message("issue %(name)s has %(last)s letters already", name=name, last=LAST),
        "Put the correction into the next issue.",
    )


def _refuse(frozen: Frozen, had: int, waiting: int) -> None:
    name = frozen.name
    if waiting and frozen.state is not IssueState.CANCELLED:
        raise StateError(
            Message(
                "%(waiting)s readers have not got issue %(name)s yet, and will get the item as it was",
                waiting=waiting,
                name=name,
            ),
            Message(
                "Make the letter once it is sent: newsletter status %(name)s. Or stop it for good:"
                " newsletter cancel %(name)s",
                name=name,
            ),
        )
    if not had:
        raise StateError(
            "no reader has the item as it was", "The archive shows it as it is: no letter is needed."
        )


def _draft(envelope: Envelope, signed: Signed) -> Frozen:
    """Return the approved letter before its readers are counted."""
    return Frozen(
        name=envelope.issue,
        state=IssueState.APPROVED,
        reason="",
        fingerprint="",
        envelope=envelope,
        sources={},
        errors=0,
        transport="",
        approved_by=signed.by,
        approved_at=timestamp(signed.at),
        begun_at="",
        readers=0,
        without=0,
    )
