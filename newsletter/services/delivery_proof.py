"""Proof of delivery of one issue: what the ledger says of each message, held against a relay's own log."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.model import Outcome
from newsletter.names import read_name
from newsletter.sending.reconcile import postfix_log
from newsletter.store import audience, issues
from newsletter.store.db import reading

if TYPE_CHECKING:
    from newsletter.services import Workspace

_PAGE = 10_000
_NAMED = 100
"""At most so many Message-IDs of each kind are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryProof:
    """The messages of an issue by what ledger and log say of them.

    `confirmed`: accepted by the ledger, and in the log. `bounced_later`: accepted, and the log knows that it
    failed after that. `taken`: unknown to the ledger, and in the log. `missing` and `twice` are Message-IDs:
    accepted but not in the log, and in the log under several queue ids. `not_sent` counts all others.
    """

    issue: str
    recipients: int
    confirmed: int
    bounced_later: int
    taken: int
    not_sent: int
    missing: Sequence[str]
    missing_count: int
    twice: Sequence[str]
    twice_count: int

    @property
    def whole(self) -> bool:
        """Whether every accepted message is in the log once."""
        return not (self.missing_count or self.twice_count or self.taken)


def prove_delivery(workspace: "Workspace", name: str, lines: Iterable[str]) -> DeliveryProof:
    """Hold the ledger of issue `name` against the lines of a Postfix log. Raises StateError."""
    evidence = postfix_log(lines, "log")
    issue = read_name(name)
    found: Counter[str] = Counter()
    missing: list[str] = []
    twice: list[str] = []
    after = 0
    with reading(workspace.readable) as connection:
        issues.get(connection, name)
        while page := audience.recipients(connection, name, after=after, limit=_PAGE):
            after = page[-1].number
            for one in page:
                message = workspace.message_id(one.number, issue)
                receipt = evidence.by_message.get(message)
                kind = _kind(one.member.state, receipt.outcome if receipt else None)
                found[kind] += 1
                if kind == "missing":
                    missing.append(message)
                if evidence.taken[message] > 1:
                    twice.append(message)
    return DeliveryProof(
        issue=name,
        recipients=found.total(),
        confirmed=found["confirmed"],
        bounced_later=found["bounced later"],
        taken=found["taken"],
        not_sent=found["not sent"],
        missing=missing[:_NAMED],
        missing_count=len(missing),
        twice=twice[:_NAMED],
        twice_count=len(twice),
    )


def _kind(state: str, in_log: Outcome | None) -> str:
    """Return what ledger and log say of a message together."""
    sent = state in (Outcome.ACCEPTED, Outcome.BOUNCED, Outcome.COMPLAINED)
    if in_log is None:
        return "missing" if sent else "not sent"
    if in_log is Outcome.REFUSED:
        return "bounced later" if sent else "not sent"
    return "confirmed" if sent else "taken"
