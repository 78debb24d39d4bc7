"""Beside a long import, what readers wish is recorded, and editors can look at the issue."""

import shutil
import subprocess
import sys
from pathlib import Path

from sqlalchemy import func, select

from newsletter.links import Purpose
from newsletter.services import Workspace, open_workspace
from newsletter.store.choices import has_left
from newsletter.store.db import reading
from newsletter.store.people import find
from newsletter.store.schema import import_chunk, subscriber
from newsletter.web.readers.app import create_site
from tests.web.readers.people import subscribe, token

ROOT = Path(__file__).parents[2]
LINES = 20_000


def newsletter(root: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "newsletter", "-C", str(root), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def chunks(context: Workspace) -> int:
    with reading(context.database) as connection:
        return connection.execute(select(func.count()).select_from(import_chunk)).scalar_one()


def test_wishes_are_recorded_and_issues_looked_at_beside_an_import(tmp_path: Path) -> None:
    root = tmp_path / "press"
    shutil.copytree(ROOT / "issues", root / "issues")
    shutil.copy(ROOT / "newsletter.yaml", root)
    shutil.copy(ROOT / "logo.png", root)
    lines = (f"p{n}@example.org,Олена,\n" for n in range(LINES))
    (root / "list.csv").write_text("email,name,sections\n" + "".join(lines), encoding="utf-8")
    context = open_workspace(root)
    names = [f"reader{n}@example.org" for n in range(40)]
    links = [
        f"/unsubscribe/{token(context, subscribe(context, name), Purpose.UNSUBSCRIBE)}" for name in names
    ]
    client = create_site(context).test_client()

    importing = newsletter(root, "subscribers", "import", str(root / "list.csv"), "--consent", "made up")
    while chunks(context) == 0 and importing.poll() is None:
        pass
    looking = newsletter(root, "check", "2025-02-14")
    beside, answers = 0, []
    for link in links:
        beside += importing.poll() is None
        answers.append(client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code)
    said, trouble = importing.communicate(timeout=120)
    looked = looking.communicate(timeout=120)
    assert looking.returncode in (0, 1), looked
    assert importing.returncode == 0, trouble
    assert f"{LINES} new" in said
    assert beside > 1, "some wishes came while the import was at work"
    assert answers == [200] * len(names)
    with reading(context.database) as connection:
        left = [person for name in names if (person := find(connection, name)) and has_left(person.choices)]
        assert len(left) == len(names), "a wish that was answered is recorded"
        people = connection.execute(select(func.count()).select_from(subscriber)).scalar_one()
    assert people == LINES + len(names)
    context.database.dispose()
