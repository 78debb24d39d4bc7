"""How often a network was seen: in the minute that began with its first request, and no longer."""

from newsletter.web.readers.limits import Counts


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_each_is_counted_for_itself_and_forgotten_a_minute_after_its_first_time() -> None:
    clock = Clock()
    counts = Counts(clock)
    assert counts.add("a") == (1, 60)
    clock.now += 59
    assert [counts.add("a"), counts.add("b")] == [(2, 1), (1, 60)]
    clock.now += 1
    assert counts.add("a") == (1, 60)
    assert counts.add("b") == (2, 59)


def test_what_is_forgotten_takes_no_memory() -> None:
    clock = Clock()
    counts = Counts(clock)
    for network in range(1000):
        counts.add(network)
    clock.now += 120
    counts.add("another")
    assert len(counts) == 1
