"""Members of the association's register as readers: added and changed by the register's own numbers.

The rules are those of an imported list: nobody is brought back who left, opted out, was suppressed or erased.
A member who is not in a call is left alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from newsletter.audience.consent import check_consent
from newsletter.audience.entries import EntryReader, Refusal, clean
from newsletter.errors import ConfigError, Message
from newsletter.model import Standing
from newsletter.services.person import check_fields
from newsletter.store import members, people
from newsletter.store.db import reading, writing
from newsletter.store.decisions import Decision, Entry, Fate, decide
from newsletter.store.import_people import write
from newsletter.store.people import key

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.services import Workspace
    from newsletter.store.people import Record

_TWICE = "another member of this call has the same number or address"
_TAKEN = "is the address of another reader, or of one who left or was erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as the register has them: `cells` are those of a list's line; `left`: wants no more mail."""

    external_id: str
    cells: Mapping[str, str]
    left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a member, or would: their fate as on a list, and why they are refused, if they are."""

    external_id: str
    fate: Fate
    reader: int | None = None
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """A member whose line can be read: where in the call, and the reader they are already."""

    member: Member
    entry: Entry
    reader: "Record | None"

    @property
    def moves(self) -> bool:
        """Whether the register has another address than we have."""
        return self.reader is not None and key(self.reader.email) != key(self.entry.email)


def sync(
    workspace: "Workspace", given: Sequence[Member], consent: str, source: str, *, dry_run: bool
) -> list[Result]:
    """Add and change readers as the register has them, in one transaction; a dry run changes nothing.

    `consent` says where new readers' consent came from, `source` what added them. Raises ConfigError for an
    unknown field, or a consent that is no line of words.
    """
    check_fields(workspace, {name for one in given for name in one.cells} - _COLUMNS)
    words, wrong = check_consent(consent)
    if wrong:
        raise ConfigError(
            Message("`consent` %(wrong)s", wrong=wrong), "Say where people agreed, like: membership form 2025"
        )
    if dry_run:
        with reading(workspace.readable) as connection:
            return _Sync(workspace, connection, lock=False).run(given)
    with writing(workspace.database) as connection:
        return _Sync(workspace, connection, lock=True).run(given, f"{words} ({source})")


def counts(results: Sequence[Result]) -> dict[str, int]:
    """Return how many members have each fate."""
    found = Counter(one.fate for one in results)
    return {fate.value: found[fate] for fate in Fate if found[fate]}


_COLUMNS = {"email", "name", "sections", "language"}


class _Sync:
    """One call, in its transaction."""

    def __init__(self, workspace: "Workspace", connection: "Connection", *, lock: bool) -> None:
        self._workspace, self._connection, self._lock = workspace, connection, lock
        self._reader = EntryReader(workspace.settings)
        self._results: dict[str, Result] = {}

    def run(self, given: Sequence[Member], origin: str = "") -> list[Result]:
        """Decide on all members, and write what was decided where there is an `origin`."""
        known = self._free(self._read(given))
        decisions = self._decide([replace(one.entry, email=_address(one)) for one in known])
        done = list(zip(known, decisions, strict=True))
        for one, decision in done:
            if decision.fate is Fate.REFUSED:
                self._refuse(one.member, decision.refusal)
        found = self._write(done, origin) if origin else {}
        for one, decision in done:
            external_id = one.member.external_id
            fate = Fate.CHANGED if one.moves and decision.fate is Fate.UNCHANGED else decision.fate
            number = one.reader.id if one.reader else found.get(external_id)
            self._add(Result(external_id=external_id, fate=fate, reader=number))
        return [self._results[one.external_id] for one in given]

    def _read(self, given: Sequence[Member]) -> list[_Known]:
        """Return the members whose lines can be read, each with the reader they are."""
        entries: dict[str, tuple[Member, Entry]] = {}
        addresses: set[str] = set()
        for one in given:
            entry = self._reader.read(0, {column: clean(cell) for column, cell in one.cells.items()})
            if isinstance(entry, Refusal):
                self._refuse(one, entry.text, entry.hint)
            elif one.external_id in entries or key(entry.email) in addresses:
                self._refuse(one, _TWICE)
            else:
                standing = Standing.LEFT if one.left else Standing.ACTIVE
                entries[one.external_id] = one, replace(entry, standing=standing, source="the register")
                addresses.add(key(entry.email))
        numbers = members.find(self._connection, list(entries))
        known = {number: people.get(self._connection, number) for number in sorted(numbers.values())}
        return [
            _Known(one, entry, known.get(numbers.get(one.external_id, 0))) for one, entry in entries.values()
        ]

    def _free(self, known: list[_Known]) -> list[_Known]:
        """Return the members whose address is theirs, or nobody's."""
        strangers = people.find_all(self._connection, [key(one.entry.email) for one in known])
        holders = members.of(self._connection, [person.id for person in strangers.values()])
        found = []
        for one in known:
            holder = strangers.get(key(one.entry.email))
            other = holders.get(holder.id) if holder else None
            free = not one.moves or self._is_free(one.entry)
            if other not in (None, one.member.external_id) or not free:
                self._refuse(one.member, _TAKEN)
            else:
                found.append(replace(one, reader=one.reader or holder))
        return found

    def _is_free(self, entry: Entry) -> bool:
        """Tell whether a member may move to the address of `entry`, which is locked until the end."""
        if self._lock:
            people.lock(self._connection, entry.email)
        (decision,) = self._decide([Entry(email=entry.email)])
        return decision.fate is Fate.NEW

    def _decide(self, entries: Sequence[Entry]) -> list[Decision]:
        settings, signer = self._workspace.settings, self._workspace.signer
        return decide(self._connection, entries, settings.optional_sections, signer, lock=self._lock)

    def _write(self, done: list[tuple[_Known, Decision]], origin: str) -> dict[str, int]:
        """Write what was decided, then which readers are which members; return that."""
        connection, now = self._connection, self._workspace.now()
        write(connection, [decision for _, decision in done], origin, now)
        for one, decision in done:
            if one.moves and decision.after:
                before = people.get(connection, decision.after.id)
                if before:
                    people.change(connection, before, replace(before, email=one.entry.email), now)
        taken = [one for one, decision in done if decision.fate is not Fate.REFUSED]
        readers = people.find_all(connection, [key(one.entry.email) for one in taken])
        found = {
            one.member.external_id: person.id
            for one in taken
            if (person := readers.get(key(one.entry.email)))
        }
        members.put(connection, found)
        return found

    def _refuse(self, one: Member, reason: str, hint: str = "") -> None:
        self._add(Result(external_id=one.external_id, fate=Fate.REFUSED, reason=reason, hint=hint))

    def _add(self, result: Result) -> None:
        self._results.setdefault(result.external_id, result)


def _address(one: _Known) -> str:
    """Return the address that a member has here until they move."""
    return one.reader.email if one.reader else one.entry.email
