"""Detect a wrong machine clock: notice a jump, notify the editors, and wait until the clock is steady again.

While the clock is in doubt, nothing is done that a wrong time would make irrevocable (docs/decisions/0015).
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import Connection, Engine

from newsletter.errors import Message, counted
from newsletter.store import clock as kept
from newsletter.store.clock import Seen
from newsletter.store.db import reading, timestamp, writing

JUMP = timedelta(minutes=10)
"""The largest deviation of a trusted clock; it does not matter to a weekly hour."""
REST = timedelta(days=8)
"""The longest gap between two looks at the clock: longer than from one weekly hour to the next."""
STEADY = timedelta(minutes=10)
"""How long a clock that has jumped must run evenly before it is trusted again."""

_LONGEST_WAIT = timedelta(hours=5)  # of anything postponed by the clock: a retry, a lease, a domain's hold
_HEARTBEAT = timedelta(minutes=1)  # between writes of the last look, while nothing changes
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # also counts while the machine is suspended
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One reading of the clock: what it shows, and what it should show by a monotonic clock.

    `expected` is counted from when it was last trusted, `doubted` from when it last was not, both only if
    this process has looked before; `skew` is how far the machine is ahead of a database server.
    """

    now: datetime
    expected: datetime | None = None
    doubted: datetime | None = None
    skew: timedelta | None = None


def judge(seen: Seen | None, look: Look) -> Seen:
    """Return the state of the clock after a reading; with an empty `doubt` it is trusted."""
    now = look.now
    if look.skew is not None and abs(look.skew) > JUMP:
        return _skewed(seen, now, look.skew)
    afresh = Seen(first=now, last=now)
    if seen is None:
        return afresh
    if _follows(seen, look):
        return Seen(first=seen.first, last=now)
    if seen.doubt_first and seen.doubt_last and _goes_on(seen.doubt_last, look.doubted, now):
        steady = now - seen.doubt_first >= STEADY
        return Seen(first=seen.doubt_first, last=now) if steady else replace(seen, doubt_last=now)
    if now < seen.last and seen.last - seen.first < STEADY:
        return afresh  # a deviation of a moment is no reason to doubt later readings
    return replace(seen, doubt=_jump(now, look.expected or seen.last), doubt_first=now, doubt_last=now)


def _skewed(seen: Seen | None, now: datetime, skew: timedelta) -> Seen:
    ahead = "this machine's clock is %(span)s ahead of the database server's"
    behind = "this machine's clock is %(span)s behind the database server's"
    words = Message(ahead if skew > timedelta() else behind, span=_span(skew))
    sound = seen or Seen(first=now - skew, last=now - skew)
    return replace(sound, doubt=words, doubt_first=None, doubt_last=None)


def _follows(seen: Seen, look: Look) -> bool:
    """Return whether the clock continues from when it was last trusted."""
    doubted = seen.doubt_last
    if look.expected is None and doubted and abs(look.now - doubted) < abs(look.now - seen.last):
        return False
    return _goes_on(seen.last, look.expected, look.now)


def _goes_on(last: datetime, expected: datetime | None, now: datetime) -> bool:
    if expected is not None:
        return abs(now - expected) <= JUMP
    return last - JUMP <= now <= last + REST


def _jump(now: datetime, before: datetime) -> str:
    back = "this machine's clock went back by %(span)s, to %(moment)s UTC"
    ahead = "this machine's clock jumped ahead by %(span)s, to %(moment)s UTC"
    shown = now.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return Message(back if now < before else ahead, span=_span(now - before), moment=shown)


def _span(span: timedelta) -> str:
    minutes = round(abs(span) / timedelta(minutes=1))
    days, hours = divmod(minutes // 60, 24)
    if days > 1:
        return counted("%(num)d day", "%(num)d days", days)
    return Message("%(hours)s h %(minutes)s min", hours=days * 24 + hours, minutes=minutes % 60)


class ClockWatch:
    """Checks the clock of `place` repeatedly, and reports to the log and to `tell` when it is in doubt.

    `machine` is compared with the database server's clock; `running` is a monotonic clock in seconds; `tell`
    is called within the transaction that stores the doubt.
    """

    def __init__(  # noqa: PLR0913, PLR0917  its clocks, and whom it notifies
        self,
        engine: Engine,
        clock: Callable[[], datetime],
        place: str = "",
        tell: Callable[[Connection, str], None] = lambda _connection, _words: None,
        machine: Callable[[], datetime] = lambda: datetime.now(UTC),
        running: Callable[[], float] = lambda: time.clock_gettime(_BOOT),
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._place = place
        self._tell = tell
        self._machine = machine
        self._running = running
        self._believed: _Anchor = None
        self._doubted: _Anchor = None
        self._lock = Lock()

    def doubt(self) -> str:
        """Check the clock; return why it is in doubt, or an empty string. Raises StoreError."""
        with self._lock:
            with reading(self._engine) as connection:
                before = kept.read(connection, self._place)
                server = kept.server_time(connection)
            now, running = self._clock(), self._running()
            skew = self._machine() - server if server else None
            expected, doubted = _goes_to(self._believed, running), _goes_to(self._doubted, running)
            seen = judge(before, Look(now=now, expected=expected, doubted=doubted, skew=skew))
            if _worth_keeping(before, seen):
                self._keep(before, seen)
            if seen.doubt:
                self._doubted = now, running
            else:
                self._believed, self._doubted = (now, running), None
            return seen.doubt

    def _keep(self, before: Seen | None, seen: Seen) -> None:
        doubted = before.doubt if before else ""
        with writing(self._engine) as connection:
            kept.write(connection, self._place, seen)
            if seen.doubt and not doubted:
                self._tell(connection, seen.doubt)
            if before and not seen.doubt and (ahead := _ahead(before, seen.last)):
                kept.release(connection, *ahead, seen.last)
        if seen.doubt and seen.doubt != doubted:
            _log.warning("%s: nothing starts automatically until it is right, or has been steady", seen.doubt)
        elif doubted and not seen.doubt:
            _log.warning("the clock is trusted again: it shows %s", timestamp(seen.last))
        elif before and seen.last < before.last - JUMP:
            _log.warning("the clock went back from %s to %s", timestamp(before.last), timestamp(seen.last))


_Anchor = tuple[datetime, float] | None
"""What the clock showed, and the seconds of the monotonic clock then."""


def _goes_to(anchor: _Anchor, running: float) -> datetime | None:
    return anchor[0] + timedelta(seconds=running - anchor[1]) if anchor else None


def _ahead(before: Seen, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the range of moments to which a clock that was ahead of `now` may have postponed things."""
    first, last = before.doubt_first or before.first, before.doubt_last or before.last
    if last <= now + JUMP:
        return None
    return max(first, now + JUMP), last + _LONGEST_WAIT


def _worth_keeping(before: Seen | None, seen: Seen) -> bool:
    """Return whether `seen` is worth writing: it says more than that time passes, or a minute has passed."""
    if before is None or replace(before, last=seen.last, doubt_last=seen.doubt_last) != seen:
        return True
    moved = (seen.last - before.last, (seen.doubt_last or seen.last) - (before.doubt_last or before.last))
    return max(map(abs, moved)) >= _HEARTBEAT


def present_doubt(engine: Engine, place: str, now: datetime) -> str:
    """Return why the clock of `place` is in doubt now, or an empty string. Raises StoreError."""
    with reading(engine) as connection:
        seen = kept.read(connection, place)
        server = kept.server_time(connection)
    return judge(seen, Look(now=now, skew=datetime.now(UTC) - server if server else None)).doubt
