"""The check of an issue: findings by item and edition, some mended by a button, others silenced."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import PurePosixPath

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.errors import Problem
from newsletter.model import Item
from newsletter.render.values import Data, plain
from newsletter.services import approval, jobs
from newsletter.services.editing.files import read_version
from newsletter.services.journal import Act
from newsletter.services.link_check import link_check
from newsletter.services.mending import Mending, mend, mendings
from newsletter.services.proof import Proof
from newsletter.services.silencing import hear, silence
from newsletter.web.desk.access import editor, journal, may, requires, say, workspace
from newsletter.web.desk.board import desk
from newsletter.web.desk.header import issue_header
from newsletter.web.desk.item_form import anchor
from newsletter.web.desk.sending import proved_editions
from newsletter.web.preview.shown import shown_problem

pages = Blueprint("check", __name__)

_MANY = 4
"""A finding about so many items is shown once, with the items."""


@pages.get("/<closing:closing>/check")
@requires(Role.EDITOR)
def show(closing: date) -> str:
    """Show what is wrong or doubtful, where, and what can be done about it."""
    press = workspace()
    header = issue_header(closing)
    if header.state == approval.EMPTY:
        return render_template("send_nothing.html", header=header)
    proof = press.proof(closing)
    items = {item.at.path: item for block in proof.issue.blocks for item in block.items}
    shared, others = _shared(closing, proof.problems, items)
    return render_template(
        "check.html",
        header=header,
        shared=shared,
        groups=_groups(closing, others, items),
        errors=proof.errors,
        warnings=proof.warnings,
        advice=proof.advice,
        editions=_editions(proof),
        links=_links(closing, proof),
        mendings=[_shown_mending(one) for one in mendings(press, closing)],
        silenced=[
            Data(found=shown_problem(problem), reason=reason, **_about(closing, problem, items))
            for problem, reason in proof.silenced
        ],
    )


@pages.post("/<closing:closing>/mend")
@requires(Role.EDITOR)
def mend_some(closing: date) -> ResponseReturnValue:
    """Mend the files that were ticked, as the page showed them."""
    wanted = set(request.form.getlist("file"))
    found = [one for one in mendings(workspace(), closing) if _mark(one) in wanted]
    if found:
        mend(desk(), closing, found)
        for one in found:
            journal(Act.ITEM_EDITED if one.item else Act.ISSUE_EDITED, issue=str(closing), subject=one.item)
        say("Mended: %(files)s.", files=", ".join(one.title for one in found))
    else:
        say("Nothing was mended: no file was chosen, or it was changed meanwhile.", "warning")
    return _back(closing)


@pages.post("/<closing:closing>/links")
@requires(Role.EDITOR)
def ask_links(closing: date) -> ResponseReturnValue:
    """Ask each link whether it answers, as a job."""
    jobs.start(workspace(), "links", {"issue": str(closing)}, editor().shown, key=str(closing))
    return _back(closing)


@pages.post("/<closing:closing>/silence/<item>")
@requires(Role.EDITOR)
def silence_one(closing: date, item: str) -> ResponseReturnValue:
    """Silence a finding about an item, or let it be heard again."""
    finding = request.form.get("finding", "")
    if "again" in request.form:
        hear(desk(), closing, item, finding)
        journal(Act.ITEM_EDITED, issue=str(closing), subject=item, shown=finding)
        say("It is shown again.")
    else:
        silence(desk(), closing, item, finding, request.form.get("reason", ""))
        journal(Act.ITEM_EDITED, issue=str(closing), subject=item, silenced=finding)
        say("Silenced for this item, with your reason.")
    return _back(closing)


def _links(closing: date, proof: Proof) -> Data:
    """Return what is known of the links, and how far the job is that asks them."""
    known = link_check(workspace(), proof.issue)
    mine = (one for one in jobs.jobs(workspace(), kind="links") if one.key == str(closing))
    last = next(mine, None)
    return Data(
        links=known.links,
        known=known.known,
        since=known.since.isoformat() if known.since else "",
        open=last is not None and last.open,
        failed=last is not None and last.state == jobs.State.FAILED,
        done=last.progress.done if last else 0,
        total=last.progress.total if last else 0,
    )


def _groups(closing: date, problems: Sequence[Problem], items: dict[str, Item]) -> list[Data]:
    """Return the findings by what they are about: each item, the words around the items, everything else."""
    about: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        about[problem.at.path if problem.at else ""].append(problem)
    return [
        Data(
            title=items[path].title if path in items else "",
            path=path,
            issue=path.endswith("/issue.yaml"),
            address=_address(closing, items.get(path), ""),
            findings=tuple(_shown_finding(closing, one, items) for one in found),
        )
        for path, found in sorted(about.items(), key=lambda entry: _order(entry[0], items))
    ]


def _shared(
    closing: date, problems: Sequence[Problem], items: dict[str, Item]
) -> tuple[list[Data], list[Problem]]:
    """Return the findings that many items share, each with its items; and all other findings."""
    by_text: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem.at and problem.at.path in items:
            by_text[problem.text].append(problem)
    many = {text: found for text, found in by_text.items() if len(found) >= _MANY}
    shared = [
        Data(
            found=shown_problem(found[0]),
            items=tuple(_shown_finding(closing, one, items) for one in found),
        )
        for found in many.values()
    ]
    return shared, [one for one in problems if one.text not in many]


def _shown_finding(closing: date, problem: Problem, items: dict[str, Item]) -> Data:
    at = problem.at
    item = items.get(at.path) if at else None
    text = read_version(workspace().root, at.path).text if at and item else ""
    return Data(
        found=shown_problem(problem),
        line=at.line if at else 0,
        item=item.id if item else "",
        title=item.title if item else "",
        address=_address(closing, item, anchor(text, problem) if text else ""),
    )


def _order(path: str, items: dict[str, Item]) -> tuple[int, int]:
    places = list(items)
    return (1, places.index(path)) if path in items else (0 if path.endswith("/issue.yaml") else 2, 0)


def _address(closing: date, item: Item | None, field: str) -> str:
    """Return where an item is edited, at one of its fields; of anything else the board."""
    if item and may("item.show"):
        return url_for("item.show", closing=closing, name=item.id, _anchor=field or None)
    return url_for("board.show", closing=closing) if may("board.show") else ""


def _about(closing: date, problem: Problem, items: dict[str, Item]) -> dict[str, str]:
    path = problem.at.path if problem.at else ""
    return {
        "item": items[path].id if path in items else PurePosixPath(path).stem,
        "title": items[path].title if path in items else path,
        "address": _address(closing, items.get(path), ""),
    }


def _editions(proof: Proof) -> Sequence[Data]:
    """Return the editions with how many findings are about what each shows."""
    paths = [problem.at.path for problem in proof.problems if problem.at]
    shown = {edition.key: {item.at.path for item in edition.items} for edition, _ in proof.tally}
    return [
        Data(edition=one, findings=sum(path in shown[one.key] for path in paths))
        for one in proved_editions(proof)
    ]


def _shown_mending(one: Mending) -> Data:
    return Data(mark=_mark(one), title=one.title, item=one.item, pieces=plain(one.pieces))


def _mark(one: Mending) -> str:
    """Return what a tick stands for: this file, as it was when it was shown."""
    return f"{sha256(one.before.encode()).hexdigest()[:16]} {one.path}"


def _back(closing: date) -> ResponseReturnValue:
    return redirect(url_for("check.show", closing=closing), 303)
