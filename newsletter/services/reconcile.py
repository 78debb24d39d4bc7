"""Settle deliveries of unknown outcome: by a relay's log, a provider's events, or an editor's word."""

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import ConfigError, ContentError, Message
from newsletter.feedback.recorded import recorded
from newsletter.model import Outcome, Receipt
from newsletter.names import IssueName, read_name
from newsletter.sending.reconcile import postfix_log
from newsletter.store import deliveries, issues, ledger
from newsletter.store.db import reading, writing
from newsletter.store.ledger import Result

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.store.deliveries import Uncertain


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What says how deliveries ended: Postfix's log, a provider's events, or an editor, by address.

    Those in `resend` get the message again; with `resend_absent` also everybody who is not in the log, which
    must cover the whole sending.
    """

    log: Path | None = None
    events: Path | None = None
    accepted: tuple[str, ...] = ()
    resend: tuple[str, ...] = ()
    resend_absent: bool = False


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was found out about an issue's deliveries: their outcomes, and whom to send the message again."""

    issue: str
    found: Mapping["Uncertain", Receipt]
    again: frozenset[int]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A delivery whose outcome is still unknown."""

    email: str
    message_id: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """How many deliveries were settled, how many will be sent again, and which are still unknown."""

    settled: int
    resent: int
    unknown: tuple[Unknown, ...]


def examine(workspace: "Workspace", issue: IssueName, sources: Sources) -> Verdicts:
    """Find out how the unknown deliveries of an issue ended; change nothing.

    Raises StateError when the issue is not approved, ContentError for an address that is not among them.
    """
    if sources.resend_absent and sources.log is None:
        raise ConfigError("who is absent from a log is known only with the log", "Give it: --log FILE")
    name = issue.isoformat()
    with reading(workspace.database) as connection:
        issues.get(connection, name)
        left = deliveries.uncertain(connection, name)
    by_hand = _by_address(left, (*sources.accepted, *sources.resend))
    found = _found(workspace, issue, left, sources)
    found |= {
        by_hand[address]: Receipt(outcome=Outcome.ACCEPTED, detail="settled by hand")
        for address in sources.accepted
    }
    again = {by_hand[address].subscriber for address in sources.resend}
    if sources.resend_absent:
        again |= {one.subscriber for one in left if one not in found}
    return Verdicts(name, found, frozenset(again))


def settle(workspace: "Workspace", verdicts: Verdicts) -> Reconciled:
    """Store what was found out, in one transaction."""
    name = verdicts.issue
    with writing(workspace.database) as connection:
        results = [Result(one.subscriber, one.attempt, receipt) for one, receipt in verdicts.found.items()]
        settled = ledger.settle(connection, name, results, workspace.now())
        resent = deliveries.send_again(connection, name, set(verdicts.again))
        left = deliveries.uncertain(connection, name)
    issue = read_name(name)
    return Reconciled(
        settled=settled,
        resent=resent,
        unknown=tuple(
            Unknown(one.email, workspace.message_id(one.subscriber, issue), one.at) for one in left
        ),
    )


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")


def _by_address(left: "Iterable[Uncertain]", addresses: Iterable[str]) -> "dict[str, Uncertain]":
    known = {one.email.casefold(): one for one in left}
    for address in addresses:
        if address.casefold() not in known:
            raise ContentError(
                Message("no delivery to %(address)s is unknown", address=address),
                "See which are: newsletter reconcile D",
            )
    return {address: known[address.casefold()] for address in addresses}


def _found(
    workspace: "Workspace", issue: IssueName, left: "Iterable[Uncertain]", sources: Sources
) -> "dict[Uncertain, Receipt]":
    log, events = sources.log, sources.events
    by_message = postfix_log(_text(log).splitlines(), log.name).by_message if log else {}
    by_delivery = recorded(_text(events), events.name) if events else {}
    found = {}
    for one in left:
        receipt = by_delivery.get(f"{issue}:{one.subscriber}") or by_message.get(
            workspace.message_id(one.subscriber, issue)
        )
        if receipt:
            found[one] = receipt
    return found
