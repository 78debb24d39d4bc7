"""What became of issues and of readers, from what is known without tracking anybody.

Who got an issue is forgotten after `retention.deliveries`; then only the numbers by outcome stay. Of readers,
what is in force today is counted by the day it began: who left and came back is not counted as having left.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from newsletter.audience.csvfile import guard
from newsletter.config.parts import FieldKind
from newsletter.model import Outcome, SubscriptionState
from newsletter.store import deliveries, figures, issues
from newsletter.store.db import reading
from newsletter.store.retention import forgotten

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.services import Workspace
    from newsletter.store.figures import Counted
    from newsletter.store.issues import Frozen

FEW = 5
"""Domains with fewer readers are counted together, for one of them may be a person's own."""
WEEKS = 26
"""So many weeks are looked back."""

FAILED = (Outcome.REFUSED, Outcome.BOUNCED, Outcome.COMPLAINED)
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a report: numbers of readers by outcome; the rest of `readers` is still to be sent."""

    name: str
    readers: int
    outcomes: Mapping[Outcome, int]

    @property
    def accepted(self) -> int:
        """How many messages the receiving servers took and did not send back."""
        return self.outcomes.get(Outcome.ACCEPTED, 0)

    @property
    def failed(self) -> int:
        """How many were refused for good, bounced, or led to a complaint."""
        return sum(self.outcomes.get(one, 0) for one in FAILED)

    @property
    def pending(self) -> int:
        """How many have no outcome yet."""
        return self.readers - sum(self.outcomes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueReport:
    """What became of one issue; `forgotten` says that only `total` is still known.

    `failures` are (code, server's words, number), `reports` (kind, status code, number).
    """

    frozen: "Frozen"
    total: Row
    forgotten: bool
    sections: Sequence[Row] = ()
    regions: Sequence[Row] = ()
    domains: Sequence[Row] = ()
    ways: Sequence[Row] = ()
    failures: Sequence[tuple[int, str, int]] = ()
    reports: Sequence[tuple[str, str, int]] = ()

    @property
    def used(self) -> list[str]:
        """The ways by which messages have left."""
        return [row.name for row in self.ways if row.name]


def issue_report(workspace: "Workspace", name: str) -> IssueReport:
    """Return what became of issue `name`. Raises StateError when it is not approved."""
    with reading(workspace.readable) as connection:
        frozen = issues.get(connection, name)
        counts = deliveries.counts(connection, name)
        total = Row(name=name, readers=frozen.readers, outcomes={k: v for k, v in counts.items() if v})
        if forgotten(connection, name):
            return IssueReport(frozen=frozen, total=total, forgotten=True)
        region = workspace.settings.field(FieldKind.REGION)
        failures = sorted(deliveries.failures(connection, name), key=lambda one: -one[2])
        reported = figures.reported(connection, name)
        return IssueReport(
            frozen=frozen,
            total=total,
            forgotten=False,
            sections=_by_section(workspace, connection, name),
            regions=_rows(figures.by_field(connection, name, region)) if region else (),
            domains=_rows(_gathered(figures.by_domain(connection, name))),
            ways=_rows(figures.by_way(connection, name)),
            failures=failures,
            reports=sorted((kind, code, number) for (kind, code), number in reported.items()),
        )


def _by_section(workspace: "Workspace", connection: "Connection", name: str) -> list[Row]:
    """Return a row for each section of the issue; a reader counts in each one they got."""
    of_edition = figures.sections_of(connection, name)
    counted: Counted = {}
    for key, states in figures.by_edition(connection, name).items():
        for slug in of_edition[key]:
            into = counted.setdefault(slug, {})
            for state, number in states.items():
                into[state] = into.get(state, 0) + number
    known = {section.slug: section.title for section in workspace.settings.sections}
    titles = {**known, **figures.titles_of(connection, name), **known}
    order = [slug for slug in (*titles, *counted) if slug in counted]
    return [_row(titles.get(slug, slug), counted[slug]) for slug in dict.fromkeys(order)]


def _gathered(counted: "Counted") -> "Counted":
    """Return the figures of domains with those of few readers counted together, under an empty name."""
    found: Counted = {}
    for domain, states in counted.items():
        into = found.setdefault(domain if sum(states.values()) >= FEW else "", {})
        for state, number in states.items():
            into[state] = into.get(state, 0) + number
    return found


def _rows(counted: "Counted") -> list[Row]:
    """Return a row for each key, most readers first, and what has no name last."""
    rows = [_row(name, states) for name, states in counted.items()]
    return sorted(rows, key=lambda row: (not row.name, -row.readers, row.name))


def _row(name: str, states: Mapping[str, int]) -> Row:
    outcomes = {Outcome(state): number for state, number in states.items() if state}
    return Row(name=name, readers=sum(states.values()), outcomes=outcomes)


def issues_over_time(workspace: "Workspace") -> list[Row]:
    """Return a row for each issue that was started, the oldest of the last WEEKS first."""
    with reading(workspace.readable) as connection:
        begun = [one for one in issues.find_all(connection) if one.begun_at and _is_issue(one)]
        counts = deliveries.counts_by_issue(connection)
    return [
        Row(
            name=one.name,
            readers=one.readers,
            outcomes={k: v for k, v in counts.get(one.name, {}).items() if v},
        )
        for one in reversed(begun[:WEEKS])
    ]


def _is_issue(frozen: "Frozen") -> bool:
    """Return whether it is an issue of its own, not a letter with a correction."""
    return "+" not in frozen.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The week that closes on `closing`: how many readers came, left everything, and were erased.

    `chosen`, `left` and `paused` count, by section, the choices made then that are in force.
    """

    closing: date
    joined: int = 0
    gone: int = 0
    erased: int = 0
    chosen: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)
    paused: Mapping[str, int] = field(default_factory=dict)


def readers_over_time(workspace: "Workspace") -> list[Week]:
    """Return the last WEEKS weeks, the oldest first."""
    settings = workspace.settings
    last = settings.closing_day(workspace.now().date())
    closings = [last - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    since = (closings[0] - timedelta(days=6)).isoformat()
    with reading(workspace.readable) as connection:
        joined = _weekly(workspace, figures.joined_by_day(connection, since))
        gone = _weekly(workspace, figures.left_by_day(connection, since))
        erased = _weekly(workspace, figures.erased_by_day(connection, since))
        choices = figures.choices_by_day(connection, since)
    states: defaultdict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    for day, section, state, number in choices:
        states[settings.closing_day(date.fromisoformat(day)), state][section] += number
    return [
        Week(
            closing=one,
            joined=joined[one],
            gone=gone[one],
            erased=erased[one],
            chosen=states[one, SubscriptionState.ACTIVE],
            left=states[one, SubscriptionState.LEFT],
            paused=states[one, SubscriptionState.PAUSED],
        )
        for one in closings
    ]


def _weekly(workspace: "Workspace", by_day: Mapping[str, int]) -> Counter[date]:
    weeks: Counter[date] = Counter()
    for day, number in by_day.items():
        weeks[workspace.settings.closing_day(date.fromisoformat(day))] += number
    return weeks


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom an issue reached: recipients by section, and communities of the register with any, of how many."""

    issue: str
    sections: Mapping[str, int]
    communities: int = 0
    of: int = 0


def reach_over_time(workspace: "Workspace") -> list[Reach]:
    """Return whom each issue of `issues_over_time` went to, as far as that is still known."""
    from newsletter.audience.ukraine.coverage import KINDS, placed

    names = [row.name for row in issues_over_time(workspace)]
    fields = [slug for kind in KINDS if (slug := workspace.settings.field(kind))]
    sections: defaultdict[str, Counter[str]] = defaultdict(Counter)
    covered = {}
    with reading(workspace.readable) as connection:
        for name, slugs, number in figures.edition_readers(connection, names):
            sections[name].update(dict.fromkeys(slugs, number))
        if len(fields) == len(KINDS):
            covered = {name: placed(figures.places(connection, name, fields)) for name in sections}
    return [
        Reach(
            issue=name,
            sections=sections[name],
            communities=covered[name].having if name in covered else 0,
            of=covered[name].communities if name in covered else 0,
        )
        for name in names
        if name in sections
    ]


def outcome_table(rows: Iterable[Row]) -> Iterator[Sequence[str | int]]:
    """Yield headings and lines of a table of rows: readers, each outcome, and what is pending."""
    yield ("name", "readers", *(outcome.value for outcome in Outcome), "pending")
    for row in rows:
        yield (row.name, row.readers, *(row.outcomes.get(one, 0) for one in Outcome), row.pending)


def week_table(weeks: Iterable[Week], slugs: Sequence[str]) -> Iterator[Sequence[str | int]]:
    """Yield headings and lines of a table of weeks, with what was chosen, left and paused of each section."""
    kinds = ("chosen", "left", "paused")
    yield ("week", "joined", "left", "erased", *(f"{slug} {kind}" for slug in slugs for kind in kinds))
    for week in weeks:
        of = [getattr(week, kind).get(slug, 0) for slug in slugs for kind in kinds]
        yield (week.closing.isoformat(), week.joined, week.gone, week.erased, *of)


def reach_table(found: Iterable[Reach], slugs: Sequence[str]) -> Iterator[Sequence[str | int]]:
    """Yield headings and lines of a table of issues: recipients by section, communities reached."""
    yield ("issue", *slugs, "communities", "of")
    for one in found:
        yield (one.issue, *(one.sections.get(slug, 0) for slug in slugs), one.communities, one.of)


def csv_of(table: Iterable[Sequence[str | int]]) -> str:
    """Return a table as CSV that spreadsheets open as UTF-8 and run no formula of."""
    out = io.StringIO(_BOM)
    out.seek(len(_BOM))
    csv.writer(out).writerows([guard(one) if isinstance(one, str) else one for one in line] for line in table)
    return out.getvalue()
