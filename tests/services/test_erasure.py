"""Whoever is erased is in no file that the program wrote, whatever the encoding."""

import itertools
import os
import shutil
import signal
import sys
import warnings
from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, event, select

from newsletter.audience.lists import Importer
from newsletter.cli import cli
from newsletter.services import Workspace, open_workspace
from newsletter.services.erasure import erase, finish
from newsletter.store import erasure
from newsletter.store.db import reading, writing
from newsletter.store.erasure import Erased, begun, erased_at, readmit
from newsletter.store.people import find
from newsletter.store.schema import metadata
from newsletter.transport.outbox.files import Outbox
from tests.mail import post

ADDRESS, OTHER = "olena.hnatiuk@konotop.example.org", "ivan@konotop.example.org"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Open a workspace with two readers and mail to both in its outbox."""
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T14:00:00+00:00")
    shutil.copy(Path(__file__).parents[2] / "newsletter.yaml", tmp_path)
    shutil.copy(Path(__file__).parents[2] / "logo.png", tmp_path)
    context = open_workspace(tmp_path)
    importer = Importer(context.database, context.settings, context.signer)
    for address in (ADDRESS, OTHER):
        importer.one({"email": address, "name": "Олена"}, "a letter", context.now())
        write(context, address)
    yield context
    context.database.dispose()


def write(context: Workspace, address: str, mentioned: str = "") -> None:
    """Write mail to `address` into the outbox, and a letter of the pages."""
    text = f"Ви отримуєте цього листа на {mentioned or address}."
    for folder, prefix in (("outbox", "2025-02-14"), ("outbox/letters", "letter")):
        transport = Outbox(context.var / folder, prefix)
        post(transport, context.settings.envelope(""), address, text, context.now())


def traces(folder: Path, address: str) -> list[str]:
    """Return the files that hold `address` or are named by it."""
    octets = address.encode()
    forms = {octets, *(b64encode(b"x" * shift + octets)[4:-4] for shift in range(3))}
    found = []
    for path in filter(Path.is_file, folder.rglob("*")):
        content = path.read_bytes()
        if path.suffix == ".eml":
            mail = message_from_bytes(content, policy=policy.default)
            content += "".join(part.get_content() for part in mail.walk() if not part.is_multipart()).encode()
        if address in path.name or any(form in content for form in forms):
            found.append(path.name)
    return found


def test_no_file_holds_an_erased_address_in_any_encoding(context: Workspace) -> None:
    write(context, "third@example.org", mentioned=ADDRESS)
    (context.var / "outbox/2025-02-14-000000-third@example.org.eml").unlink()
    assert len(traces(context.var, ADDRESS)) >= 4
    kept = traces(context.var, OTHER)
    assert erase(context, ADDRESS.upper().replace("EXAMPLE.ORG", "example.org"))
    assert traces(context.var, ADDRESS) == []
    assert [name for name in kept if name.endswith(".eml")] == [
        name for name in traces(context.var, OTHER) if name.endswith(".eml")
    ]


def test_mail_of_issues_goes_also_where_it_names_an_earlier_address(context: Workspace) -> None:
    with reading(context.database) as connection:
        person = find(connection, ADDRESS)
    assert person is not None
    earlier = context.var / f"outbox/2025-02-07-{person.id:06}-old@konotop.example.org.eml"
    letter = context.var / f"outbox/letters/{date(2025, 2, 7)}-{person.id:06}-somebody@example.org.eml"
    unfinished = earlier.with_name(f".{earlier.name}.0123456789ab")  # as a crash leaves it
    for path in (earlier, letter, unfinished):
        path.write_bytes(b"To: somebody")
    erase(context, ADDRESS)
    assert not earlier.exists()
    assert not unfinished.exists()
    assert letter.exists(), "letters are numbered by themselves, not by reader"


def test_erasing_nobody_says_so_and_touches_nothing(context: Workspace) -> None:
    before = sorted(path.name for path in context.var.rglob("*.eml"))
    assert not erase(context, "nobody@example.org")
    assert sorted(path.name for path in context.var.rglob("*.eml")) == before


def killed_at(step: int, root: Path) -> bool:
    """Erase in a process that is killed before its step of that number; False when it had fewer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads, which stay behind
        child = os.fork()
    if child == 0:
        left = itertools.count(1)

        def strike(*_: object) -> None:
            if next(left) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        context = open_workspace(root)
        assert context.database.name
        event.listen(Engine, "before_cursor_execute", strike)
        event.listen(Engine, "commit", strike)
        sys.addaudithook(lambda name, _: strike() if name == "os.remove" else None)
        erase(context, ADDRESS)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def everything(context: Workspace) -> str:
    with reading(context.database) as connection:
        return repr([connection.execute(select(table)).all() for table in metadata.sorted_tables])


def test_an_erasure_killed_at_any_step_is_finished_by_the_next(either: Workspace) -> None:
    results = []
    for step in itertools.count(1):
        with writing(either.database) as connection:
            readmit(connection, ADDRESS, either.signer)
        importer = Importer(either.database, either.settings, either.signer)
        importer.one({"email": ADDRESS, "name": "Олена"}, "a letter", either.now())
        write(either, ADDRESS)
        assert len(traces(either.var / "outbox", ADDRESS)) == 2
        either.database.dispose()  # whose connections the other process must not have
        if not killed_at(step, either.root):
            break
        results.append(erase(either, ADDRESS))
        assert traces(either.var, ADDRESS) == [], f"killed at step {step}"
        assert ADDRESS not in everything(either)
        with reading(either.database) as connection:
            assert erased_at(connection, ADDRESS, either.signer)
            assert begun(connection, ADDRESS, either.signer) is None
    assert len(results) > 12
    assert set(results) == {Erased.DONE, Erased.FINISHED}
    assert erase(either, ADDRESS) is Erased.NOTHING
    either.database.dispose()


def test_a_log_that_somebody_reads_is_cut_later_by_a_worker(
    context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "_TRIES", 1)
    with reading(context.database) as connection:
        connection.execute(select(metadata.tables["rate_limit"])).all()
        assert erase(context, ADDRESS) is Erased.BEGUN
        monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T14:05:00+00:00")
        assert finish(context) == 0
    assert traces(context.var, ADDRESS) != []
    late = context.var / "outbox" / f"2025-02-14-{1:06}-other@example.org.eml"
    late.write_bytes(b"To: somebody")
    assert finish(context) == 1
    assert traces(context.var, ADDRESS) == []
    assert not late.exists()
    assert finish(context) == 0


def test_the_command_finishes_what_was_interrupted_and_says_so(context: Workspace) -> None:
    context.database.dispose()
    words = ["-C", str(context.root), "subscribers", "erase", ADDRESS]
    step = next(step for step in itertools.count(8) if interrupted(context, step))
    assert step
    told = CliRunner().invoke(cli, words)
    assert (told.exit_code, "erasure is finished" in told.output) == (0, True), told.output
    assert traces(context.var, ADDRESS) == []
    assert CliRunner().invoke(cli, [*words, "--yes"]).exit_code == 1, "there is nobody"


def interrupted(context: Workspace, step: int) -> bool:
    """Kill an erasure at `step`, and tell whether it left nothing but files to do."""
    assert killed_at(step, context.root)
    with reading(context.database) as connection:
        return begun(connection, ADDRESS, context.signer) is not None
