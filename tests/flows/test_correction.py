"""A mistake is found after the send: who has the item is told, once, and everybody else is left in peace."""

import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.flows.test_whole_way import (  # noqa: F401  fixtures
    D,
    Run,
    begun,
    composed,
    press,
    run,
)

ITEM, TITLE = "06-subsydiia-na-orendu-zhytla-dlia-vpo", "Субсидія на оренду житла для ВПО"


def words(path: Path) -> str:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    part = message.get_body(("plain",))
    assert part
    return " ".join(str(part.get_content()).split())


@pytest.mark.usefixtures("composed")
def test_a_correction_reaches_exactly_who_had_the_item(run: Run, press: Path) -> None:  # noqa: F811
    run("approve", D, "--by", "Олена")
    run("send", D)
    item = press / f"issues/{D}/items/{ITEM}.md"
    item.write_text(item.read_text(encoding="utf-8").replace("06 лютого", "07 лютого"), encoding="utf-8")
    reason = ("--reason", "Захід був 7 лютого.", "--by", "Олена")
    assert "07" in run("correct", D, ITEM, *reason, code=130).stdout  # shown, and nobody says yes
    done = json.loads(run("correct", D, ITEM, *reason, "--yes", "--letter", "--json").stdout)
    assert (done["changed"], done["letter"]) == (["text"], f"{D}+1")
    run("send", f"{D}+1")
    run("send", f"{D}+1")
    outbox = press / "var/outbox"
    told = {path.name.removeprefix(f"{D}+1-") for path in outbox.glob(f"{D}+1-*.eml")}
    sent = {path.name.removeprefix(f"{D}-"): words(path) for path in outbox.glob(f"{D}-*.eml")}
    assert told == {name for name, text in sent.items() if TITLE in text}
    assert told < sent.keys()
    lines = json.loads(run("status", "--json").stdout)
    assert [(line["issue"], line["state"]) for line in lines] == [(f"{D}+1", "sent"), (D, "sent")]
    assert run("reconcile", f"{D}+1").stdout.endswith("0 unknown.\n")
    assert "cannot become" in run("pause", f"{D}+1", code=1).stderr
