"""What the pages of approving and sending show: editions, segments, changes, hours, progress."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask import g

from newsletter.errors import ConfigError
from newsletter.i18n import said
from newsletter.model import IssueState, Outcome
from newsletter.render.values import Data, plain
from newsletter.services import Workspace, approval, recipients, subscribers
from newsletter.services.changes import Changes
from newsletter.services.proof import Proof
from newsletter.services.schedule import held_hours, hours, leaves_at
from newsletter.services.status import summary
from newsletter.store import figures
from newsletter.store.db import reading

_NEXT = 4
"""So many weekly hours are shown."""
_PARTS = (
    (Outcome.ACCEPTED, "good"),
    (Outcome.DEFERRED, "later"),
    (Outcome.UNKNOWN, "unsure"),
    (Outcome.REFUSED, "bad"),
    (Outcome.BOUNCED, "bad"),
    (Outcome.COMPLAINED, "bad"),
    (Outcome.SUPPRESSED, "off"),
)
"""The outcomes in the order of the bar, each with its class."""


def proved_editions(proof: Proof) -> list[Data]:
    """Return the editions that readers need now, with items, size and readers."""
    sizes = {page.edition: len(page.html.encode()) for page in proof.rendered}
    every = {block.section.slug for block in proof.issue.blocks}
    return [
        Data(
            key=edition.key,
            titles=tuple(block.section.title for block in edition.blocks),
            whole=set(edition.sections) == every,
            items=len(edition.items),
            size=sizes.get(edition.key, 0),
            readers=readers,
        )
        for edition, readers in proof.tally
    ]


def approved_editions(press: Workspace, closing: date) -> list[Data]:
    """Return the editions as they were approved, with size and readers."""
    with reading(press.readable) as connection:
        titles = {**figures.titles_of(connection, closing.isoformat()), **section_titles(press)}
    found = approval.editions(press, closing.isoformat())
    every = {slug for one in found for slug in one.sections}
    return [
        Data(
            key=one.edition,
            titles=tuple(titles.get(slug, slug) for slug in one.sections),
            whole=set(one.sections) == every,
            items=0,
            size=one.size,
            readers=one.readers,
        )
        for one in found
    ]


def section_titles(press: Workspace) -> Mapping[str, str]:
    """Return the titles of the sections by slug."""
    return {section.slug: section.title for section in press.settings.sections}


def shown_segments(press: Workspace, closing: date | None = None) -> Sequence[Data]:
    """Return the segments that hold somebody: of an approved issue's audience, or of all readers."""
    if closing:
        found = recipients.by_segment(press, closing.isoformat())
    else:
        found, _ = subscribers.segments(press)
    return [plain(one) for one in found if one.readers]


def shown_changes(changes: Changes | None) -> Data | None:
    """Return the changes with their fates as words; None when there is nothing to compare with."""
    return plain(changes) if changes else None


def shown_hours(press: Workspace, closing: date) -> Data:
    """Return when the issue leaves by itself, whether it was held, and the next weekly hours."""
    try:
        following = hours(press)[:_NEXT]
    except ConfigError:
        following = []
    name = closing.isoformat()
    held = next((one for one in held_hours(press) if one.settled.issue == name), None)
    at = leaves_at(press, closing) if following else None
    return Data(
        at=at,
        ahead=bool(at and at > press.now()),
        held=said(held.settled.outcome, g.language) if held else "",
        until=held.until if held else None,
        following=tuple(
            Data(moment=one.moment, issue=one.issue, state=one.standing.state) for one in following
        ),
    )


def shown_progress(press: Workspace, closing: date) -> Data:
    """Return the progress of an issue: counts, a bar in hundredths, pace, and what comes next."""
    found = summary(press, closing.isoformat())
    readers = found["readers"]
    failed = sum(found[one] for one in (Outcome.REFUSED, Outcome.BOUNCED, Outcome.COMPLAINED))
    return Data(
        state=found["state"].value,
        step=f"{found['state']}{' undo' if found['undo_until'] else ''}",
        going=found["state"] is IssueState.SENDING,
        reason=said(found["reason"], g.language),
        fingerprint=found["fingerprint"],
        transport=found["transport"] or press.settings.transport,
        readers=readers,
        without=found["without"],
        pending=found["pending"],
        accepted=found[Outcome.ACCEPTED],
        deferred=found[Outcome.DEFERRED],
        unknown=found[Outcome.UNKNOWN],
        suppressed=found[Outcome.SUPPRESSED],
        failed=failed,
        bar=_bar(found, readers),
        a_minute=round(found["rate"] * 60),
        seconds_left=found["seconds_left"],
        due=found["due"],
        undo_until=found["undo_until"],
        undo_left=_seconds_until(press, found["undo_until"]),
        clock=said(found["clock"], g.language),
    )


def _seconds_until(press: Workspace, moment: str | None) -> int:
    return round((datetime.fromisoformat(moment) - press.now()).total_seconds()) if moment else 0


def _bar(found: Mapping[Any, Any], readers: int) -> tuple[Data, ...]:
    """Return the parts of the bar: class, start and width in percent; the smallest can still be seen."""
    start, parts = 0.0, []
    for outcome, kind in _PARTS:
        if readers and found[outcome]:
            width = max(0.5, 100 * found[outcome] / readers)
            parts.append(Data(kind=kind, start=f"{start:.2f}%", width=f"{min(width, 100 - start):.2f}%"))
            start += width
    return tuple(parts)
