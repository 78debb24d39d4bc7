"""An event's way: written by an editor, read in both parts of the message, put into a calendar."""

import re
import shutil
from email import message_from_bytes, policy
from pathlib import Path

import icalendar
import pytest
from lxml.html import document_fromstring

from newsletter.cli import run
from newsletter.services import open_workspace
from newsletter.web.readers.app import create_site

ROOT = Path(__file__).parents[2]
ITEM = """---
title: {title}
section: top
link: https://auc.org.ua/{name}
{more}
---

Програма на сторінці.
"""
LIST = """email,name,sections,region
olena@konotop.example.org,Олена,,Сумська
ivan@lviv.example.org,Іван,,Львівська
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace with an event for everybody, one for a region, and an item of a partner."""
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T09:00:00+00:00")
    root = tmp_path / "workspace"
    items = root / "issues/2025-02-14/items"
    items.mkdir(parents=True)
    for name in ("newsletter.yaml", "logo.png"):
        shutil.copy(ROOT / name, root)
    for name, title, more in (
        ("forum", "Форум громад", "kind: event\nwhen: 2025-02-20 11:00\nuntil: 12:30\nwhere: Київ"),
        ("sumy", "Зустріч у Сумах", "kind: event\nwhen: 2025-02-21\nonly_for: {region: Сумська}"),
        ("offer", "Каталог техніки", "kind: partner"),
    ):
        (items / f"{name}.md").write_text(ITEM.format(name=name, title=title, more=more), encoding="utf-8")
    (root / "list.csv").write_text(LIST, encoding="utf-8")
    return root


def test_every_reader_s_calendar_gets_the_events_of_their_message(workspace: Path) -> None:
    for command in (
        ["subscribers", "import", str(workspace / "list.csv"), "--consent", "Форум, 2025"],
        ["compose", "2025-02-14"],
        ["approve", "2025-02-14", "--by", "Олена"],
        ["send", "2025-02-14"],
    ):
        assert run(["-C", str(workspace), *command]) == 0, command
    context = open_workspace(workspace)
    client = create_site(context).test_client()
    base = context.settings.base_url
    found: dict[str, list[str]] = {}
    for file in sorted((workspace / "var/outbox").rglob("*.eml")):
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        html, plain = (message.get_body((kind,)).get_content() for kind in ("html", "plain"))  # type: ignore[union-attr]  # it has both
        links = [
            set(re.findall(rf"{re.escape(base)}(/issues/[^\s\"<>]+\.ics)", part)) for part in (html, plain)
        ]
        assert links[0] == links[1]
        for part in ("".join(map(str, document_fromstring(html).itertext())), plain):
            for words in ("11:00–12:30", "Київ", "Партнерський матеріал"):
                assert words in part.replace("\xa0", " ").replace("\u2060", ""), words
        calendars = [icalendar.Calendar.from_ical(client.get(link).text) for link in links[0]]
        found[str(message["to"])] = sorted(str(one.events[0]["SUMMARY"]) for one in calendars)
    context.database.dispose()
    assert found == {
        "Олена <olena@konotop.example.org>": ["Зустріч у Сумах", "Форум громад"],
        "Іван <ivan@lviv.example.org>": ["Форум громад"],
    }
