"""How many of our modules are entered on three ways: an item to the socket, a form to a reader, a bounce.

A module counts when one of its functions is called, on any thread; what runs while modules are imported does
not count. A way is walked twice, and the second walk is counted, so caches are warm. `without the common`
leaves out the modules that all three ways enter, like `store.db`. An item's way begins with rendered editions
that are frozen, and ends with the relay's 250; reading, checking and rendering come before it, as `proof`. Of
the delivery alone, modules count that are entered at least once for every message. `-v` names the modules.
"""

import argparse
import asyncio
import importlib
import json
import pkgutil
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import FrameType

import newsletter
from newsletter.audience.optin import wording
from newsletter.feedback.mailboxes import Mail
from newsletter.links import Purpose
from newsletter.sending.freeze import Approval, freeze, verify
from newsletter.sending.start import start
from newsletter.services import Workspace, feedback, letters, open_workspace
from newsletter.store import requests
from newsletter.store.db import reading, writing
from newsletter.web.readers.app import create_site
from tests.feedback import mails
from tests.relay import Relay, running
from tests.sending import house

ROOT = Path(__file__).parents[2]
PACKAGE = Path(newsletter.__file__).parent
CLOSING = date(2025, 2, 14)
READERS = 40


@dataclass
class Doors:
    """The calls of each module while a stage is counted, by stage."""

    stages: dict[str, Counter[str]] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the calls of all threads that begin inside the block, and of this one."""
        counts = self.stages.setdefault(name, Counter())
        names: dict[str, str] = {}

        def see(frame: FrameType, event: str, _argument: object) -> None:
            code = frame.f_code
            if event != "call" or not code.co_flags & CO_OPTIMIZED:  # a module's or a class's own lines
                return
            if code.co_filename not in names:
                names[code.co_filename] = module(code.co_filename)
            if name := names[code.co_filename]:
                counts[name] += 1

        threading.setprofile(see)
        sys.setprofile(see)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def modules(self, least: int = 1) -> dict[str, set[str]]:
        """Return the modules that were called at least so often, by stage."""
        return {
            stage: {one for one, calls in counts.items() if calls >= least}
            for stage, counts in self.stages.items()
        }


def show(name: str, stages: Mapping[str, set[str]], common: AbstractSet[str], *, names: bool) -> None:
    """Print how many modules each stage entered, how many they are together, and without the common ones."""
    together = set().union(*stages.values())
    detail = ", ".join(f"{stage} {len(modules)}" for stage, modules in stages.items())
    print(f"{name:38}{len(together):4}, without the common {len(together - common):3}   ({detail})")
    if names:
        for stage, modules in stages.items():
            print(f"    {stage}: {' '.join(sorted(modules))}")


def module(file: str) -> str:
    """Return the name of our module in `file`, without the package's; "" for others."""
    path = Path(file)
    if not path.is_relative_to(PACKAGE):
        return ""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


@contextmanager
def workspace(relay: int) -> Iterator[Workspace]:
    """Make the sample's workspace, whose mail goes to the relay."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for part in ("issues", "templates"):
            shutil.copytree(ROOT / part, root / part)
        changed = {"transport": "smtp", "smtp": {"port": relay, "security": "none", "connections": 1}}
        lines = (ROOT / "newsletter.yaml").read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.partition(":")[0] not in changed]
        added = [f"{key}: {json.dumps(value)}" for key, value in changed.items()]
        (root / "newsletter.yaml").write_text("\n".join([*kept, *added]), encoding="utf-8")
        shutil.copy(ROOT / "logo.png", root)
        made = open_workspace(root)
        try:
            yield made
        finally:
            made.database.dispose()


def item(made: Workspace, relay: Relay, doors: Doors) -> None:
    """Approve the sample for all readers and send it: from the items' files to the relay's 250."""
    before = len(relay.accepted)
    with doors.stage("proof"):
        proof = made.proof(CLOSING)
    shared = made.settings.envelope(proof.issue.name)
    approved = Approval(by="bench", at=made.now(), sources=made.sources(CLOSING), errors=0)
    with doors.stage("freeze"):
        freeze(made.database, proof.editions, proof.pages, shared, approved)
    with doors.stage("start"):
        seen = verify(made.database, CLOSING.isoformat(), made.sources(CLOSING))
        with writing(made.database) as connection:
            frozen = start(connection, seen, "smtp", made.now())
    with doors.stage("prepare"):
        run = made.run(frozen)
    with doors.stage("deliver"):
        asyncio.run(run.deliver())
    assert len(relay.accepted) - before == READERS


def form(made: Workspace, relay: Relay, doors: Doors, email: str) -> None:
    """Fill in the sign-up form, send its letter, and press its button."""
    before = len(relay.accepted)
    client = create_site(made).test_client()
    client.get("/signup?lang=en")
    then = datetime.now(UTC) - timedelta(seconds=10)
    stamp = made.signer.token(Purpose.FORM, int(then.timestamp()), then.date())
    version = wording(made.settings, "en").version
    given = {"stamp": stamp, "email": email, "take": "all", "consent": version}
    with doors.stage("form"):
        assert client.post("/signup?lang=en", data=given).status_code == 303
    end = time.monotonic() + 30
    with doors.stage("letter"):
        while len(relay.accepted) == before:
            assert time.monotonic() < end
            letters.send_letters(made)
    with reading(made.database) as connection:
        number = max(
            one
            for one in range(1, 10)
            if (asked := requests.find(connection, one, made.now())) and asked.email == email
        )
    token = made.signer.token(Purpose.CONFIRM, number, made.now().date())
    with doors.stage("confirm"):
        assert client.post(f"/confirm/{token}?lang=en").status_code == 200


def bounce(made: Workspace, doors: Doors, reader: int) -> None:
    """Read a returned mail, store it as an event, and suppress the reader."""
    returned = Mail("one", mails.bounce(reader, signer=made.signer))
    with doors.stage("read"):
        found = feedback.read(made, returned)
    with doors.stage("keep"):
        assert feedback.keep(made, [found]) == 1
    with doors.stage("act"):
        assert feedback.work_on_events(made).suppressed == 1


def main() -> None:
    """Walk the three ways twice, and print the counts."""
    parser = argparse.ArgumentParser(prog="scripts/bench doors", description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="name the modules")
    names = parser.parse_args().verbose
    for one in pkgutil.walk_packages([str(PACKAGE)], "newsletter."):
        if ".migrations" not in one.name and not one.name.endswith("__main__"):
            importlib.import_module(one.name)
    ways: dict[str, list[Doors]] = {"item": [], "form": [], "bounce": []}
    with running(Relay()) as relay, workspace(relay.port) as made:
        house.people(made.database, READERS)
        for number in (1, 2):
            for doors in ways.values():
                doors.append(Doors())
            if number == 2:  # an issue begun by smtp is not approved again
                with writing(made.database) as connection:
                    connection.exec_driver_sql("UPDATE issue SET transport = 'outbox'")
            item(made, relay, ways["item"][-1])
            form(made, relay, ways["form"][-1], f"olena{number}@example.org")
            bounce(made, ways["bounce"][-1], number)
    walked = {way: rounds[-1].modules() for way, rounds in ways.items()}
    common = set.intersection(*(set().union(*stages.values()) for stages in walked.values()))
    before = {"proof": walked["item"].pop("proof")}
    each = {"deliver": ways["item"][-1].modules(READERS)["deliver"]}
    for title, stages in (
        ("an item, from files to editions", before),
        ("an item, from editions to the socket", walked["item"]),
        ("of it, entered for every message", each),
        ("a form to a confirmed reader", walked["form"]),
        ("a bounce to suppression", walked["bounce"]),
    ):
        show(title, stages, common, names=names)
    print(f"common to all three: {' '.join(sorted(common))}")


if __name__ == "__main__":
    main()
