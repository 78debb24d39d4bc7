"""Corrections after the send: the archive at once, newcomers, and a letter to exactly who has the item."""

import asyncio
import contextlib
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, delete, update

from newsletter.errors import ContentError, StateError
from newsletter.model import IssueState, Outcome
from newsletter.names import read_name
from newsletter.services import Workspace, delivery
from newsletter.services.approval import approve
from newsletter.services.correct import correct, examine, letter
from newsletter.services.status import overview, summary
from newsletter.store import archive, audience, contents, issues
from newsletter.store.archive import PublicItem
from newsletter.store.db import reading, writing
from newsletter.store.schema import delivery as deliveries
from newsletter.store.schema import subscription
from tests.sending import house

CLOSING = date(2025, 2, 14)
NAME = CLOSING.isoformat()
LETTER = f"{NAME}+1"
ITEM = "06-subsydiia-na-orendu-zhytla-dlia-vpo"
REASON = "Суму виправлено: 1 000 грн, а не 100 грн."


@pytest.fixture
def approved(empty: Workspace) -> Workspace:
    """Approve the sample for three readers of everything, two of the item's section and one of another."""
    house.people(empty.database, 3)
    house.people(empty.database, 2, sections=("social",), first=4)
    house.people(empty.database, 1, sections=("economy",), first=6)
    approve(empty, CLOSING, "Олена")
    return empty


@pytest.fixture
def sent(approved: Workspace) -> Workspace:
    """Send it to all of them."""
    send(approved, NAME)
    return approved


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Send it from each kind of database in turn."""
    request.getfixturevalue("empty")
    if request.param == "postgres":
        engine: Engine = request.getfixturevalue("postgres_engine")
        monkeypatch.setenv("NEWSLETTER_DATABASE", engine.url.render_as_string(hide_password=False))
    workspace: Workspace = request.getfixturevalue("sent")
    return workspace


def send(workspace: Workspace, name: str) -> None:
    ready = delivery.prepare(workspace, delivery.approved(workspace, read_name(name)), "outbox")
    with delivery.delivering(workspace, delivery.start(workspace, ready)) as run:
        asyncio.run(run.deliver())


def edit(workspace: Workspace, more: str = "Сума становить 1 000 грн.") -> Path:
    path = workspace.root / f"issues/{NAME}/items/{ITEM}.md"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{more}\n", encoding="utf-8")
    return path


def mend(workspace: Workspace, *, withdraw: bool = False) -> None:
    correct(workspace, examine(workspace, CLOSING, ITEM, withdraw=withdraw), by="Олена", reason=REASON)


def told(workspace: Workspace, name: str) -> list[int]:
    """Return the numbers of the readers whose message of issue `name` is in the outbox."""
    return sorted(
        int(path.name.removeprefix(f"{name}-").partition("-")[0])
        for path in (workspace.var / "outbox").glob(f"{name}-*.eml")
    )


def shown(workspace: Workspace) -> PublicItem:
    with reading(workspace.database) as connection:
        return next(one for one in archive.items(connection, [CLOSING]) if one.anchor == ITEM)


def ends(workspace: Workspace, reader: int, outcome: Outcome) -> None:
    """Let a reader's message of the issue end otherwise."""
    mine = deliveries.c.issue == NAME, deliveries.c.subscriber == reader
    with writing(workspace.database) as connection:
        connection.execute(update(deliveries).where(*mine).values(state=outcome.value))


def leave(workspace: Workspace, reader: int) -> None:
    with writing(workspace.database) as connection:
        connection.execute(delete(subscription).where(subscription.c.subscriber == reader))


def test_a_correction_is_in_the_archive_at_once_and_what_was_sent_stays(either: Workspace) -> None:
    with reading(either.database) as connection:
        before = house.frozen_pages(connection, NAME)
        version = archive.version(connection)
    edit(either)
    draft = examine(either, CLOSING, ITEM)
    assert (draft.changed, [change.part for change in draft.parts]) == (True, ["text"])
    assert (draft.had, draft.waiting) == (5, 0)
    made = correct(either, draft, by="Олена", reason=f"  {REASON} ")
    with reading(either.database) as connection:
        assert house.frozen_pages(connection, NAME) == before
        assert archive.version(connection) != version
        cover = archive.find(connection, CLOSING)
    assert cover
    assert cover.corrected_at == made.at
    assert "1 000 грн" in shown(either).text
    assert [(note.at, note.reason) for note in shown(either).notes] == [(made.at, REASON)]
    delivery.approved(either, CLOSING)  # the fingerprint agrees with what is stored
    assert not examine(either, CLOSING, ITEM).changed


def test_a_letter_reaches_exactly_those_who_have_the_item_once(either: Workspace) -> None:
    ends(either, 2, Outcome.UNKNOWN)
    ends(either, 3, Outcome.REFUSED)
    leave(either, 4)
    edit(either)
    mend(either)
    frozen = letter(either, CLOSING, ITEM, by="Петро")
    assert (frozen.name, frozen.state, frozen.readers) == (LETTER, IssueState.APPROVED, 3)
    leave(either, 5)
    send(either, LETTER)
    send_again = delivery.approved(either, read_name(LETTER))
    assert send_again.state is IssueState.SENT
    assert told(either, LETTER) == [1, 2]
    assert (summary(either, LETTER)["accepted"], summary(either, LETTER)["suppressed"]) == (2, 1)
    assert [line.issue for line in overview(either)] == [LETTER, NAME]
    with pytest.raises(StateError, match="tells of this correction already"):
        letter(either, CLOSING, ITEM, by="Петро")


def test_a_letter_whose_making_was_interrupted_is_made_by_the_next_try_and_nothing_sends_it_before(
    sent: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(sent)
    mend(sent)
    with monkeypatch.context() as patch:
        patch.setattr(audience, "put", _die)
        with pytest.raises(KeyboardInterrupt):
            letter(sent, CLOSING, ITEM, by="Олена")
    assert summary(sent, LETTER)["state"] == IssueState.FREEZING
    with pytest.raises(StateError, match="is being stored, or was interrupted"):
        delivery.approved(sent, read_name(LETTER))
    frozen = letter(sent, CLOSING, ITEM, by="Олена")
    assert (frozen.name, frozen.readers) == (LETTER, 5)
    send(sent, LETTER)
    assert told(sent, LETTER) == [1, 2, 3, 4, 5]


def test_the_lock_is_not_held_for_what_grows_with_the_audience(
    sent: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(sent)
    draft = examine(sent, CLOSING, ITEM)
    held = []

    def delivered(connection: Connection, *given: object, **more: object) -> object:
        held.append(_is_locked(sent))
        return whole(connection, *given, **more)  # type: ignore[arg-type]  # as it was given

    whole = issues.delivered
    monkeypatch.setattr(issues, "delivered", delivered)
    correct(sent, draft, by="Олена", reason=REASON)
    letter(sent, CLOSING, ITEM, by="Олена")
    assert held == [False, False]


def _die(*_given: object) -> None:
    raise KeyboardInterrupt


def _is_locked(workspace: Workspace) -> bool:
    """Return whether somebody holds the write lock."""
    other = sqlite3.connect(workspace.var / "newsletter.db", timeout=0, isolation_level=None)
    with contextlib.closing(other):
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def test_the_second_correction_has_a_letter_of_its_own_and_one_not_sent_is_replaced(sent: Workspace) -> None:
    edit(sent)
    mend(sent)
    first = letter(sent, CLOSING, ITEM, by="Олена")
    edit(sent, "Її отримають усі.")
    mend(sent)
    second = letter(sent, CLOSING, ITEM, by="Олена")
    assert second.name == first.name == LETTER
    assert second.fingerprint != first.fingerprint
    send(sent, LETTER)
    edit(sent, "Від березня.")
    mend(sent)
    assert letter(sent, CLOSING, ITEM, by="Олена").name == f"{NAME}+2"
    send(sent, f"{NAME}+2")
    assert told(sent, LETTER) == told(sent, f"{NAME}+2") == [1, 2, 3, 4, 5]
    assert len(shown(sent).notes) == 3


def test_no_letter_is_made_while_readers_are_still_to_get_the_item_as_it_was(approved: Workspace) -> None:
    ready = delivery.prepare(approved, delivery.approved(approved, CLOSING), "outbox")
    delivery.start(approved, ready)
    edit(approved)
    mend(approved)  # the archive does not wait
    assert "1 000 грн" in shown(approved).text
    with pytest.raises(StateError, match="5 readers have not got") as refused:
        letter(approved, CLOSING, ITEM, by="Олена")
    assert f"newsletter cancel {NAME}" in (refused.value.hint or "")
    delivery.cancel(approved, CLOSING)
    with pytest.raises(StateError, match="no reader has the item"):
        letter(approved, CLOSING, ITEM, by="Олена")


def test_an_item_taken_back_leaves_its_title_and_the_note(sent: Workspace) -> None:
    (sent.root / f"issues/{NAME}/items/{ITEM}.md").unlink()
    with pytest.raises(ContentError, match="is not there"):
        examine(sent, CLOSING, ITEM)
    mend(sent, withdraw=True)
    item = shown(sent)
    assert (item.title, item.html, item.text) == ("Субсидія на оренду житла для ВПО", "", "")
    assert item.notes[0].withdrawn
    with reading(sent.database) as connection:
        content = contents.find(connection, NAME)
    assert content
    assert ITEM not in [one.id for block in content.current.blocks for one in block.items]
    with pytest.raises(StateError, match="withdrawn already"):
        mend(sent, withdraw=True)
    assert letter(sent, CLOSING, ITEM, by="Олена").readers == 5


def test_what_cannot_be_corrected_is_refused_in_words(approved: Workspace) -> None:
    with pytest.raises(StateError, match="has not been sent yet"):
        examine(approved, CLOSING, ITEM)
    send(approved, NAME)
    with pytest.raises(ContentError, match="has no item 'rent'"):
        examine(approved, CLOSING, "rent")
    with pytest.raises(StateError, match="has not been corrected"):
        letter(approved, CLOSING, ITEM, by="Олена")
    with pytest.raises(StateError, match="says what was sent"):
        mend(approved)
    edit(approved)
    draft = examine(approved, CLOSING, ITEM)
    with pytest.raises(ContentError, match="a reason has 1 to"):
        correct(approved, draft, by="Олена", reason=" ")
    mend(approved)
    with pytest.raises(StateError, match="by somebody else meanwhile"):
        correct(approved, draft, by="Петро", reason=REASON)
