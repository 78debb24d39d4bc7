"""Whoever is erased is in no file that the program wrote, whatever the encoding."""

import asyncio
import shutil
from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from newsletter.audience.lists import Importer
from newsletter.sending.freeze import envelope
from newsletter.sending.trial import tell
from newsletter.store.db import reading
from newsletter.store.people import find
from newsletter.transport.outbox import Outbox
from newsletter.wiring import Context, open_workspace
from newsletter.wiring.erasure import erase

ADDRESS, OTHER = "olena.hnatiuk@konotop.example.org", "ivan@konotop.example.org"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """Open a workspace with two readers and mail to both in its outbox."""
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T14:00:00+00:00")
    shutil.copy(Path(__file__).parents[2] / "newsletter.yaml", tmp_path)
    context = open_workspace(tmp_path)
    importer = Importer(context.database, context.settings, context.signer)
    for address in (ADDRESS, OTHER):
        importer.one({"email": address, "name": "Олена"}, "a letter", context.now())
        write(context, address)
    yield context
    context.database.dispose()


def write(context: Context, address: str, mentioned: str = "") -> None:
    """Write mail to `address` into the outbox, and a letter of the pages."""
    text = f"Ви отримуєте цього листа на {mentioned or address}."
    for folder, prefix in (("outbox", "2025-02-14"), ("outbox/letters", "letter")):
        transport = Outbox(context.var / folder, prefix)
        asyncio.run(transport.check())
        asyncio.run(tell(transport, envelope(context.settings, ""), address, "Дайджест", text, context.now()))


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


def test_no_file_holds_an_erased_address_in_any_encoding(context: Context) -> None:
    write(context, "third@example.org", mentioned=ADDRESS)
    (context.var / "outbox/2025-02-14-000000-third@example.org.eml").unlink()
    assert len(traces(context.var, ADDRESS)) >= 4
    kept = traces(context.var, OTHER)
    assert erase(context, ADDRESS.upper().replace("EXAMPLE.ORG", "example.org"))
    assert traces(context.var, ADDRESS) == []
    assert [name for name in kept if name.endswith(".eml")] == [
        name for name in traces(context.var, OTHER) if name.endswith(".eml")
    ]


def test_mail_of_issues_goes_also_where_it_names_an_earlier_address(context: Context) -> None:
    with reading(context.database) as connection:
        person = find(connection, ADDRESS)
    assert person is not None
    earlier = context.var / f"outbox/2025-02-07-{person.id:06}-old@konotop.example.org.eml"
    letter = context.var / f"outbox/letters/{date(2025, 2, 7)}-{person.id:06}-somebody@example.org.eml"
    for path in (earlier, letter):
        path.write_bytes(b"To: somebody")
    erase(context, ADDRESS)
    assert not earlier.exists()
    assert letter.exists(), "letters are numbered by themselves, not by reader"


def test_erasing_nobody_says_so_and_touches_nothing(context: Context) -> None:
    before = sorted(path.name for path in context.var.rglob("*.eml"))
    assert not erase(context, "nobody@example.org")
    assert sorted(path.name for path in context.var.rglob("*.eml")) == before
