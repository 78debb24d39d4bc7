"""Notice a database server that has lost the ledger's last commits; record them again, and hold the sending.

It happens when a standby that is not synchronous replaces its primary, or when a backup is restored under a
running worker. A worker that ended with the primary cannot notice; so the issues are paused in any case.
"""

import logging
from datetime import datetime

from sqlalchemy import Engine

from newsletter.errors import Message
from newsletter.model import IssueState
from newsletter.store import issues, ledger
from newsletter.store.commit_marks import Lost, log_of
from newsletter.store.db import reading, writing

_log = logging.getLogger(__name__)


def settle_lost_commits(engine: Engine, now: datetime) -> None:
    """Record again what the database has lost of this process's commits; pause the issues. Raises StoreError.

    A message that may have been on the wire is recorded as unknown, so nobody is written to twice.
    """
    if engine.dialect.name != "postgresql":
        return
    log = log_of(engine)
    with reading(engine) as connection:
        lost = log.lost(connection, now.timestamp())
    if lost is None:
        return
    reason = _reason(lost)
    with writing(engine) as connection:
        for name, results in lost.results.items():
            if issues.lock(connection, name) is None:
                _log.error("issue %s is not in the database: its approval was lost too", name)
                continue
            ledger.withdraw_chunks(connection, name)
            ledger.record(connection, name, results, now)
            issues.change_state(
                connection, name, IssueState.PAUSED, among=[IssueState.SENDING], reason=reason
            )
    log.forget()
    _log.error("%s: %s", ", ".join(lost.results), reason)


def _reason(lost: Lost) -> str:
    deliveries = sum(map(len, lost.results.values()))
    known = (
        "the database server lost the last commits (%(commits)s of a worker) when it was replaced;"
        " %(deliveries)s deliveries were recorded again"
    )
    more = (
        "the database server lost the last commits (%(commits)s of a worker) when it was replaced;"
        " %(deliveries)s deliveries were recorded again, but more were lost than this program remembers:"
        " nobody knows whom it had written to"
    )
    return Message(known if lost.complete else more, commits=lost.commits, deliveries=deliveries)
