"""The settings' pages: every value explained; sections, brand and the file itself checked and saved."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.brand import nearest_readable, palette, readable
from newsletter.compose.edit_settings import edit_brand, edit_sections
from newsletter.config.types import Role
from newsletter.errors import ConfigError, ContentError, Problem
from newsletter.i18n import said
from newsletter.render.values import Data
from newsletter.services import settings as service
from newsletter.services.editing.files import Conflict, Desk, Version
from newsletter.services.editing.history import Author
from newsletter.services.editing.pictures import logo_as_shown, take_logo
from newsletter.services.journal import Act
from newsletter.web.desk.access import editor, journal, requires, say, workspace
from newsletter.web.desk.brand_picture import draw
from newsletter.web.preview.shown import shown_problem

pages = Blueprint("settings", __name__)

_SECTION = ("slug", "title", "about", "colour")
_BRAND = ("logo", "alt", "colour", "second")
_UNUSABLE, _CONFLICT = 422, 409


@pages.get("/settings")
@requires(Role.OPERATOR)
def show() -> str:
    """Show every setting with its explanation, its value, and where it comes from."""
    press = workspace()
    rows = [
        Data(key=one.key, value=one.value, line=one.line, group=one.key.partition(".")[0])
        for one in service.values(press.settings, service.read(press).text)
    ]
    return render_template("settings.html", rows=rows, secrets=list(service.secrets_set().items()))


@pages.get("/settings/sections")
@requires(Role.OPERATOR)
def sections() -> str:
    """Show the form of the sections."""
    rows = [{**entry.model_dump(), "old": True} for entry in workspace().settings.sections]
    return _sections(rows, service.read(workspace()).sha)


@pages.post("/settings/sections")
@requires(Role.OPERATOR)
def save_sections() -> ResponseReturnValue:
    """Save the sections that stand in the form, in the order of its numbers."""
    rows = _rows()
    kept = [row for row in rows if row["slug"] and not row["gone"]]
    kept.sort(key=lambda row: row["place"])
    values = [{name: row[name] for name in (*_SECTION, "always")} for row in kept]
    problems, conflict = _save(lambda text: edit_sections(text, values))
    if problems or conflict:
        page = _sections(rows, request.form.get("sha", ""), problems, conflict)
        return page, _CONFLICT if conflict else _UNUSABLE
    return redirect(url_for("settings.sections"), 303)


@pages.get("/settings/brand")
@requires(Role.OPERATOR)
def brand() -> str:
    """Show the form of the brand; with values in the address, how they would look."""
    own = {name: getattr(workspace().settings.brand, name) or "" for name in _BRAND}
    given = {name: request.args.get(name, own[name]).strip() for name in _BRAND}
    return _brand(given, service.read(workspace()).sha)


@pages.post("/settings/brand")
@requires(Role.OPERATOR)
def save_brand() -> ResponseReturnValue:
    """Save the brand with the logo that was uploaded, or only show how it would look."""
    given = {name: request.form.get(name, "").strip() for name in _BRAND}
    upload = request.files.get("picture")
    try:
        if upload and upload.filename:
            given["logo"] = take_logo(_desk(), upload.stream.read())
    except ContentError as error:
        return _brand(given, request.form.get("sha", ""), error.problems), _UNUSABLE
    if request.form.get("what") == "look":
        return _brand(given, request.form.get("sha", ""))
    problems, conflict = _save(lambda text: edit_brand(text, given))
    if problems or conflict:
        return _brand(given, request.form.get("sha", ""), problems, conflict), (
            _CONFLICT if conflict else _UNUSABLE
        )
    return redirect(url_for("settings.brand"), 303)


@pages.get("/settings/brand.svg")
@requires(Role.OPERATOR)
def brand_picture() -> Response:
    """Return a picture of the colours of the address, in both schemes."""
    both = palette(*(_colour(request.args.get(name, "")) for name in ("colour", "second")))
    return Response(draw(both, workspace().settings.publisher), mimetype="image/svg+xml")


@pages.get("/settings/logo")
@requires(Role.OPERATOR)
def logo() -> Response:
    """Return a picture of the workspace as it looks as the logo, or 404."""
    try:
        image = logo_as_shown(workspace(), request.args.get("name", ""))
    except ContentError:
        abort(404)
    return Response(image.content, mimetype=image.media_type)


@pages.get("/settings/file")
@requires(Role.OPERATOR)
def file() -> str:
    """Show newsletter.yaml itself."""
    version = service.read(workspace())
    return _file(version.text, version.sha)


@pages.post("/settings/file")
@requires(Role.OPERATOR)
def save_file() -> ResponseReturnValue:
    """Save newsletter.yaml as it was typed, if nothing is wrong with it."""
    typed = request.form.get("text", "").replace("\r\n", "\n")
    problems, conflict = _save(lambda _: typed)
    if problems or conflict:
        page = _file(typed, request.form.get("sha", ""), problems, conflict)
        return page, _CONFLICT if conflict else _UNUSABLE
    return redirect(url_for("settings.file"), 303)


def _save(change: Callable[[str], str]) -> tuple[Sequence[Problem], Version | None]:
    """Save the changed file; return what is wrong with it, or the version that somebody saved meanwhile."""
    desk = _desk()
    try:
        text = change(service.read(desk.workspace).text)
        saved = service.store(desk, text, request.form.get("sha", ""))
    except (ConfigError, ContentError) as error:
        return error.problems, None
    if isinstance(saved, Conflict):
        return (), saved.theirs
    journal(Act.SETTINGS_CHANGED)
    say("Saved.")
    return (), None


def _desk() -> Desk:
    person = editor()
    return Desk(workspace(), Author(person.shown, person.address))


def _rows() -> list[dict[str, Any]]:
    """Return the rows of the sections' form; the last one may be a new section."""
    form, rows = request.form, []
    for number in range(min(form.get("rows", 0, type=int), 200)):
        row: dict[str, Any] = {name: form.get(f"{name}-{number}", "").strip() for name in _SECTION}
        row |= {name: f"{name}-{number}" in form for name in ("always", "gone", "old")}
        rows.append({**row, "place": form.get(f"place-{number}", number, type=int)})
    return rows


def _sections(
    rows: Sequence[Mapping[str, Any]],
    sha: str,
    problems: Sequence[Problem] = (),
    theirs: Version | None = None,
) -> str:
    empty = {**dict.fromkeys(_SECTION, ""), "always": False, "gone": False, "old": False}
    full = list(rows) if rows and not rows[-1]["old"] else [*rows, empty]
    shown = [Data(**{"gone": False, **row, "number": number}) for number, row in enumerate(full)]
    return _page("settings_sections.html", sha, problems, theirs, rows=shown)


def _brand(
    given: Mapping[str, str], sha: str, problems: Sequence[Problem] = (), theirs: Version | None = None
) -> str:
    picture = url_for("settings.brand_picture", colour=given["colour"], second=given["second"])
    shown, wrong = None, ""
    try:
        image = logo_as_shown(workspace(), given["logo"]) if given["logo"] else None
        shown = image and Data(width=image.width, height=image.height)
    except ContentError as error:
        wrong = said(error.message, g.language)
    return _page(
        "settings_brand.html",
        sha,
        problems,
        theirs,
        given=dict(given),
        picture=picture,
        logo=shown,
        wrong=wrong,
    )


def _file(text: str, sha: str, problems: Sequence[Problem] = (), theirs: Version | None = None) -> str:
    return _page("settings_file.html", sha, problems, theirs, text=text)


def _page(template: str, sha: str, problems: Sequence[Problem], theirs: Version | None, **values: Any) -> str:
    """Render a form; after a conflict its next save replaces the other version, which is shown beside it."""
    return render_template(
        template,
        sha=theirs.sha if theirs else sha,
        problems=[shown_problem(one, [one.at] if one.at else []) for one in problems],
        theirs=theirs.text if theirs else "",
        **values,
    )


def _colour(text: str) -> str:
    """Return a colour that text can be read on, near the one that was typed; none for anything else."""
    whole = len(text) == 7 and text[0] == "#" and all(one in "0123456789abcdef" for one in text[1:].lower())  # noqa: PLR2004  #rrggbb
    if not whole:
        return ""
    return text.lower() if readable(text.lower()) else nearest_readable(text.lower())
