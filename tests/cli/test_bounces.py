"""The command `bounces`, run as a user, a mail server or cron runs it."""

import io
import json
import mailbox
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.cli import run
from newsletter.links import Purpose, Signer, signer
from newsletter.model import Outcome, Receipt
from newsletter.store import issues, ledger
from newsletter.store.db import open_database, writing
from newsletter.store.ledger import Result
from tests.feedback import mails
from tests.imap import Imap, running
from tests.sending import house

REPOSITORY = Path(__file__).parents[2]
SECRET = "a secret of the tests"  # noqa: S105  a planted one

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def own() -> Signer:
    """Sign return paths as the workspace does."""
    return signer(SECRET, Path("unused"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Open the workspace's database, in which an issue has left to six readers."""
    found = open_database(f"sqlite:///{tmp_path}/var/newsletter.db")
    house.people(found, 6)
    house.approve(found)
    with writing(found) as connection:
        issues.begin(connection, house.NAME, "smtp", house.NOW)
        receipt = Receipt(outcome=Outcome.ACCEPTED, code=250)
        ledger.record(connection, house.NAME, [Result(n, 1, receipt) for n in range(1, 7)], house.NOW)
    yield found
    found.dispose()


@pytest.fixture
def say(
    tmp_path: Path, engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Say:
    """Run one command in the workspace and return its exit code, output and errors."""
    assert engine.dialect.name == "sqlite"
    shutil.copy(REPOSITORY / "newsletter.yaml", tmp_path)
    shutil.copy(REPOSITORY / "logo.png", tmp_path)
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T18:00:00+00:00")
    monkeypatch.setenv("NEWSLETTER_SECRET", SECRET)
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)

    def say(*arguments: str | Path) -> tuple[int, str, str]:
        code = run(["-C", str(tmp_path), "bounces", *map(str, arguments)])
        return code, *capsys.readouterr()

    return say


def maildir(folder: Path, *contents: bytes) -> Path:
    box = mailbox.Maildir(folder / "box")
    for content in contents:
        box.add(content)
    return folder / "box"


def some_mails(own: Signer) -> list[bytes]:
    return [
        mails.bounce(1, signer=own),
        mails.bounce(2, "552 5.2.2 full", signer=own),
        mails.complaint(3, signer=own),
        mails.wish_to_leave(4, signer=own),
    ]


def test_a_maildir_is_read_and_worked_on_and_a_second_time_changes_nothing(
    say: Say, engine: Engine, own: Signer, tmp_path: Path
) -> None:
    box = maildir(tmp_path, *some_mails(own))
    code, out, _ = say(box)
    assert code == 0
    assert "4 mails, 4 new; 2 readers suppressed, 1 left." in out
    assert house.outcomes(engine) == {"accepted": 3, "bounced": 2, "complained": 1}
    assert "4 mails, 0 new; 0 readers suppressed, 0 left." in say(box)[1]


def test_a_dry_run_says_what_the_mails_are_and_changes_nothing(
    say: Say, engine: Engine, own: Signer, tmp_path: Path
) -> None:
    code, out, _ = say(maildir(tmp_path, *some_mails(own)), "--dry-run", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["kinds"] == {"complaint": 1, "hard": 1, "soft": 1, "unsubscribe": 1}
    assert (told["mails"], told["new"], told["suppressed"]) == (4, 0, 0)
    assert house.outcomes(engine) == {"accepted": 6}


def test_garbage_is_counted_and_named_and_the_rest_is_worked_on(
    say: Say, engine: Engine, own: Signer, tmp_path: Path
) -> None:
    garbage = [bytes([number]) * 500 for number in range(150)]
    code, out, err = say(maildir(tmp_path, *garbage, mails.bounce(1, signer=own)), "--json")
    assert code == 1
    told = json.loads(out)
    assert (told["kinds"]["unreadable"], told["suppressed"]) == (150, 1)
    assert len(told["unreadable"]) == 150
    assert "Traceback" not in err
    assert house.outcome(engine, 1) is Outcome.BOUNCED


def test_what_proves_nothing_is_told_by_name_kept_and_does_nothing(
    say: Say, engine: Engine, own: Signer, tmp_path: Path
) -> None:
    mark = own.token(Purpose.REPORT, 3, mails.CLOSING).encode()
    box = maildir(tmp_path, mails.complaint(3, signer=own).replace(mark, b""))
    code, out, _ = say(box, "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["kinds"], told["new"], told["suppressed"]) == ({"unverified": 1}, 1, 0)
    assert [one["text"].split()[0] for one in told["unverified"]] == ["complaint"]
    assert house.outcomes(engine) == {"accepted": 6}
    assert "it has no effect" in say(box)[2]


def hand_over(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_mail_server_hands_over_one_mail(
    say: Say, engine: Engine, own: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over(monkeypatch, b"From MAILER-DAEMON Fri Feb 14 16:00:09 2025\n" + mails.bounce(5, signer=own))
    assert say("-")[0] == 0
    assert house.outcome(engine, 5) is Outcome.BOUNCED
    hand_over(monkeypatch, b"Subject: Hello\n\nIs anybody there?\n")
    assert say("-")[0] == 1


def test_a_mail_server_is_asked_to_try_again_when_nothing_could_be_kept(
    say: Say, tmp_path: Path, own: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "var/newsletter.db")) as connection:
        connection.execute("ALTER TABLE event RENAME TO events")
    hand_over(monkeypatch, mails.bounce(5, signer=own))
    code, _, err = say("-")
    assert code == 75
    assert "the database" in err
    assert say(maildir(tmp_path, mails.bounce(5, signer=own)))[0] == 2
    (tmp_path / "newsletter.yaml").write_text("title: only")
    hand_over(monkeypatch, mails.bounce(5, signer=own))
    assert say("-")[0] == 75


@pytest.mark.parametrize("arguments", [[], ["a", "--imap"]])
def test_a_source_is_needed_and_only_one(say: Say, arguments: list[str]) -> None:
    assert say(*arguments)[0] == 2


def test_what_is_not_there_is_told(say: Say, tmp_path: Path) -> None:
    code, _, err = say(tmp_path / "missing")
    assert code == 1
    assert "missing cannot be read" in err


def test_a_mailbox_that_is_not_set_up_is_told(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWSLETTER_IMAP_PASSWORD", raising=False)
    code, _, err = say("--imap")
    assert code == 2
    assert "bounces: {imap:" in err


@pytest.fixture
def imap(tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> Iterator[Imap]:  # noqa: ARG001  it comes first
    """Run a mailbox that newsletter.yaml names."""
    with running(Imap()) as found:
        with (tmp_path / "newsletter.yaml").open("a") as file:
            file.write(
                f"bounces: {{imap: {{host: 127.0.0.1, port: {found.port}, security: none, user: bounces}}}}\n"
            )
        (tmp_path / "password").write_text(f"{found.password}\n")
        monkeypatch.setenv("NEWSLETTER_IMAP_PASSWORD_FILE", str(tmp_path / "password"))
        yield found


def test_a_mailbox_on_a_server_is_emptied_of_what_was_read(
    say: Say, engine: Engine, own: Signer, imap: Imap
) -> None:
    for content in (*some_mails(own), b"Subject: Hello\r\n\r\n"):
        imap.put(content)
    assert "unreadable" in say("--imap", "--dry-run")[1]
    assert len(imap.folders["INBOX"]) == 5, "a dry run leaves them"
    code, out, _ = say("--imap")
    assert code == 1
    assert "5 mails, 4 new; 2 readers suppressed, 1 left." in out
    assert len(imap.folders["Processed"]) == 4
    assert [mail.flags for mail in imap.folders["INBOX"].values()] == [{r"\Flagged"}]
    assert "0 mails" in say("--imap")[1]
    assert house.outcomes(engine)["complained"] == 1


def test_what_was_kept_before_the_connection_broke_is_worked_on_once(
    say: Say, engine: Engine, own: Signer, imap: Imap
) -> None:
    for content in some_mails(own):
        imap.put(content)
    imap.drop = "UID MOVE"
    code, _, err = say("--imap")
    assert code == 2
    assert "cannot be used" in err
    imap.drop = ""
    assert "4 mails, 0 new; 2 readers suppressed, 1 left." in say("--imap")[1]
    assert len(imap.folders["Processed"]) == 4
    assert house.outcomes(engine) == {"accepted": 3, "bounced": 2, "complained": 1}


def test_a_wrong_password_is_told(say: Say, imap: Imap) -> None:
    imap.password = "changed"  # noqa: S105  a planted one
    code, _, err = say("--imap")
    assert code == 2
    assert "NEWSLETTER_IMAP_PASSWORD" in err
