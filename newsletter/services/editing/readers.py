"""How many readers a section, a condition or an edition has, counted again at most once a minute."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from newsletter.audience.segments import where
from newsletter.conditions import SECTION
from newsletter.model import AllOf, AnyOf, Condition, Edition, Has, Issue, Not
from newsletter.render.edition import Editions
from newsletter.store.db import reading
from newsletter.store.people import count_readers, readers

if TYPE_CHECKING:
    from newsletter.services import Workspace

T = TypeVar("T")

_FRESH = 60.0
"""Seconds for which a count is shown again."""
_MOST = 200


@dataclass(slots=True)
class ReaderCounts:
    """Counts of readers, kept for a short time: a board is looked at often, and lists change seldom."""

    clock: Callable[[], float] = monotonic
    _kept: dict[object, tuple[float, object]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def all(self, workspace: "Workspace") -> int:
        """Return how many readers there are. Raises StoreError."""
        return self._count(workspace, None)

    def sections(self, workspace: "Workspace") -> Mapping[str, int]:
        """Return the number of readers of each section. Raises StoreError."""
        everybody = self.all(workspace)
        return {
            one.slug: everybody if one.always else self.of(workspace, Has(SECTION, frozenset({one.slug})))
            for one in workspace.settings.model_sections
        }

    def of(self, workspace: "Workspace", condition: Condition) -> int:
        """Return how many readers meet a condition. Raises StoreError."""
        return self._count(workspace, condition)

    def tally(self, workspace: "Workspace", issue: Issue, now: datetime) -> list[tuple[Edition, int]]:
        """Return the editions of an issue by number of readers. Raises StoreError."""
        conditions = {item.only_for for block in issue.blocks for item in block.items if item.only_for}
        fields = tuple(sorted(set().union(*map(_fields, conditions))))
        today = now.astimezone(ZoneInfo(workspace.settings.timezone)).date()

        def choices() -> Counter[tuple[frozenset[str], tuple[str, ...]]]:
            with reading(workspace.readable) as connection:
                return Counter(
                    (one.sections, tuple(one.attributes.get(name, "") for name in fields))
                    for one in readers(connection, today=today)
                )

        found = self._fresh(("choices", fields), choices)
        editions = Editions(issue)
        counts: Counter[str] = Counter()
        distinct: dict[str, Edition] = {}
        for (sections, values), number in found.items():
            held = {name: value for name, value in zip(fields, values, strict=True) if value}
            if edition := editions.of(sections, held):
                counts[edition.key] += number
                distinct[edition.key] = edition
        return [(distinct[key], number) for key, number in counts.most_common()]

    def _count(self, workspace: "Workspace", condition: Condition | None) -> int:
        def count() -> int:
            with reading(workspace.readable) as connection:
                return count_readers(connection, where(condition) if condition else None)

        return self._fresh(("count", condition), count)

    def _fresh(self, key: object, make: Callable[[], T]) -> T:
        with self._lock:
            kept = self._kept.get(key)
        if kept and self.clock() - kept[0] < _FRESH:
            return kept[1]  # type: ignore[return-value]  # of the same key
        made = make()
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (self.clock(), made)
            while len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        return made


def _fields(condition: Condition) -> set[str]:
    """Return the fields of readers that a condition asks for."""
    match condition:
        case Has(name, _):
            return {name} - {SECTION}
        case Not(inner):
            return _fields(inner)
        case AllOf(parts) | AnyOf(parts):
            return set().union(*map(_fields, parts))
