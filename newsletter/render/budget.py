"""Limits on rendering a template, per thread: work, size of a value, size of the output, and time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import local
from time import monotonic

from newsletter.errors import Message

_MOST = 20  # editions' worth of work for a whole issue; some 8 MB of MJML
_LARGEST_NUMBER = 1024  # bits; a float holds no more


class TooMuch(Exception):  # noqa: N818  the condition is the name
    """A template exceeded its limits; not a kind of error that Jinja's filters catch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one template.

    A unit of work is a step of a loop, a call, or a character or an entry of a value that is made. `size` is
    that of one value in characters and entries, each counted as often as it is contained.
    """

    work: int = 10_000_000
    size: int = 1_000_000
    output: int = 400_000
    seconds: float = 5.0


class _Spending(local):
    limits = Limits()
    left = limits.work
    look = limits.work
    """The remaining work at which the clock is read next."""
    until = float("inf")
    times = 1
    """How many editions' worth a template may do."""


_OFTEN = 1_000  # units of work between two looks at the clock, which cost as much as a step
_now = _Spending()


@contextmanager
def budget(limits: Limits) -> Iterator[None]:
    """Enforce `limits` on this thread until the block ends."""
    before = vars(_now).copy()
    work = limits.work * _now.times
    scaled = replace(limits, work=work, output=limits.output * _now.times)
    until = monotonic() + limits.seconds * _now.times
    vars(_now).update(limits=scaled, left=work, look=work, until=until)
    try:
        yield
    finally:
        vars(_now).clear()
        vars(_now).update(before)


@contextmanager
def many(times: int) -> Iterator[None]:
    """Let this thread's templates do `times` as much until the block ends, as for the whole of an issue."""
    before, _now.times = _now.times, max(1, min(times, _MOST))
    try:
        yield
    finally:
        _now.times = before


def spend(work: int = 1) -> None:
    """Charge `work` units. Raises TooMuch when the work or the time is used up."""
    _now.left = left = _now.left - work
    if left > _now.look:
        return
    _now.look = left - _OFTEN
    if left < 0:
        raise TooMuch(
            Message(
                "it computes too much: more than %(work)s steps and characters", work=f"{_now.limits.work:,}"
            )
        )
    if monotonic() > _now.until:
        raise TooMuch(
            Message("it takes too long: more than %(seconds)s seconds", seconds=f"{_now.limits.seconds:g}")
        )


def expect(size: int) -> None:
    """Raise TooMuch if a value of `size` characters and entries, not yet made, would be too large."""
    if size > _now.limits.size:
        raise TooMuch(
            Message(
                "it makes a value that is too large: more than %(size)s characters",
                size=f"{_now.limits.size:,}",
            )
        )


def expect_number(bits: int) -> None:
    """Raise TooMuch if an integer of so many bits, not yet made, would be too large."""
    if bits > _LARGEST_NUMBER:
        raise TooMuch(
            Message(
                "it makes a number that is too large: more than %(most)s bits",
                most=_LARGEST_NUMBER,
            )
        )


def joined(pieces: Iterable[str]) -> str:
    """Join the pieces of an output, charging each as it is produced. Raises TooMuch."""
    made: list[str] = []
    size, most, charged = 0, _now.limits.output, 0
    for piece in pieces:
        made.append(piece)
        size += len(piece)
        if size - charged > _OFTEN:
            spend(size - charged + len(made))
            charged = size
            if size > most:
                raise TooMuch(Message("it writes too much: more than %(most)s characters", most=f"{most:,}"))
    spend(size - charged + 1)
    return "".join(made)
