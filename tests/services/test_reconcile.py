"""Unknown deliveries settled as a service: by a log, by events, by hand, or sent again."""

import gzip
import json
from pathlib import Path

import pytest

from newsletter.errors import ConfigError, ContentError, StateError
from newsletter.model import Outcome, Receipt
from newsletter.services import Workspace
from newsletter.services.reconcile import Sources, examine, settle
from newsletter.store import issues, ledger
from newsletter.store.db import writing
from newsletter.store.ledger import Result
from tests.sending import house

CLOSING = house.issue().period.end
FIRST, SECOND, THIRD, FOURTH = (f"reader{number}@city.example.org" for number in range(1, 5))


@pytest.fixture
def unsure(either: Workspace) -> Workspace:
    """Send an issue to four readers; the answers to all of them were lost."""
    house.people(either.database, 4)
    house.approve(either.database)
    with writing(either.database) as connection:
        issues.begin(connection, house.NAME, "smtp", house.NOW)
        lost = Receipt(outcome=Outcome.UNKNOWN, detail="lost")
        ledger.record(connection, house.NAME, [Result(n, 1, lost) for n in range(1, 5)], house.NOW)
    return either


def test_each_is_settled_by_what_is_known_of_it(unsure: Workspace, tmp_path: Path) -> None:
    log = tmp_path / "mail.log.gz"
    line = f"relay postfix/cleanup[1]: ABCDEF123: message-id={unsure.message_id(1, CLOSING)}\n"
    line += "relay postfix/qmgr[1]: ABCDEF123: from=<x@example.org>, size=1, nrcpt=1 (queue active)\n"
    log.write_bytes(gzip.compress(line.encode()))
    events = tmp_path / "events.json"
    events.write_text(json.dumps([{"delivery_id": f"{CLOSING}:2", "event": "dropped", "reason": "gone"}]))
    verdicts = examine(
        unsure,
        CLOSING,
        Sources(log=log, events=events, accepted=(THIRD.upper(),), resend=(FOURTH,)),
    )
    assert {one.email: receipt.outcome for one, receipt in verdicts.found.items()} == {
        FIRST: Outcome.ACCEPTED,
        SECOND: Outcome.REFUSED,
        THIRD: Outcome.ACCEPTED,
    }
    assert verdicts.again == {4}
    done = settle(unsure, verdicts)
    assert (done.settled, done.resent, done.unknown) == (3, 1, ())
    assert house.outcomes(unsure.database) == {"accepted": 2, "refused": 1, "deferred": 1}


def test_without_evidence_nothing_changes_and_all_are_listed(unsure: Workspace) -> None:
    done = settle(unsure, examine(unsure, CLOSING, Sources()))
    assert (done.settled, done.resent) == (0, 0)
    assert [one.email for one in done.unknown] == [FIRST, SECOND, THIRD, FOURTH]
    assert done.unknown[0].message_id == unsure.message_id(1, CLOSING)


def test_whoever_is_absent_from_the_log_gets_it_again_only_with_a_log(
    unsure: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="--log"):
        examine(unsure, CLOSING, Sources(resend_absent=True))
    log = tmp_path / "mail.log"
    log.write_text("")
    verdicts = examine(unsure, CLOSING, Sources(log=log, resend_absent=True))
    assert verdicts.again == {1, 2, 3, 4}


def test_only_an_unknown_delivery_of_an_approved_issue_can_be_settled(unsure: Workspace) -> None:
    with pytest.raises(ContentError, match=r"no delivery to nobody@example\.org is unknown"):
        examine(unsure, CLOSING, Sources(accepted=("nobody@example.org",)))
    with pytest.raises(StateError, match="is not approved"):
        examine(unsure, CLOSING.replace(day=21), Sources())
