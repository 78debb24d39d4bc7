"""Readers: looked for, one person's story, added, unsubscribed, restored, handed over, erased; segments."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.errors import ConfigError, ContentError
from newsletter.locales import language_name
from newsletter.model import EVERY_SECTION
from newsletter.render.values import Data, plain
from newsletter.services import erasure, handover, person, readers, subscribers
from newsletter.services.journal import Act
from newsletter.services.readers import Position, Search
from newsletter.web.desk.access import journal, requires, say, workspace
from newsletter.web.desk.sending import section_titles

pages = Blueprint("readers", __name__)

_DESK = "the desk"


@pages.get("/readers")
@requires(Role.OPERATOR)
def show() -> str:
    """Show the people that are looked for."""
    press, given = workspace(), request.args
    wanted = Search(
        words=given.get("words", ""),
        section=given.get("section", ""),
        region=given.get("region", ""),
        segment=given.get("segment", ""),
        position=Position(given["position"]) if given.get("position") in tuple(Position) else None,
        after=given.get("after", 0, type=int),
    )
    found = readers.search(press, wanted)
    segments, problems = subscribers.segments(press)
    journal(Act.READERS_SEEN, found=found.number, shown=len(found.people))
    asked = {
        "words": wanted.words,
        "section": wanted.section,
        "region": wanted.region,
        "segment": wanted.segment,
        "position": wanted.position.value if wanted.position else "",
    }
    return render_template(
        "readers.html",
        asked=Data(**asked, after=wanted.after),
        first=url_for("readers.show", **_given(asked)),
        next=url_for("readers.show", **_given(asked), after=found.next) if found.next else "",
        found=found.number,
        people=[_shown(one) for one in found.people],
        regions=readers.regions(press),
        segments=[plain(one) for one in segments],
        problems=[str(one) for one in problems],
        positions=[one.value for one in Position],
    )


@pages.get("/readers/<int:number>")
@requires(Role.OPERATOR)
def story(number: int) -> str:
    """Show everything that is known of one person."""
    press = workspace()
    record = readers.person(press, number)
    data, _ = person.look_up(press, record.email)
    journal(Act.READER_SEEN, subject=str(number))
    titles = section_titles(press)
    return render_template(
        "reader.html",
        person=_shown(record),
        number=number,
        language_of=language_name(record.language) if record.language else "",
        fields=[
            Data(label=entry.label, value=record.attributes.get(slug, ""))
            for slug, entry in press.settings.fields.items()
        ],
        reason=record.reason,
        source=record.source,
        created_at=record.created_at,
        choices=[
            Data(
                slug=one["section"],
                title=titles.get(one["section"], "" if one["section"] == EVERY_SECTION else one["section"]),
                state=str(one["state"]),
                until=one["until"],
                origin=str(one["origin"]),
                since=one["since"],
                optional=one["section"] in press.settings.optional_sections,
            )
            for one in data["choices"]
        ],
        deliveries=plain(list(reversed(data["deliveries"]))),
        events=plain(list(reversed(data["events"]))),
        consents=plain(data["consents"]),
        letters=plain(data["letters"]),
        holds_post=bool(handover.holds(press, record)),
    )


@pages.get("/readers/new")
@requires(Role.OPERATOR)
def new() -> str:
    """Show the form for one more person, or for a change of one."""
    press = workspace()
    return render_template(
        "reader_new.html",
        fields=[Data(slug=slug, label=entry.label) for slug, entry in press.settings.fields.items()],
    )


@pages.post("/readers/new")
@requires(Role.OPERATOR)
def add() -> ResponseReturnValue:
    """Add or change one person, as a line of a list would."""
    press, form = workspace(), request.form
    cells = {"email": form.get("email", "").strip()}
    if form.get("name", "").strip():
        cells["name"] = form["name"].strip()
    if chosen := form.getlist("sections"):
        cells["sections"] = ";".join(chosen)
    cells |= {slug: form[slug].strip() for slug in press.settings.fields if form.get(slug, "").strip()}
    person.add(press, cells, form.get("consent", "").strip(), _DESK)
    number = readers.number_of(press, cells["email"])
    journal(Act.READER_CHANGED, subject=str(number), what="added")
    say("Saved.")
    return _to(number)


@pages.post("/readers/<int:number>/leave")
@requires(Role.OPERATOR)
def leave(number: int) -> ResponseReturnValue:
    """Unsubscribe somebody from the sections that were ticked, or from everything."""
    record = readers.person(workspace(), number)
    sections = [] if "everything" in request.form else request.form.getlist("sections")
    if not sections and "everything" not in request.form:
        raise ConfigError("no section was chosen", "Tick what the reader leaves.")
    person.leave(workspace(), record.email, sections, _DESK)
    journal(Act.READER_CHANGED, subject=str(number), what="left")
    say("Unsubscribed. No list brings that back.")
    return _to(number)


@pages.post("/readers/<int:number>/restore")
@requires(Role.OPERATOR)
def restore(number: int) -> ResponseReturnValue:
    """Lift a suppression, for a reason."""
    why = request.form.get("why", "").strip()
    if not why:
        raise ConfigError("a reason is needed", "Say why mail may go to this address again.")
    record = readers.person(workspace(), number)
    person.restore(workspace(), record.email, why)
    journal(Act.READER_CHANGED, subject=str(number), what="restored")
    say("Restored: earlier bounces no longer count.")
    return _to(number)


@pages.post("/readers/<int:number>/hand-over")
@requires(Role.OPERATOR)
def hand_over(number: int) -> ResponseReturnValue:
    """Ask a successor by a letter to take over somebody's post."""
    record = readers.person(workspace(), number)
    form = request.form
    handover.ask(workspace(), record.email, form.get("email", "").strip(), form.get("name", ""), _DESK)
    journal(Act.READER_CHANGED, subject=str(number), what="handover asked")
    say("A letter asks the successor. Nothing changes until they agree.")
    return _to(number)


@pages.get("/readers/<int:number>/erase")
@requires(Role.OPERATOR)
def confirm_erase(number: int) -> str:
    """Ask before somebody is erased."""
    record = readers.person(workspace(), number)
    journal(Act.READER_SEEN, subject=str(number))
    return render_template("reader_erase.html", person=_shown(record), number=number)


@pages.post("/readers/<int:number>/erase")
@requires(Role.OPERATOR)
def erase(number: int) -> ResponseReturnValue:
    """Erase somebody, when their address was typed to confirm it."""
    record = readers.person(workspace(), number)
    if request.form.get("address", "").strip().casefold() != record.email.casefold():
        raise ContentError("the address is not the one of this person", "Type it as it is shown.")
    erasure.erase(workspace(), record.email)
    journal(Act.READER_ERASED, subject=str(number))
    say("Erased. Only a keyed hash stays, so that no list adds them again.")
    return redirect(url_for("readers.show"), 303)


@pages.get("/readers/segments")
@requires(Role.OPERATOR)
def segments() -> str:
    """Show how many readers each segment and section holds now, and the communities covered."""
    press = workspace()
    found, problems = subscribers.segments(press)
    report = subscribers.report(press)
    return render_template(
        "segments.html",
        segments=[plain(one) for one in found],
        problems=[str(one) for one in problems],
        counts=plain(report.statistics),
        titles=plain(section_titles(press)),
        coverage=plain(report.coverage) if report.coverage else None,
    )


def _shown(record: Any) -> Data:
    """Return one person as lists show them."""
    return Data(
        number=record.id,
        name=record.name,
        email=record.email,
        position=readers.position(record).value,
        reason=record.reason,
        place=" · ".join(filter(None, record.attributes.values())),
    )


def _given(asked: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value}


def _to(number: int) -> ResponseReturnValue:
    return redirect(url_for("readers.story", number=number), 303)
