"""Returned mail as a service: read once, applied once, and what proves nothing has no effect."""

import pytest

from newsletter.feedback.mailboxes import Mail, One
from newsletter.links import Purpose
from newsletter.model import Outcome, Receipt
from newsletter.services import Workspace
from newsletter.services.feedback import Tally, process_mails
from newsletter.store import issues, ledger, people
from newsletter.store.db import reading, writing
from newsletter.store.ledger import Result
from tests.feedback import mails
from tests.sending import house


@pytest.fixture
def sent(either: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Send an issue to six readers."""
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T18:00:00+00:00")
    house.people(either.database, 6)
    house.approve(either.database)
    with writing(either.database) as connection:
        issues.begin(connection, house.NAME, "smtp", house.NOW)
        receipt = Receipt(outcome=Outcome.ACCEPTED, code=250)
        ledger.record(connection, house.NAME, [Result(n, 1, receipt) for n in range(1, 7)], house.NOW)
    return either


def readers(workspace: Workspace) -> int:
    with reading(workspace.database) as connection:
        return people.count_readers(connection)


def process(workspace: Workspace, *contents: bytes, dry_run: bool = False) -> Tally:
    source = One(Mail(str(number), content) for number, content in enumerate(contents))
    return process_mails(workspace, source, dry_run=dry_run)


def test_mails_are_applied_once_and_a_dry_run_changes_nothing(sent: Workspace) -> None:
    contents = (
        mails.bounce(1, signer=sent.signer),
        mails.complaint(3, signer=sent.signer),
        mails.wish_to_leave(4, signer=sent.signer),
    )
    rehearsal = process(sent, *contents, dry_run=True)
    assert (rehearsal.kinds.total(), rehearsal.new, readers(sent)) == (3, 0, 6)
    done = process(sent, *contents)
    assert (done.new, done.suppressed, done.left, readers(sent)) == (3, 2, 1, 3)
    again = process(sent, *contents)
    assert (again.new, again.suppressed, again.left, readers(sent)) == (0, 0, 0, 3)


def test_what_is_unreadable_or_proves_nothing_is_named_and_has_no_effect(sent: Workspace) -> None:
    mark = sent.signer.token(Purpose.REPORT, 3, mails.CLOSING).encode()
    unproven = mails.complaint(3, signer=sent.signer).replace(mark, b"")
    done = process(sent, b"Subject: Hello\r\n\r\n", unproven)
    assert list(done.unreadable) == ["0"]
    assert list(done.unverified) == ["1"]
    assert (done.suppressed, readers(sent)) == (0, 6)
