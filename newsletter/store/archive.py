"""The archive: issues whose sending has started, with their public items as approved, or corrected since."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, insert, select, update

from newsletter.model import ClosingCall, Event, IssueState, ItemKind, Period
from newsletter.names import IssueName
from newsletter.store import corrections, editions
from newsletter.store.corrections import Note
from newsletter.store.db import upsert
from newsletter.store.pictures import PublicPicture, from_json, to_json
from newsletter.store.schema import audience, calendar, correction, cover, issue, item, subscriber

PUBLISHED = and_(issue.c.begun_at != "", issue.c.state != IssueState.CANCELLED.value)
"""SQL condition for issues that the archive shows: started and not cancelled."""

_CORRECTED_AT = (
    select(func.max(correction.c.at))
    .join(item, and_(item.c.issue == correction.c.issue, item.c.anchor == correction.c.anchor))
    .where(correction.c.issue == cover.c.issue)
    .scalar_subquery()
)
_APPROVED = select(cover, issue.c.begun_at, func.coalesce(_CORRECTED_AT, "").label("corrected_at")).join(
    issue, issue.c.name == cover.c.issue
)
_COVERS = _APPROVED.where(PUBLISHED)
_NAMED = _COVERS.where(issue.c.name.in_(bindparam("names", expanding=True)))
_VERSION = select(
    func.count(),
    func.max(issue.c.begun_at),
    func.count().filter(issue.c.state == IssueState.CANCELLED.value),
    select(func.count()).select_from(correction).scalar_subquery(),
).where(issue.c.begun_at != "")

_LETTER = (
    select(audience.c.edition, subscriber.c.email)
    .select_from(audience)
    .join(subscriber, subscriber.c.id == audience.c.subscriber)
    .where(audience.c.issue == bindparam("name"), audience.c.subscriber == bindparam("number"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The frame around an issue's items; `intro` is HTML, `begun_at` is empty until sending starts."""

    period: Period
    subject: str
    preheader: str
    intro: str
    call: ClosingCall | None
    begun_at: str = ""
    corrected_at: str = ""
    """When one of its items was corrected last."""
    picture: PublicPicture | None = None
    """Of its lead, or the first one."""

    @property
    def changed_at(self) -> str:
        """When it was published, or corrected last."""
        return max(self.begun_at, self.corrected_at)

    @property
    def closing(self) -> date:
        """The closing date, which is the issue's name."""
        return self.period.end


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicItem:
    """An item as the archive shows it: `html`, plain `text`, and its section's title and colour at that time.

    An event's calendar file has the name of its anchor.
    """

    closing: date
    anchor: str
    section: str
    section_title: str
    title: str
    html: str
    text: str
    link: str
    kind: ItemKind = ItemKind.NEWS
    lead: bool = False
    event: Event | None = None
    section_colour: str = ""
    picture: PublicPicture | None = None
    notes: tuple[Note, ...] = ()
    """What was corrected since, the oldest first."""


class ArchivedSection(NamedTuple):
    """A section with items in the archive: its title in the newest issue with it, and when that started."""

    slug: str
    title: str
    begun_at: str


def put(connection: Connection, page: Cover, items: Iterable[PublicItem]) -> None:
    """Store the archive's view of an approved issue: its cover and its items."""
    name = page.closing.isoformat()
    call = page.call or ClosingCall(text="")
    connection.execute(
        insert(cover).values(
            issue=name,
            starts=page.period.start.isoformat(),
            subject=page.subject,
            preheader=page.preheader,
            intro=page.intro,
            call=call.text,
            hashtag=call.hashtag,
            picture=to_json(page.picture),
        )
    )
    connection.execute(
        insert(item),
        [
            {
                "issue": name,
                "number": number,
                "anchor": one.anchor,
                "section": one.section,
                "section_title": one.section_title,
                "lead": int(one.lead),
                "section_colour": one.section_colour,
                **_words(one),
            }
            for number, one in enumerate(items, 1)
        ],
    )


def correct(connection: Connection, page: Cover | None, one: PublicItem) -> bool:
    """Replace what the archive shows of an item, and its issue's picture; tell whether it shows the item."""
    name = one.closing.isoformat()
    if page:
        connection.execute(update(cover).where(cover.c.issue == name).values(picture=to_json(page.picture)))
    known = item.c.issue == name, item.c.anchor == one.anchor
    return connection.execute(update(item).where(*known).values(_words(one))).rowcount == 1


def _words(one: PublicItem) -> dict[str, Any]:
    """Return the columns of an item that a correction may change."""
    return {
        "title": one.title,
        "html": one.html,
        "text": one.text,
        "link": one.link,
        "kind": one.kind.value,
        "starts": _written(one.event.start) if one.event else "",
        "ends": _written(one.event.end) if one.event else "",
        "place": one.event.place if one.event else "",
        "picture": to_json(one.picture),
    }


def version(connection: Connection) -> tuple[int, str | None, int, int]:
    """Return a cache key that changes whenever the visible archive changes.

    An issue starts only once and is cancelled for good; its content changes only by corrections.
    """
    begun, last, cancelled, corrected = connection.execute(_VERSION).one()
    return begun, last, cancelled, corrected


def newest(connection: Connection) -> Cover | None:
    """Return the newest issue of the archive, or None."""
    return next(iter(covers(connection, limit=1)), None)


def covers(connection: Connection, *, limit: int, offset: int = 0, before: date | None = None) -> list[Cover]:
    """Return a page of the archive's issues, the newest first, or of those before a closing date."""
    query = _COVERS.where(issue.c.name < before.isoformat()) if before else _COVERS
    return _covers(connection, query.order_by(issue.c.name.desc()).limit(limit).offset(offset))


def count(connection: Connection) -> int:
    """Return how many issues the archive has."""
    return connection.execute(select(func.count()).select_from(_COVERS.subquery())).scalar_one()


def find(connection: Connection, closing: date) -> Cover | None:
    """Return the issue with the closing date `closing`, or None."""
    return named(connection, [closing]).get(closing)


def named(connection: Connection, closings: Iterable[date]) -> dict[date, Cover]:
    """Return issues of the archive by closing date."""
    names = list({closing.isoformat() for closing in closings})
    found = connection.execute(_NAMED, {"names": names}).mappings()
    return {page.closing: page for page in map(cover_of, found)}


def approved(connection: Connection, closing: date) -> tuple[Cover, list[PublicItem]] | None:
    """Return what the archive shows, or will show once it starts, of an approved issue."""
    found = _covers(connection, _APPROVED.where(issue.c.name == closing.isoformat()))
    return (found[0], items(connection, [closing])) if found else None


def before(connection: Connection, closing: date) -> date | None:
    """Return the closing date of the newest approved issue before `closing`, or None."""
    name = connection.execute(
        select(func.max(cover.c.issue)).where(cover.c.issue < closing.isoformat())
    ).scalar_one()
    return date.fromisoformat(name) if name else None


def beside(connection: Connection, closing: date) -> tuple[Cover | None, Cover | None]:
    """Return the previous and the next issue of the one with the closing date `closing`."""
    name = closing.isoformat()
    before = _COVERS.where(issue.c.name < name).order_by(issue.c.name.desc()).limit(1)
    after = _COVERS.where(issue.c.name > name).order_by(issue.c.name).limit(1)
    earlier, later = _covers(connection, before), _covers(connection, after)
    return next(iter(earlier), None), next(iter(later), None)


def items(connection: Connection, closings: Sequence[date]) -> list[PublicItem]:
    """Return the items of these issues, in the order of each issue."""
    names = [closing.isoformat() for closing in closings]
    found = select(item).where(item.c.issue.in_(names)).order_by(item.c.issue.desc(), item.c.number)
    return public_items(connection, connection.execute(found).mappings().all())


def in_section(connection: Connection, slug: str, *, limit: int, offset: int = 0) -> list[PublicItem]:
    """Return a page of a section's items, those of the newest issue first."""
    found = (
        select(item)
        .join(issue, issue.c.name == item.c.issue)
        .where(item.c.section == slug, PUBLISHED)
        .order_by(item.c.issue.desc(), item.c.number)
        .limit(limit)
        .offset(offset)
    )
    return public_items(connection, connection.execute(found).mappings().all())


def count_in_section(connection: Connection, slug: str) -> int:
    """Return how many items of a section the archive has."""
    return connection.execute(
        select(func.count())
        .select_from(item)
        .join(issue, issue.c.name == item.c.issue)
        .where(item.c.section == slug, PUBLISHED)
    ).scalar_one()


def sections(connection: Connection) -> dict[str, ArchivedSection]:
    """Return every section with items in the archive, by slug."""
    last = (
        select(item.c.section, func.max(item.c.issue).label("issue"))
        .join(issue, issue.c.name == item.c.issue)
        .where(PUBLISHED)
        .group_by(item.c.section)
        .subquery()
    )
    found = connection.execute(
        select(item.c.section, func.max(item.c.section_title), issue.c.begun_at)
        .join(last, and_(last.c.section == item.c.section, last.c.issue == item.c.issue))
        .join(issue, issue.c.name == item.c.issue)
        .group_by(item.c.section, issue.c.begun_at)
        .order_by(item.c.section)
    )
    return {slug: ArchivedSection(slug, title, begun_at) for slug, title, begun_at in found}


class Copy(NamedTuple):
    """What a reader got of an issue: HTML with slots, names of its pictures, their address, their edition."""

    html: str
    pictures: list[str]
    email: str
    edition: str


def edition_of(connection: Connection, number: int, name: IssueName) -> Copy | None:
    """Return what subscriber `number` got of an issue."""
    given = {"name": name.isoformat(), "number": number}
    found = connection.execute(_LETTER, given).one_or_none()
    made = editions.find(connection, name.isoformat(), found.edition) if found else None
    if found is None or made is None:
        return None
    return Copy(made.html, [image.name for image in made.pictures], found.email, found.edition)


def put_calendars(connection: Connection, name: str, files: Mapping[str, str]) -> None:
    """Store the calendar files of the issue `name` by their names, in place of those of the same names."""
    if files:
        rows = [{"issue": name, "name": one, "content": content} for one, content in files.items()]
        new = upsert(connection, calendar)
        keys = [calendar.c.issue, calendar.c.name]
        connection.execute(
            new.on_conflict_do_update(index_elements=keys, set_={"content": new.excluded.content}), rows
        )


def drop_calendars(connection: Connection, name: str, files: Iterable[str]) -> None:
    """Delete calendar files of the issue `name`: those of an event that was taken back."""
    connection.execute(delete(calendar).where(calendar.c.issue == name, calendar.c.name.in_(list(files))))


def calendar_file(connection: Connection, closing: date, name: str) -> str | None:
    """Return a calendar file of an issue that has been started, also when it was cancelled later.

    Its address is in messages that have been sent.
    """
    found = connection.execute(
        select(calendar.c.content)
        .join(issue, issue.c.name == calendar.c.issue)
        .where(calendar.c.issue == closing.isoformat(), calendar.c.name == name, issue.c.begun_at != "")
    ).one_or_none()
    return found.content if found else None


def public_items(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> list[PublicItem]:
    """Convert rows of the table `item` to PublicItem, with the notes of their corrections."""
    notes = corrections.notes(connection, {row["issue"] for row in rows})
    return [
        PublicItem(
            closing=date.fromisoformat(row["issue"]),
            anchor=row["anchor"],
            section=row["section"],
            section_title=row["section_title"],
            title=row["title"],
            html=row["html"],
            text=row["text"],
            link=row["link"],
            kind=ItemKind(row["kind"]),
            lead=bool(row["lead"]),
            event=_event(row),
            section_colour=row["section_colour"],
            picture=from_json(row["picture"]),
            notes=tuple(notes.get((row["issue"], row["anchor"]), ())),
        )
        for row in rows
    ]


def _event(row: Mapping[Any, Any]) -> Event | None:
    if not row["starts"]:
        return None
    end = _read(row["ends"]) if row["ends"] else None
    return Event(start=_read(row["starts"]), end=end, place=row["place"])


def _written(moment: datetime | date | None) -> str:
    """Return a day, or a local time with its offset from UTC, as ISO 8601 has it."""
    return moment.isoformat() if moment else ""


def _read(written: str) -> datetime | date:
    return datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)


def _covers(connection: Connection, query: Select[Any]) -> list[Cover]:
    return [cover_of(row) for row in connection.execute(query).mappings()]


def cover_of(row: Mapping[Any, Any]) -> Cover:
    """Convert a row of the table `cover` with `begun_at` and `corrected_at` to a Cover."""
    return Cover(
        period=Period(start=date.fromisoformat(row["starts"]), end=date.fromisoformat(row["issue"])),
        subject=row["subject"],
        preheader=row["preheader"],
        intro=row["intro"],
        call=ClosingCall(text=row["call"], hashtag=row["hashtag"]) if row["call"] else None,
        begun_at=row["begun_at"],
        corrected_at=row["corrected_at"],
        picture=from_json(row["picture"]),
    )
