"""How the approval of an issue stands: it is valid, or void as files were changed since, or there is none."""

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
    "newsletter.yaml sets a weekly hour and no editors, so nobody is told when the issue is held\n"
    "  Add a line: `editors: [name@example.org]`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far an issue is: `state` is one of IssueState, VOID, MISSING or EMPTY; `changed` names files."""

    state: str
    by: str = ""
    at: str = ""
    changed: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Say it to a person."""
        if self.state == VOID:
            return f"the approval by {self.by} is void, as these changed since: {', '.join(self.changed)}"
        if self.state == IssueState.APPROVED:
            return f"approved by {self.by}"
        return {MISSING: "not approved", EMPTY: "no items yet"}.get(self.state, self.state)


def standing(context: "Workspace", closing: date) -> Standing:
    """Return how the approval of issue `closing` stands. Raises StoreError."""
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
    """A weekly hour whose issue was held, and until when it still leaves by itself once it is approved."""

    settled: Settled
    until: datetime


def held_hours(context: "Workspace") -> list[HeldHour]:
    """Return the hours that were held within the grace period or since. Raises StoreError."""
    within = grace(context.settings.schedule)
    with reading(context.readable) as connection:
        recent = schedule_runs.settled_since(connection, context.now() - within)
    return [HeldHour(one, one.moment + within) for one in recent if one.held]


def nobody_is_told(context: "Workspace") -> bool:
    """Tell whether a weekly hour is set, and nobody who would be told that its issue is held."""
    return bool(context.settings.schedule.weekly and not context.settings.editors)
