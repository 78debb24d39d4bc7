"""The page of an item: its fields with what is found wrong beside them, and the item as mail."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.compose.issuefile import folder_of
from newsletter.compose.pictures import FOLDER
from newsletter.config.types import Role
from newsletter.errors import ContentError, Problem, StateError
from newsletter.model import ItemKind
from newsletter.pictures.prepare import Prepared, prepare
from newsletter.render.values import Table
from newsletter.services.editing.fields import ItemFields, read_fields, write_fields
from newsletter.services.editing.files import Conflict, Saved, Version, read_version
from newsletter.services.editing.items import (
    ItemFile,
    item_path,
    look_at,
    new_item,
    read_item,
    save_item,
    save_text,
)
from newsletter.services.editing.pictures import take_picture
from newsletter.services.editing.sentence import read_condition
from newsletter.services.journal import Act
from newsletter.web.desk.access import editor, journal, may, requires, say, workspace
from newsletter.web.desk.board import desk, mode_of, note
from newsletter.web.desk.drafts import drafts
from newsletter.web.desk.header import issue_header
from newsletter.web.desk.item_form import (
    both_versions,
    by_field,
    merged_fields,
    shown_fields,
    shown_who,
    typed_fields,
)
from newsletter.web.desk.offered import NOTHING, looked_at, waiting, with_offered
from newsletter.web.desk.view import panel
from newsletter.web.preview.shown import gathered

pages = Blueprint("item", __name__)

_CONFLICT, _UNUSABLE = 409, 422
_UNNAMED = "-"
"""The name of an item before it has a file."""


@pages.get("/<closing:closing>/items/<name>")
@requires(Role.EDITOR)
def show(closing: date, name: str) -> str:
    """Show an item's form, or its text when only that can be edited."""
    return _page(closing, _found(closing, name))


def _found(closing: date, name: str) -> ItemFile:
    """Return an item's file as it is now, or answer 404."""
    draft = drafts().of(workspace(), closing)
    folder = draft.outline.folder if draft.outline else None
    return read_item(workspace(), closing, name, folder) or abort(404)


def _version(closing: date, name: str) -> Version:
    """Return the text of an item's file and its hash, or answer 404."""
    found = read_version(workspace().root, item_path(workspace(), closing, name))
    return found if found.sha else abort(404)


def _page(closing: date, found: ItemFile, typed: ItemFields | None = None, **values: Any) -> str:
    """Return the page of an item; `typed` is shown instead of what its file holds."""
    press, own = workspace(), editor()
    fields = typed or found.fields
    others = drafts().presence.say(found.path, own.shown)
    shared = {
        "header": issue_header(closing),
        "closing": closing,
        "name": found.id,
        "path": found.path,
        "sha": found.version.sha,
        "mode": mode_of(closing, correcting=_correcting()),
        "others": tuple(others),
        "view": panel(closing, drafts().of(press, closing), found.id),
        "refused": (),
        "new": False,
    }
    if fields is None:
        return render_template(
            "item_text.html",
            **shared | values,
            text=values.get("text", found.version.text),
            problems=gathered(found.problems),
        )
    return render_template("item.html", **shared | _form(fields, found.version.text, found.problems) | values)


def _form(fields: ItemFields, text: str, problems: Any) -> dict[str, Any]:
    press = workspace()
    return {
        "fields": shown_fields(fields, press.settings),
        "found": Table(by_field(text, problems)),
        "who": shown_who(press.settings),
        "readers": _readers(fields.only_for),
        "kinds": tuple(kind.value for kind in ItemKind),
        "offer": waiting(text, "") if text else NOTHING,
    }


def _readers(only_for: str) -> int | None:
    """Return how many readers a condition holds for; of all, if it says nothing; None if it is none."""
    counts, press = drafts().counts, workspace()
    if not only_for:
        return counts.all(press)
    condition, _ = read_condition(only_for, press.settings)
    return counts.of(press, condition) if condition else None


@pages.post("/<closing:closing>/items/<name>")
@requires(Role.EDITOR)
def save(closing: date, name: str) -> ResponseReturnValue:
    """Save the form of an item, or its text; a conflict shows both versions."""
    press = workspace()
    _version(closing, name)
    sha = request.form.get("sha", "")
    if "whole" in request.form:
        return _save_text(closing, name, sha)
    typed = typed_fields(request.form, press.settings)
    if "fetch" in request.form:
        found = _found(closing, name)
        typed, offer = looked_at(closing, typed, found.version.text, found.path)
        return _page(closing, found, typed, offer=offer, sha=sha)
    try:
        typed = _with_picture(closing, typed)
        done = save_item(desk(), closing, name, sha, typed, correcting=_correcting())
    except (ContentError, StateError) as error:
        return _page(closing, _found(closing, name), typed, refused=_faults(error), sha=sha), _UNUSABLE
    if isinstance(done, Conflict):
        return _conflict(closing, name, typed, done)
    return _saved(closing, name, done)


def _saved(closing: date, name: str, done: Saved) -> ResponseReturnValue:
    note(done.unrecorded)
    if done.version.sha != request.form.get("sha"):
        journal(Act.ITEM_EDITED, issue=closing.isoformat(), subject=name)
    if _correcting():
        return redirect(url_for("correct.one", closing=closing, item=name), 303)
    if "back" in request.form:
        return redirect(url_for("board.show", closing=closing, _anchor=f"item-{name}"), 303)
    return redirect(url_for("item.show", closing=closing, name=name) + _query(), 303)


def _correcting() -> bool:
    """Return whether an item of a sent issue is edited for a correction, by somebody who may make it."""
    return "correct" in request.args and may("correct.one")


def _query() -> str:
    """Return the query of this request: what the view beside the form shows."""
    return f"?{request.query_string.decode()}" if request.query_string else ""


def _save_text(closing: date, name: str, sha: str) -> ResponseReturnValue:
    text = request.form["whole"]
    try:
        done = save_text(desk(), closing, name, sha, text, correcting=_correcting())
    except (ContentError, StateError) as error:
        found = _found(closing, name)
        return _page(closing, found, refused=_faults(error), text=text, sha=sha), _UNUSABLE
    if isinstance(done, Conflict):
        return _two_texts(closing, name, done)
    return _saved(closing, name, done)


def _with_picture(closing: date, typed: ItemFields) -> ItemFields:
    """Take in a picture that was uploaded with the form, or offered in it."""
    sent = request.files.get("upload")
    if not sent or not sent.filename:
        return with_offered(closing, typed)
    return replace(typed, file=take_picture(desk(), closing, sent.read(), sent.filename))


def _conflict(closing: date, name: str, typed: ItemFields, done: Conflict) -> ResponseReturnValue:
    """Show both versions; where it is known what they began with, what only one has changed is chosen."""
    path = item_path(workspace(), closing, name)
    theirs = read_fields(done.theirs.text, path)
    if theirs is None:  # it can only be edited as text: both are shown as such
        return _two_texts(closing, name, done)
    base = read_fields(done.base, path) if done.base else None
    page = render_template(
        "conflict.html",
        header=issue_header(closing),
        closing=closing,
        title=theirs.title,
        path=path,
        sha=done.theirs.sha,
        action=url_for("item.merge", closing=closing, name=name),
        **both_versions(typed, theirs, base),
    )
    return page, _CONFLICT


def _two_texts(closing: date, name: str, done: Conflict) -> ResponseReturnValue:
    page = render_template(
        "conflict_text.html",
        header=issue_header(closing),
        closing=closing,
        name=name,
        path=item_path(workspace(), closing, name),
        sha=done.theirs.sha,
        mine=done.mine,
        theirs=done.theirs.text,
    )
    return page, _CONFLICT


@pages.post("/<closing:closing>/items/<name>/merge")
@requires(Role.EDITOR)
def merge(closing: date, name: str) -> ResponseReturnValue:
    """Save what was chosen of two versions, field by field."""
    _version(closing, name)
    merged = merged_fields(request.form)
    sha = request.form.get("sha", "")
    done = save_item(desk(), closing, name, sha, merged, correcting=_correcting())
    return (
        _conflict(closing, name, merged, done) if isinstance(done, Conflict) else _saved(closing, name, done)
    )


@pages.post("/<closing:closing>/items/<name>/look")
@requires(Role.EDITOR)
def look(closing: date, name: str) -> Response:
    """Tell a script what is wrong with what is typed, for how many it is, and how it looks as mail."""
    drafts().presence.say(item_path(workspace(), closing, name), editor().shown)
    return _look(closing, name)


@pages.post("/<closing:closing>/new/look")
@requires(Role.EDITOR)
def look_new(closing: date) -> Response:
    """Tell a script the same of an item that has no file yet."""
    return _look(closing, _UNNAMED)


def _look(closing: date, name: str) -> Response:
    press, draft = workspace(), drafts().of(workspace(), closing)
    path = item_path(press, closing, name)
    typed = typed_fields(request.form, press.settings)
    found, item = [], None
    now = read_version(press.root, path).text
    try:
        text = write_fields(now if read_fields(now, path) else "", path, typed)
        seen = look_at(press, closing, path, Version(text), draft.outline.folder if draft.outline else None)
        found, item = list(seen.problems), seen.item
    except ContentError as error:
        text, found = "", list(error.problems)
    answer = {
        "findings": {
            field: render_template("findings.html", problems=some)
            for field, some in by_field(text, found).items()
        },
        "readers": render_template("reader_count.html", readers=_readers(typed.only_for)),
        "view": render_template("typed.html", closing=closing, view=panel(closing, draft, name, item))
        if item
        else "",
    }
    return Response(json.dumps(answer), mimetype="application/json")


@pages.post("/<closing:closing>/items/<name>/here")
@requires(Role.EDITOR)
def here(closing: date, name: str) -> Response:
    """Note that the item is open, or no longer; return who else has it open."""
    path, own = item_path(workspace(), closing, name), editor().shown
    if "leaving" in request.form:
        drafts().presence.leave(path, own)
        return Response(status=204)
    version = _version(closing, name)
    answer = {"others": drafts().presence.say(path, own), "sha": version.sha}
    return Response(json.dumps(answer), mimetype="application/json")


@pages.get("/<closing:closing>/new")
@requires(Role.EDITOR)
def new(closing: date) -> str:
    """Show an empty form for an item of a section."""
    asked = request.args
    section, link = asked.get("section", ""), asked.get("link", "")
    return _new(closing, ItemFields(sections=(section,) if section else (), link=link))


def _new(closing: date, fields: ItemFields, refused: Any = (), **values: Any) -> str:
    return render_template(
        "item.html",
        header=issue_header(closing),
        closing=closing,
        name="",
        path=f"{folder_of(closing)}/items/",
        sha="",
        mode=mode_of(closing),
        others=(),
        view=None,
        new=True,
        refused=refused,
        **_form(fields, "", ()) | values,
    )


@pages.post("/<closing:closing>/new")
@requires(Role.EDITOR)
def create(closing: date) -> ResponseReturnValue:
    """Write a new item."""
    typed = typed_fields(request.form, workspace().settings)
    if "fetch" in request.form:
        typed, offer = looked_at(closing, typed, "", "")
        return _new(closing, typed, offer=offer)
    if not typed.title:
        empty = Problem.error("the title is empty", hint="Say in one line what happened.")
        return _new(closing, typed, gathered([empty])), _UNUSABLE
    try:
        name = new_item(desk(), closing, _with_picture(closing, typed))
    except (ContentError, StateError) as error:
        return _new(closing, typed, _faults(error)), _UNUSABLE
    journal(Act.ITEM_ADDED, issue=closing.isoformat(), subject=name)
    say("The item is in the issue.")
    if "back" in request.form:
        return redirect(url_for("board.show", closing=closing, _anchor=f"item-{name}"), 303)
    return redirect(url_for("item.show", closing=closing, name=name), 303)


@pages.get("/<closing:closing>/pictures/<file>")
@requires(Role.EDITOR)
def picture(closing: date, file: str) -> Response:
    """Return a picture of the issue's folder as it would be sent."""
    press = workspace()
    home = press.root / folder_of(closing) / FOLDER
    path = next((one for one in home.glob("*") if one.name == file and one.is_file()), None) or abort(404)
    if not path.resolve().is_relative_to(home.resolve()):
        abort(404)
    made = prepare([path], press.var / "pictures")[path]
    if not isinstance(made, Prepared):
        abort(404)
    return Response(made.image.content, mimetype=made.image.media_type)


def _faults(error: ContentError | StateError) -> Any:
    if isinstance(error, ContentError):
        return gathered(error.problems)
    return gathered([Problem.error(error.message, hint=error.hint)])
