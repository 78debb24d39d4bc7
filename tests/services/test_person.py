"""One person as a service: added, looked up, unsubscribed, restored, on either database."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.errors import ConfigError, ContentError
from newsletter.feedback.process import process
from newsletter.services import Workspace, person
from newsletter.services.erasure import erase, returned, to_erase
from newsletter.services.person import Block, Blocked, Left, Restored
from newsletter.services.subscribers import readers
from newsletter.store import events, people
from newsletter.store.db import reading, writing
from newsletter.store.events import Event, Kind

OLENA, STRANGER = "olena@example.org", "never.seen@example.org"


def add(workspace: Workspace, address: str = OLENA, **cells: str) -> str:
    return person.add(workspace, {"email": address, **cells}, "Her letter", "by hand")


def suppress(workspace: Workspace, reason: str) -> None:
    with writing(workspace.database) as connection:
        assert people.suppress(connection, OLENA, reason, workspace.now())


def number(workspace: Workspace) -> int:
    with reading(workspace.database) as connection:
        return people.count_readers(connection)


def test_a_person_is_added_with_their_consent_and_changed_without(either: Workspace) -> None:
    with pytest.raises(ConfigError, match="consent is missing"):
        person.add(either, {"email": OLENA})
    assert not person.is_known(either, OLENA)
    assert add(either, sections="social", region="Сумська") == f"{OLENA}: new"
    assert person.is_known(either, OLENA)
    assert person.add(either, {"email": OLENA, "region": "Харківська"}) == (
        f"{OLENA}: region «Сумська» → «Харківська»"
    )
    data, is_subscriber = person.look_up(either, "olena@EXAMPLE.org")
    assert is_subscriber
    assert (data["source"], data["attributes"]) == ("Her letter (by hand)", {"region": "Харківська"})


@pytest.mark.parametrize(
    ("cells", "error", "words"),
    [
        ({"regoin": "Сумська"}, ConfigError, "Did you mean 'region'"),
        ({"sections": "socal"}, ContentError, "socal"),
    ],
)
def test_a_mistake_adds_nobody(
    press: Workspace, cells: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        add(press, **cells)
    assert number(press) == 0


def test_a_reader_leaves_sections_and_then_everything(either: Workspace) -> None:
    add(either, sections="social; education")
    assert person.leave(either, OLENA, ["social"], "by hand") == Left(
        was_reader=True, everything=False, remaining=("education",)
    )
    assert person.leave(either, OLENA, (), "by hand") == Left(was_reader=True)
    assert number(either) == 0
    with pytest.raises(ContentError, match="has left"):
        add(either)


def test_only_a_section_that_one_can_choose_can_be_left(press: Workspace) -> None:
    add(press)
    for section in ("top", "socal"):
        with pytest.raises(ConfigError, match="there is no section"):
            person.leave(press, OLENA, [section], "by hand")
    with pytest.raises(ContentError, match="is not a subscriber"):
        person.leave(press, STRANGER, ["social"], "by hand")


def test_a_stranger_opts_out_and_can_be_added_once_that_is_lifted(either: Workspace) -> None:
    assert person.leave(either, STRANGER, (), "by hand") == Left(was_reader=False)
    with pytest.raises(ContentError, match="asked not to be written to"):
        add(either, STRANGER)
    with pytest.raises(ContentError, match="is not a reader, and asked not to be written to: by hand"):
        person.look_up(either, STRANGER)
    found = person.blocked(either, STRANGER)
    assert found.block is Block.OPT_OUT
    assert "by hand" in found.reason
    assert person.restore(either, STRANGER, "another was meant") is Restored.OPT_OUT_LIFTED
    assert add(either, STRANGER).endswith(": new")


def test_an_opt_out_takes_a_reader_at_the_same_mailbox_along(press: Workspace) -> None:
    add(press, "olena.koval@gmail.com")
    left = person.leave(press, "olenakoval@gmail.com", (), "by hand")
    assert left.same_mailbox == ("olena.koval@gmail.com",)
    assert number(press) == 0


@pytest.mark.parametrize(
    ("reason", "block"),
    [("bounced: 5.2.2 mailbox full", Block.SUPPRESSION), ("complained: abuse", Block.COMPLAINT)],
)
def test_a_suppressed_reader_is_restored_and_the_reasons_are_kept(
    either: Workspace, reason: str, block: Block
) -> None:
    add(either)
    suppress(either, reason)
    assert number(either) == 0
    assert person.blocked(either, OLENA) == Blocked(block, reason)
    assert person.restore(either, OLENA, "it was not theirs") is Restored.READER
    assert number(either) == 1
    assert f"it was not theirs (it was {reason})" in str(person.look_up(either, OLENA)[0]["events"])


def test_who_has_left_is_not_subscribed_by_a_restoration(press: Workspace) -> None:
    add(press)
    person.leave(press, OLENA, (), "by hand")
    suppress(press, "handed over")
    assert person.restore(press, OLENA, "by mistake") is Restored.HAS_LEFT
    assert number(press) == 0


def test_nothing_is_restored_where_nothing_stands_in_the_way(press: Workspace) -> None:
    add(press)
    for address in (OLENA, STRANGER):
        with pytest.raises(ContentError, match="is not"):
            person.blocked(press, address)
        with pytest.raises(ContentError, match="is not"):
            person.restore(press, address, "why")


def test_what_was_reported_before_a_restoration_and_is_read_after_it_stops_nobody(either: Workspace) -> None:
    add(either)
    suppress(either, "complained: abuse")
    with writing(either.database) as connection:
        found = people.find(connection, OLENA)
        assert found
        now = datetime(2025, 2, 20, tzinfo=UTC)
        events.restore(connection, found.id, "a mistake", now)
        late = [
            Event(id=kind, source="mail", kind=kind, subscriber=found.id, issue="2025-02-14", at=at)
            for kind, at in ((Kind.HARD, "2025-02-18T00:00:00Z"), (Kind.COMPLAINT, "2025-02-19T00:00:00Z"))
        ]
        events.put(connection, late)
    process(either.database, now)
    assert number(either) == 1
    with writing(either.database) as connection:
        events.put(connection, [replace(late[1], id="new", at="2025-02-21T00:00:00Z")])
    process(either.database, now)
    assert number(either) == 0


def test_only_what_is_stored_can_be_erased_and_it_stays_gone(either: Workspace) -> None:
    with pytest.raises(ContentError, match="is not a subscriber"):
        to_erase(either, OLENA)
    add(either)
    assert not to_erase(either, OLENA).was_confirmed
    erase(either, OLENA)
    with pytest.raises(ContentError, match="was erased at 2025-02-14 15:00"):
        person.look_up(either, OLENA)
    with pytest.raises(ContentError, match="was erased for good"):
        add(either)
    assert returned(either) == []
    assert list(readers(either)) == []
