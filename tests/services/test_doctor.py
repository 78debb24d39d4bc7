"""The diagnosis of a workspace: settings and files offline, and with a real DNS, relay, site and mailbox."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import yaml

from newsletter.config import settings_model
from newsletter.doctor import Level, Result, worst
from newsletter.errors import ConfigError
from newsletter.i18n import said
from newsletter.model import Outcome, Receipt
from newsletter.services import Workspace
from newsletter.services import doctor as service
from newsletter.services.doctor import examine
from newsletter.store import issues, ledger
from newsletter.store.db import writing
from newsletter.store.ledger import Result as Recorded
from tests import dns_server, imap, sendgrid_fake
from tests.relay import Relay
from tests.sending import house

RECORDS = """news.example.org. 60 TXT "v=spf1 ip4:203.0.113.7 -all"
news.example.org. 60 MX 10 mail.example.org.
example.org. 60 MX 10 mail.example.org.
mail.example.org. 60 A 203.0.113.7
_dmarc.news.example.org. 60 TXT "v=DMARC1; p=none; rua=mailto:post@news.example.org"
"""


def change(workspace: Workspace, **settings: object) -> None:
    """Change settings in newsletter.yaml."""
    file = workspace.root / "newsletter.yaml"
    given = yaml.safe_load(file.read_text(encoding="utf-8")) | settings
    workspace.settings = settings_model().model_validate(given)


def look(workspace: Workspace, *, online: bool = False, nameserver: str = "") -> dict[str, Result]:
    """Return the worst result by subject."""
    found: dict[str, Result] = {}
    for result in examine(workspace, online=online, nameserver=nameserver):
        earlier = found.get(result.subject)
        if earlier is None or worst([earlier, result]) is not earlier.level:
            found[result.subject] = result
    return found


def test_a_new_workspace_is_told_what_is_missing_and_nothing_is_asked_of_the_network(
    press: Workspace,
) -> None:
    found = look(press)
    assert {name for name, one in found.items() if one.level is Level.WARNING} == {
        *("transport", "editors", "backup"),
    }
    assert found["database"].level is Level.SKIPPED
    assert not {"spf", "relay", "site"} & set(found)


def test_nothing_is_made_or_changed_by_looking_and_an_old_database_is_named_once(press: Workspace) -> None:
    before = sorted(press.root.rglob("*"))
    look(press)
    assert sorted(press.root.rglob("*")) == before
    press.database  # noqa: B018  which makes it
    assert look(press)["database"].text.startswith("SQLite 3.")
    press.database.dispose()
    file = press.var / "newsletter.db"
    with contextlib.closing(sqlite3.connect(file)) as old, old:
        old.execute("UPDATE alembic_version SET version_num = '0001'")
    seen = file.read_bytes()
    errors = [
        one
        for one in examine(Workspace(press.root, press.settings), online=False)
        if one.level is Level.ERROR
    ]
    assert [one.subject for one in errors] == ["database"]
    assert "database upgrade" in errors[0].hint
    assert file.read_bytes() == seen


def test_the_age_of_the_newest_backup_is_known(press: Workspace) -> None:
    folder = press.root / "backups"
    change(press, backups="backups")
    assert look(press)["backup"].level is Level.ERROR
    folder.mkdir()
    copy = folder / "newsletter.db"
    copy.write_bytes(b"")
    for days, level in ((1, Level.OK), (8, Level.ERROR)):
        moment = (press.now() - timedelta(days=days)).timestamp()
        os.utime(copy, (moment, moment))
        assert look(press)["backup"].level is level


def test_complaints_of_the_last_issue_count_from_three_in_a_thousand(press: Workspace) -> None:
    house.people(press.database, 3)
    house.approve(press.database)
    with writing(press.database) as connection:
        issues.begin(connection, house.NAME, "smtp", house.NOW)
        done = [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.COMPLAINED]
        results = [Recorded(n, 1, Receipt(outcome=one, code=250)) for n, one in enumerate(done, 1)]
        ledger.record(connection, house.NAME, results, house.NOW)
    complaints = look(press)["complaints"]
    assert complaints.level is Level.ERROR
    assert said(complaints.text, "uk") == "33,33\N{NO-BREAK SPACE}% читачів випуску 2025-02-14 поскаржилися"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[imap.Imap]:
    """Run a mailbox for bounces."""
    monkeypatch.setenv("NEWSLETTER_IMAP_PASSWORD", "geheim")
    monkeypatch.setattr(service, "_LOOK", 0.01)
    monkeypatch.setattr(service, "_RETURN", 0.1)
    with imap.running(imap.Imap()) as box:
        yield box


class Forwarding(list[tuple[str, str, bytes]]):
    """What a relay accepts, which it also lays into a mailbox."""

    def __init__(self, box: imap.Imap) -> None:
        super().__init__()
        self._box = box

    def append(self, taken: tuple[str, str, bytes]) -> None:
        """Accept a message."""
        self._box.put(taken[2])
        super().append(taken)


def send_by(workspace: Workspace, relay: Relay, box: imap.Imap, user: str = "") -> None:
    """Set up a relay and a mailbox for bounces, and pages that nobody serves."""
    workspace.signer  # noqa: B018  which makes the secret, as serve does
    change(
        workspace,
        transport="smtp",
        smtp={"host": "127.0.0.1", "port": relay.port, "security": "none", "user": user},
        bounces={"imap": {"host": "127.0.0.1", "port": box.port, "security": "none", "user": "b"}},
        base_url="http://127.0.0.1:9",
    )


def test_a_letter_to_the_return_path_shows_whether_bounces_come_back(
    press: Workspace, mailbox: imap.Imap, start_relay: Callable[[Relay], Relay]
) -> None:
    relay = start_relay(Relay(accepted=Forwarding(mailbox)))
    send_by(press, relay, mailbox)
    with dns_server.running(RECORDS) as server:
        found = look(press, online=True, nameserver=server.address)
    levels = {name: one.level for name, one in found.items()}
    assert levels["loop"] is levels["relay"] is levels["mailbox"] is levels["mx"] is Level.OK
    assert levels["spf"] is levels["dmarc"] is Level.OK
    assert levels["dkim"] is Level.WARNING  # a relay may sign
    assert levels["site"] is levels["one-click"] is Level.ERROR
    (recipient,) = relay.recipients
    assert recipient.startswith("b+")
    assert recipient.endswith("@news.example.org")
    assert [len(mailbox.folders[name]) for name in ("INBOX", "Processed")] == [0, 1]


def test_a_letter_that_does_not_come_back_is_an_error_and_so_is_a_relay_that_refuses_us(
    press: Workspace, mailbox: imap.Imap, start_relay: Callable[[Relay], Relay]
) -> None:
    relay = start_relay(Relay())
    send_by(press, relay, mailbox)
    with dns_server.running(RECORDS) as server:
        assert look(press, online=True, nameserver=server.address)["loop"].level is Level.ERROR
        relay.login = ("press", "secret")
        send_by(press, relay, mailbox, user="press")
        found = look(press, online=True, nameserver=server.address)
    assert found["relay"].level is Level.ERROR
    assert found["relay"].hint


@pytest.mark.parametrize(
    ("domains", "level"),
    [
        ({"example.org": True}, Level.OK),
        ({"news.example.org": False}, Level.ERROR),
        ({"other.example": True}, Level.ERROR),
        (None, Level.WARNING),
    ],
)
def test_a_provider_s_account_has_to_be_authenticated_for_the_sender(
    press: Workspace, monkeypatch: pytest.MonkeyPatch, domains: dict[str, bool] | None, level: Level
) -> None:
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.right")
    with sendgrid_fake.running(sendgrid_fake.FakeSendGrid(domains=domains)) as fake:
        change(press, transport="sendgrid", sendgrid={"host": fake.host}, base_url="http://127.0.0.1:9")
        with dns_server.running(RECORDS) as server:
            found = look(press, online=True, nameserver=server.address)
    assert found["account"].level is level
    assert found["relay"].level is Level.OK
    assert found["bounces"].level is Level.WARNING  # its reports come only with a key


def test_a_wrong_name_server_is_refused_before_anything_is_asked(press: Workspace) -> None:
    with pytest.raises(ConfigError, match="not the address of a name server"):
        look(press, online=True, nameserver="nowhere")
