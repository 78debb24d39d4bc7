"""The relay's own log held against the ledger: who is lost, who was written to twice, who is uncertain."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from newsletter.model import Outcome

CERTAIN = {Outcome.ACCEPTED, Outcome.REFUSED, Outcome.SUPPRESSED, Outcome.UNKNOWN}


@dataclass(frozen=True)
class Account:
    """An issue's state, each reader's outcome (empty when pending), and the log: (recipient, Message-ID)."""

    state: str
    ledger: Mapping[str, str]
    log: Sequence[tuple[str, str]]

    @cached_property
    def arrived(self) -> Counter[str]:
        """How often each recipient is in the log."""
        return Counter(recipient for recipient, _ in self.log)

    @property
    def lost(self) -> list[str]:
        """Readers whose issue ended without an outcome, or who are accepted and not in the log."""
        ended = self.state == "sent"
        return [
            reader
            for reader, outcome in self.ledger.items()
            if (ended and outcome not in CERTAIN)
            or (outcome == Outcome.ACCEPTED and not self.arrived[reader])
        ]

    @property
    def twice(self) -> list[str]:
        """Readers in the log more than once, or in the log and still to be sent to."""
        return [
            reader
            for reader, times in self.arrived.items()
            if times > 1 or self.ledger.get(reader) not in (Outcome.ACCEPTED, Outcome.UNKNOWN)
        ]

    @property
    def unknown(self) -> set[str]:
        """Readers of whom nobody can tell whether they have it."""
        return {reader for reader, outcome in self.ledger.items() if outcome == Outcome.UNKNOWN}

    def judge(self, *, unknown: int) -> None:
        """Fail unless the issue ended with nobody lost, nobody twice, and at most `unknown` uncertain."""
        assert self.state == "sent"
        assert self.lost == []
        assert self.twice == []
        assert len(self.unknown) <= unknown
        ids = {message_id for _, message_id in self.log}
        assert len(ids) == len(self.log), "a Message-ID stands for one reader"
