"""Approval binds to bytes: what was frozen, and from which files."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from newsletter.errors import ContentError, NewsletterError, StateError
from newsletter.model import IssueState
from newsletter.sending import freeze
from newsletter.sending.freeze import may_begin, verify
from newsletter.store import audience, issues
from newsletter.store.db import reading, writing
from newsletter.store.schema import audience as audience_table
from newsletter.store.schema import chunk, edition, issue, part
from newsletter.transport.outbox.files import Outbox
from tests.sending import house


def test_each_reader_is_frozen_with_the_edition_of_their_sections(engine: Engine) -> None:
    house.people(engine, 3)
    house.people(engine, 2, sections=["social"], first=10)
    house.people(engine, 1, sections=["sport"], first=20)
    frozen = house.approve(engine)
    assert (frozen.readers, frozen.without) == (6, 0)
    with reading(engine) as connection:
        found = audience.edition_readers(connection, house.NAME)
    assert sorted((sections, readers) for sections, readers in found.values()) == [
        (("top",), 1),
        (("top", "social"), 5),
    ]


def test_a_reader_with_nothing_this_week_is_counted_and_gets_no_mail(engine: Engine) -> None:
    house.people(engine, 2, sections=["social"])
    house.people(engine, 1, sections=["sport"], first=10)
    frozen = house.approve(engine, house.issue(always=False))
    assert (frozen.readers, frozen.without) == (2, 1)


def test_the_same_content_has_the_same_fingerprint(engine: Engine) -> None:
    house.people(engine, 3)
    assert house.approve(engine).fingerprint == house.approve(engine).fingerprint


@pytest.mark.parametrize("kind", ["subject", "html", "text"])
def test_a_byte_changed_in_the_database_voids_the_approval(engine: Engine, kind: str) -> None:
    house.people(engine, 3)
    house.approve(engine)
    with writing(engine) as connection:
        connection.execute(update(part).where(part.c.kind == kind).values(content=part.c.content + " "))
    with pytest.raises(ContentError, match="is not what was approved"):
        verify(engine, house.NAME, house.SOURCES)


def test_an_edition_given_another_one_s_parts_voids_the_approval(engine: Engine) -> None:
    house.people(engine, 1)
    house.people(engine, 1, sections=["sport"], first=10)
    house.approve(engine)
    with writing(engine) as connection:
        other = connection.execute(select(edition.c.recipe).order_by(edition.c.key)).scalars().first()
        connection.execute(update(edition).values(recipe=other))
    with pytest.raises(ContentError, match="is not what was approved"):
        verify(engine, house.NAME, house.SOURCES)


def test_another_sender_or_another_audience_voids_the_approval(engine: Engine) -> None:
    house.people(engine, 3)
    house.people(engine, 1, sections=["sport"], first=10)
    house.approve(engine)
    with writing(engine) as connection:
        kept = connection.execute(select(issue.c.envelope)).scalar_one()
        connection.execute(update(issue).values(envelope=kept | {"from_address": "evil@example.org"}))
    with pytest.raises(ContentError):
        verify(engine, house.NAME, house.SOURCES)
    with writing(engine) as connection:
        connection.execute(update(issue).values(envelope=kept))
        one = connection.execute(
            select(audience_table.c.edition).where(audience_table.c.subscriber == 10)
        ).scalar_one()
        connection.execute(update(audience_table).values(edition=one))
    with pytest.raises(ContentError):
        verify(engine, house.NAME, house.SOURCES)


def test_a_file_changed_after_approval_voids_it_and_is_named(engine: Engine) -> None:
    house.people(engine, 1)
    frozen = house.approve(engine)
    now = {"newsletter.yaml": "1" * 64, "issues/x.md": "2" * 64}
    assert frozen.changed_since(now) == ["issues/x.md", "newsletter.yaml"]
    with pytest.raises(ContentError, match=r"issues/x\.md, newsletter\.yaml"):
        verify(engine, house.NAME, now)


def test_files_no_longer_matter_once_the_issue_leaves(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine)
    with writing(engine) as connection:
        issues.change_state(connection, house.NAME, IssueState.SENDING, among=[IssueState.APPROVED])
    assert verify(engine, house.NAME, {}).state is IssueState.SENDING


def test_what_has_begun_to_leave_for_real_is_not_approved_again(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine)
    for transport, refused in (("outbox", False), ("smtp", True)):
        with writing(engine) as connection:
            issues.change_state(
                connection, house.NAME, IssueState.SENT, among=list(IssueState), transport=transport
            )
        if refused:
            with pytest.raises(StateError, match="has been started by smtp"):
                house.approve(engine)
        else:
            assert house.approve(engine).state is IssueState.APPROVED


def test_an_issue_that_was_never_approved_is_told_apart(engine: Engine) -> None:
    with pytest.raises(StateError, match="is not approved"):
        verify(engine, house.NAME, {})


@pytest.mark.parametrize(
    ("state", "transport", "errors", "words"),
    [
        (IssueState.PAUSED, "smtp", 0, "paused"),
        (IssueState.CANCELLED, "smtp", 0, "cancelled"),
        (IssueState.SENDING, "outbox", 0, "has been started by outbox"),
        (IssueState.APPROVED, "", 2, "for the outbox only"),
    ],
)
def test_what_may_not_leave_says_why(
    engine: Engine, state: IssueState, transport: str, errors: int, words: str
) -> None:
    house.people(engine, 1)
    house.approve(engine, errors=errors)
    with writing(engine) as connection:
        issues.change_state(connection, house.NAME, state, among=list(IssueState), transport=transport)
        frozen = issues.get(connection, house.NAME)
    with pytest.raises(NewsletterError, match=words):
        may_begin(frozen, "smtp")


def test_the_outbox_takes_what_has_errors(engine: Engine) -> None:
    house.people(engine, 1)
    may_begin(house.approve(engine, errors=3), "outbox")


def test_an_approval_for_very_many_is_stored_in_steps_and_comes_to_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house.people(engine, 7)
    house.people(engine, 2, sections=["social"], first=10)
    at_once = house.approve(engine)
    with reading(engine) as connection:
        plan = connection.execute(select(chunk.c.lo, chunk.c.hi)).all()
    monkeypatch.setattr(freeze, "AT_ONCE", 3)
    for _ in range(2):  # in place of an earlier approval, of either way
        in_steps = house.approve(engine)
        assert in_steps == at_once
        assert verify(engine, house.NAME, house.SOURCES) == at_once
    with reading(engine) as connection:
        assert connection.execute(select(chunk.c.lo, chunk.c.hi)).all() == plan
    house.send(engine, Outbox(tmp_path, house.NAME))
    assert house.outcomes(engine) == {"accepted": 9}


def test_an_approval_that_was_interrupted_is_none_and_the_next_one_begins_anew(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.people(engine, 9)
    earlier = house.approve(engine)
    monkeypatch.setattr(freeze, "AT_ONCE", 3)
    with monkeypatch.context() as broken:
        broken.setattr(issues, "fingerprint", stop)
        with pytest.raises(KeyboardInterrupt):
            house.approve(engine)
    with pytest.raises(StateError, match="was interrupted") as caught:
        verify(engine, house.NAME, house.SOURCES)
    assert "approve it again" in caught.value.hint
    with reading(engine) as connection:
        half = issues.get(connection, house.NAME)
    with pytest.raises(StateError, match="is being stored"):
        may_begin(half, "smtp")
    assert house.approve(engine) == earlier


def test_of_two_approvals_in_steps_the_later_one_stands(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.people(engine, 9)
    monkeypatch.setattr(freeze, "AT_ONCE", 3)
    began: list[issues.Frozen | None] = []
    fingerprint = issues.fingerprint

    def slow(*arguments: Any) -> str:
        found: str = fingerprint(*arguments)
        if not began:
            began.append(None)
            began.append(house.approve(engine))
        return found

    monkeypatch.setattr(issues, "fingerprint", slow)
    with pytest.raises(StateError, match="another approval"):
        house.approve(engine)
    assert verify(engine, house.NAME, house.SOURCES) == began[1]


def stop(*_: object) -> str:
    raise KeyboardInterrupt
