"""Welcome: who confirms gets the newest issue at once, by the ledger, once, and as it was corrected."""

import asyncio
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import Engine

from newsletter.config import read_settings
from newsletter.model import IssueState
from newsletter.services import Workspace, delivery
from newsletter.services.approval import approve
from newsletter.services.correct import correct, examine, letter
from newsletter.services.status import summary
from newsletter.services.welcome import welcome
from newsletter.store import welcomes
from newsletter.store.db import reading, writing
from tests.sending import house

CLOSING = date(2025, 2, 14)
NAME = CLOSING.isoformat()
ITEM = "06-subsydiia-na-orendu-zhytla-dlia-vpo"


@pytest.fixture
def sent(empty: Workspace) -> Workspace:
    """Send the sample to two readers of everything, and welcome readers with it from then on."""
    settings = empty.root / "newsletter.yaml"
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\nwelcome: latest\n", encoding="utf-8")
    empty.settings = read_settings(empty.root)
    house.people(empty.database, 2)
    approve(empty, CLOSING, "Олена")
    deliver(empty)
    return empty


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Send it from each kind of database in turn."""
    request.getfixturevalue("empty")
    if request.param == "postgres":
        engine: Engine = request.getfixturevalue("postgres_engine")
        monkeypatch.setenv("NEWSLETTER_DATABASE", engine.url.render_as_string(hide_password=False))
    workspace: Workspace = request.getfixturevalue("sent")
    return workspace


def deliver(workspace: Workspace) -> None:
    ready = delivery.prepare(workspace, delivery.approved(workspace, CLOSING), "outbox")
    with delivery.delivering(workspace, delivery.start(workspace, ready)) as run:
        asyncio.run(run.deliver())


def join(workspace: Workspace, number: int, *sections: str) -> None:
    """Let a reader confirm."""
    house.people(workspace.database, 1, sections=sections or ("*",), first=number)
    with writing(workspace.database) as connection:
        welcomes.put(connection, number, workspace.now())


def mail(workspace: Workspace, number: int) -> EmailMessage:
    (path,) = (workspace.var / "outbox").glob(f"{NAME}-{number:06}-*.eml")
    found = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def words(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part
    return " ".join(str(part.get_content()).split())


def waiting(workspace: Workspace) -> list[int]:
    with reading(workspace.database) as connection:
        return list(welcomes.waiting(connection))


def test_who_confirms_gets_the_newest_issue_of_their_sections_once(either: Workspace) -> None:
    join(either, 10)
    join(either, 11, "education")
    assert welcome(either) == 2
    assert welcome(either) == 0
    deliver(either)
    assert (summary(either, NAME)["readers"], summary(either, NAME)["accepted"]) == (4, 4)
    assert summary(either, NAME)["state"] == IssueState.SENT
    assert "Субсидія на оренду житла для ВПО" in words(mail(either, 10))
    assert "Субсидія на оренду житла для ВПО" not in words(mail(either, 11))
    assert mail(either, 11)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert delivery.add_new_readers(either, CLOSING).added == 0
    assert waiting(either) == []


def test_a_newcomer_gets_the_corrected_edition_and_no_letter_about_it(sent: Workspace) -> None:
    path = sent.root / f"issues/{NAME}/items/{ITEM}.md"
    path.write_text(f"{path.read_text(encoding='utf-8')}\nСума становить 1 000 грн.\n", encoding="utf-8")
    correct(sent, examine(sent, CLOSING, ITEM), by="Олена", reason="Сума.")
    join(sent, 10)
    welcome(sent)
    deliver(sent)
    assert "1 000 грн" in words(mail(sent, 10))
    assert "1 000 грн" not in words(mail(sent, 1))
    assert letter(sent, CLOSING, ITEM, by="Олена").readers == 2


def test_nobody_is_welcomed_with_an_old_issue_and_while_it_is_paused_they_wait(
    sent: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    join(sent, 10)
    delivery.add_new_readers(sent, CLOSING)
    delivery.pause(sent, CLOSING)
    join(sent, 11)
    assert welcome(sent) == 0
    assert waiting(sent) == [10, 11]
    delivery.resume(sent, CLOSING)
    assert welcome(sent) == 1
    join(sent, 12)
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-03-17T13:00:00+00:00")
    assert welcome(sent) == 0
    assert waiting(sent) == []


def test_without_the_setting_nobody_is_welcomed(empty: Workspace) -> None:
    join(empty, 10)
    assert welcome(empty) == 0
