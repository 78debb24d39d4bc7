"""The README's pictures of the desk: board, item and reports, of a week that is made of the real digest."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from sqlalchemy import insert, update

from newsletter.config.parts import Editor
from newsletter.config.types import Role
from newsletter.model import Outcome
from newsletter.services import Workspace, open_workspace
from newsletter.store.db import writing
from newsletter.store.schema import issue, outcome_total
from newsletter.web.desk.app import create_desk
from tests import looks, press
from tests.pictured import show_picture
from tests.sample import ROOT, sample
from tests.sending.house import people
from tests.web.test_accessibility import serving

OUT = ROOT / "docs/images"
WEEK = f"/desk/{press.CLOSING}"
FIRST = "01-pro-partnerstvo-na-ukrainskomu-tyzhni-v"
READERS = 1_490
INBOX = {
    "grants": ("Стартував відбір громад на гранти з енергоефективності", "auc.org.ua", "09:15"),
    "buses": ("Роз’яснення щодо субвенції на шкільні автобуси", "mon.gov.ua", "08:15"),
    "staff": ("Нові правила бронювання працівників", "лист від С. Мельник", "07:15"),
}
"""What waits: title, source, and when it was found."""


def write_inbox(root: Path) -> None:
    """Let three items wait in the inbox."""
    (root / "inbox").mkdir()
    for name, (title, source, at) in INBOX.items():
        head = f"title: {title}\nsource: {source}\nfound_at: 2025-02-13 {at}"
        (root / f"inbox/{name}.md").write_text(f"---\n{head}\n---\n\nКоротко про головне.\n", "utf-8")


def send_earlier_issues(workspace: Workspace) -> None:
    """Let the eleven issues before have been sent, each to more readers than the one before it."""
    for back, closing in enumerate(press.weeks(12)[1:], 1):
        press.publish(workspace.database, press.issue(closing, [press.item("Житло")]))
        readers = READERS - 80 * back - 7 * back % 31
        failed, complained = 9 + 5 * back % 13, back % 4
        found: Mapping[Outcome, int] = {
            Outcome.ACCEPTED: readers - failed - complained,
            Outcome.REFUSED: failed,
            Outcome.COMPLAINED: complained,
        }
        with writing(workspace.database) as connection:
            connection.execute(update(issue).where(issue.c.name == str(closing)).values(readers=readers))
            rows = [
                {"issue": str(closing), "outcome": one.value, "number": number}
                for one, number in found.items()
            ]
            connection.execute(insert(outcome_total), rows)


def main() -> None:
    """Write the pictures into docs/images."""
    os.environ["NEWSLETTER_NOW"] = f"{press.CLOSING}T08:00:00+00:00"
    with sample() as workspace:
        write_inbox(workspace.root)
        send_earlier_issues(workspace)
        people(workspace.database, READERS)
        show_picture(workspace.root, FIRST, (ROOT / "tests/data/pictures/town.jpg").read_bytes(), "town.jpg")
        shutil.rmtree(workspace.root / "templates", ignore_errors=True)
        olena = Editor(name="Олена К.", address="olena@auc.org.ua", role=Role.OPERATOR)
        with serving(create_desk(open_workspace(workspace.root), single=olena)) as base:
            _shoot(base)


def _shoot(base: str) -> None:
    with looks.chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="uk")
        for name, path, height in (
            ("board", WEEK, 900),
            ("item", f"{WEEK}/items/{FIRST}", 900),
            ("report", "/desk/reports", 960),
        ):
            page.set_viewport_size({"width": 1280 if name == "report" else 1440, "height": height})
            page.goto(base + path)
            if name == "board":
                page.locator(".item[data-id]").nth(1).hover()
            page.screenshot(path=OUT / f"{name}.png")
            Image.open(OUT / f"{name}.png").convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(
                OUT / f"{name}.png", optimize=True
            )


if __name__ == "__main__":
    main()
