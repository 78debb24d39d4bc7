"""The state of an issue's approval: valid, void because files have changed since, or missing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from newsletter.model import IssueState
from newsletter.sending.calendar import grace
from newsletter.sending.freeze import changed_since
from newsletter.store import issues, schedule_runs
from newsletter.store.db import reading
from newsletter.store.schedule_runs import Settled

if TYPE_CHECKING:
    from newsletter.services import Workspace

VOID, MISSING, EMPTY = "void", "missing", "empty"
NOBODY_IS_TOLD = (
    "newsletter.yaml sets a weekly hour but no editors, so nobody is notified when the issue is held\n"
    "  Add a line: `editors: [name@example.org]`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of an issue: `state` is an IssueState, VOID, MISSING or EMPTY; `changed` names files."""

    state: str
    by: str = ""
    at: str = ""
    changed: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The state in words, as commands print it."""
        if self.state == VOID:
            return f"the approval by {self.by} is void: these files have changed: {', '.join(self.changed)}"
        if self.state == IssueState.APPROVED:
            return f"approved by {self.by}"
        return {MISSING: "not approved", EMPTY: "no items yet"}.get(self.state, self.state)


def standing(context: "Workspace", closing: date) -> Standing:
    """Return the state of the approval of issue `closing`. Raises StoreError."""
    with reading(context.readable) as connection:
        frozen = issues.find(connection, closing.isoformat())
    if frozen is None:
        return Standing(state=MISSING if context.has_items(closing) else EMPTY)
    approved = frozen.state is IssueState.APPROVED
    changed = changed_since(frozen, context.sources(closing)) if approved else ()
    return Standing(
        state=VOID if changed else frozen.state.value,
        by=frozen.approved_by,
        at=frozen.approved_at,
        changed=tuple(changed),
    )


@dataclass(frozen=True, slots=True)
class HeldHour:
    """A weekly hour whose issue was held, and until when approving it still starts it automatically."""

    settled: Settled
    until: datetime


def held_hours(context: "Workspace") -> list[HeldHour]:
    """Return the held weekly hours that are less than the grace period ago. Raises StoreError."""
    within = grace(context.settings.schedule)
    with reading(context.readable) as connection:
        recent = schedule_runs.settled_since(connection, context.now() - within)
    return [HeldHour(one, one.moment + within) for one in recent if one.held]


def nobody_is_told(context: "Workspace") -> bool:
    """Return whether a weekly hour is set but no editors to notify when its issue is held."""
    return bool(context.settings.schedule.weekly and not context.settings.editors)
