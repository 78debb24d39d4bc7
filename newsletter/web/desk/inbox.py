"""The inbox: what waits is placed, edited or dismissed; a digest is pasted and taken apart."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.compose.account import Role as LineRole
from newsletter.compose.issuefile import closings
from newsletter.config.types import Role
from newsletter.errors import ContentError, Message, Problem, StateError
from newsletter.render.values import Data, plain
from newsletter.services import collect, inbox, jobs
from newsletter.services.editing import inboxfile, pasting
from newsletter.services.editing.fields import known_picture, read_fields
from newsletter.services.editing.files import Conflict
from newsletter.services.editing.pasting import Pasted
from newsletter.services.journal import Act
from newsletter.web.desk.access import editor, journal, requires, say, workspace
from newsletter.web.desk.board import desk, note
from newsletter.web.desk.inbox_shown import shown_waiting
from newsletter.web.desk.item_form import both_versions, merged_fields, shown_fields, typed_fields
from newsletter.web.preview.shown import gathered

pages = Blueprint("inbox", __name__, url_prefix="/inbox")

_KEPT, _LINES, _ISSUES = 30, 600, 12
"""How many dismissed items, lines of an account and issues a page shows."""
_CONFLICT, _UNUSABLE = 409, 422


@pages.get("")
@requires(Role.EDITOR)
def show() -> str:
    """Show what waits, and what was dismissed last."""
    press = workspace()
    return render_template(
        "inbox.html",
        inbox=shown_waiting(press, inbox.waiting(press)),
        dismissed=shown_waiting(press, inbox.dismissed(press, _KEPT)),
        issues=_issues(),
    )


@pages.post("/collect")
@requires(Role.EDITOR)
def look_for_news() -> ResponseReturnValue:
    """Look for news in the sources of newsletter.yaml, as a job."""
    jobs.start(workspace(), "collect", {}, editor().shown)
    say("The sources are being read: what is new will be here in a minute.")
    return redirect(url_for("inbox.show"), 303)


def _issues() -> tuple[Data, ...]:
    """Return the issues into which something can be put: the newest ones, and this week's."""
    press = workspace()
    this_week = press.settings.closing_day(press.now().date())
    days = sorted({this_week, *closings(press.root)[:_ISSUES]}, reverse=True)
    return tuple(Data(closing=day, period=plain(press.settings.period(day))) for day in days)


@pages.post("/<name>/place")
@requires(Role.EDITOR)
def place(name: str) -> ResponseReturnValue:
    """Move an item into a section of an issue."""
    closing = _closing(request.form.get("issue", "")) or abort(400)
    item = inbox.place(desk(), name, closing, request.form.get("section", ""))
    journal(Act.ITEM_ADDED, issue=closing.isoformat(), subject=item)
    return redirect(url_for("board.show", closing=closing, _anchor=f"item-{item}"), 303)


@pages.post("/<name>/dismiss")
@requires(Role.EDITOR)
def dismiss(name: str) -> ResponseReturnValue:
    """Take an item out of the inbox for good; it can be put back."""
    inbox.dismiss(desk(), name)
    if closing := _closing(request.form.get("issue", "")):
        return redirect(url_for("board.show", closing=closing, undo=name), 303)
    return redirect(url_for("inbox.show"), 303)


@pages.post("/link")
@requires(Role.EDITOR)
def link() -> ResponseReturnValue:
    """Put the page behind a link into the inbox, with what it says of itself."""
    address, closing = request.form.get("link", "").strip(), _closing(request.form.get("issue", ""))
    try:
        name = collect.add_link(desk(), address)
    except ContentError:
        say("The page could not be read. Type its title and text yourself.", "warning")
        if closing:
            return redirect(url_for("item.new", closing=closing, link=address), 303)
        return redirect(url_for("inbox.show"), 303)
    if name:
        say("It waits in the inbox.")
    else:
        say("This link is known: it waits here, was dismissed, or stands in an issue.", "warning")
    if closing:
        return redirect(url_for("board.show", closing=closing), 303)
    return redirect(url_for("inbox.edit", name=name) if name else url_for("inbox.show"), 303)


@pages.get("/<name>/edit")
@requires(Role.EDITOR)
def edit(name: str) -> str:
    """Show the form of an item that waits."""
    try:
        found = inboxfile.read(workspace().root, name, workspace().settings)
    except ContentError:
        abort(404)
    settings = workspace().settings
    return render_template(
        "inbox_item.html",
        name=name,
        path=found.path,
        sha=found.version.sha,
        fields=shown_fields(found.fields, settings) if found.fields else None,
        problems=gathered(found.problems),
        picture=bool(known_picture(found.version.text, found.path)[0]),
        issues=_issues(),
    )


@pages.post("/<name>/edit")
@requires(Role.EDITOR)
def save(name: str) -> ResponseReturnValue:
    """Save the form of an item that waits; a conflict shows both versions."""
    typed = typed_fields(request.form, workspace().settings)
    return _save(name, typed)


@pages.post("/<name>/merge")
@requires(Role.EDITOR)
def merge(name: str) -> ResponseReturnValue:
    """Save what was chosen of two versions."""
    return _save(name, merged_fields(request.form))


def _save(name: str, typed: Any) -> ResponseReturnValue:
    done = inbox.save_fields(desk(), name, request.form.get("sha", ""), typed)
    if isinstance(done, Conflict):
        path = inboxfile.path_of(name)
        theirs = read_fields(done.theirs.text, path)
        if theirs is None:
            raise ContentError(
                Message("%(path)s can only be edited as text", path=path), "Mend its first lines by hand."
            )
        page = render_template(
            "conflict.html",
            title=theirs.title,
            path=path,
            sha=done.theirs.sha,
            action=url_for("inbox.merge", name=name),
            **both_versions(typed, theirs, read_fields(done.base, path) if done.base else None),
        )
        return page, _CONFLICT
    note(done.unrecorded)
    say("Saved.")
    return redirect(url_for("inbox.edit", name=name), 303)


@pages.get("/paste")
@requires(Role.EDITOR)
def paste() -> str:
    """Show the field for a digest."""
    return _paste(request.args.get("issue", ""))


def _paste(issue: str, text: str = "", problems: Any = ()) -> str:
    return render_template("paste.html", issues=_issues(), issue=issue, text=text, problems=problems)


@pages.post("/paste")
@requires(Role.EDITOR)
def account() -> ResponseReturnValue:
    """Tell what becomes of each line of a digest; nothing is written yet."""
    form = request.form
    sent = request.files.get("upload")
    issue, text = form.get("issue", ""), form.get("text", "")
    name, data = "digest.txt", text.encode()
    if sent and sent.filename:
        name, data = sent.filename, sent.read()
    try:
        return _account(pasting.keep(workspace(), name, data), issue)
    except (ContentError, StateError) as error:
        return _paste(issue, text, _faults(error)), _UNUSABLE


def _account(pasted: Pasted, issue: str) -> str:
    closing = _closing(issue)
    read = pasting.read(workspace(), pasted, closing)
    digest = read.digest
    sections = {one.slug: one.title for one in (*workspace().settings.model_sections, *digest.new_sections)}
    return render_template(
        "account.html",
        token=pasted.token,
        file=pasted.name,
        issue=issue,
        closing=read.closing,
        period=plain(workspace().settings.period(read.closing)) if read.closing else None,
        says=plain(digest.period) if digest.period and digest.period.end != read.closing else None,
        lines=tuple(
            Data(
                number=one.line.number,
                text=one.line.text[:240],
                picture=one.line.picture is not None,
                role=one.role.value,
                entry=(one.entry or 0) + 1 if one.entry is not None else None,
            )
            for one in digest.account[:_LINES]
        ),
        more=max(0, len(digest.account) - _LINES),
        left=sum(one.role is LineRole.LEFT for one in digest.account),
        entries=tuple(
            Data(
                number=number,
                title=one.title,
                section=sections.get(one.section, one.section),
                link=one.link or "",
                event=one.event is not None,
                picture=one.picture is not None,
            )
            for number, one in enumerate(digest.entries, 1)
        ),
        problems=gathered(read.problems),
    )


@pages.post("/paste/items")
@requires(Role.EDITOR)
def take() -> ResponseReturnValue:
    """Write the items of the digest whose account was shown, and put them into their issue."""
    form = request.form
    try:
        done = pasting.take(desk(), form.get("token", ""), _closing(form.get("issue", "")))
    except (ContentError, StateError) as error:
        return _paste(form.get("issue", ""), problems=_faults(error)), _UNUSABLE
    journal(Act.IMPORTED, issue=str(done.closing), items=len(done.written))
    say("%(number)d items were made.", number=len(done.written))
    if done.left_alone:
        say("%(number)d items stay as they were edited here.", "warning", number=len(done.left_alone))
    return redirect(url_for("board.show", closing=done.closing), 303)


def _closing(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


def _faults(error: ContentError | StateError) -> Any:
    if isinstance(error, ContentError):
        return gathered(error.problems)
    return gathered([Problem.error(error.message, hint=error.hint)])
