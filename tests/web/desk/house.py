"""An issue that is being sent, with a reader in each state, for pages that show one."""

import shutil
from datetime import date

from newsletter.model import Outcome, Receipt
from newsletter.services import Workspace, delivery, jobs
from newsletter.services.approval import approve
from newsletter.store import audience, ledger
from newsletter.store.db import reading, writing
from newsletter.store.ledger import Result
from tests.sending.house import people


def begin(workspace: Workspace, closing: date, *, like: str, readers: int = 12) -> None:
    """Make issue `closing` of the files of issue `like`, approve, begin to send it, and record outcomes."""
    shutil.copytree(workspace.root / f"issues/{like}", workspace.root / f"issues/{closing}")
    people(workspace.database, readers, first=500)
    frozen = approve(workspace, closing, "Ігор Т.").frozen
    delivery.start(workspace, delivery.Ready(frozen=frozen, transport="outbox", waiting=readers))
    outcomes = list(Outcome)
    with reading(workspace.database) as connection:
        numbers = [one.number for one in audience.recipients(connection, frozen.name, limit=readers)]
    results = [
        Result(number, 1, Receipt(outcome=outcomes[place], code=550, detail="5.1.1 no such user"))
        for place, number in enumerate(numbers[: len(outcomes)])
    ]
    with writing(workspace.database) as connection:
        ledger.record(connection, frozen.name, results, workspace.now())


def ask_for_import(workspace: Workspace, token: str) -> None:
    """Keep an uploaded list under `token`, and ask for the job that imports it."""
    folder = workspace.var / "exchange" / token
    folder.mkdir(parents=True)
    (folder / "list.csv").write_text("E-Mail;Wer;Zustand\na@city.example.org;Олена;raus\n", encoding="utf-8")
    jobs.start(workspace, "import-list", {"file": f"{token}/list.csv"}, "Олена К.", key=token)
