"""Import a digest: each entry becomes an item file, updated from its source until a person edits it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import unified_diff
from pathlib import Path, PurePosixPath

from newsletter.compose.account import Digest, Role
from newsletter.compose.follow import names
from newsletter.compose.import_record import Written, fingerprint, read_record, write_record
from newsletter.compose.issuefile import folder_of, path_of, read_text
from newsletter.compose.item import format_item, parse_item
from newsletter.compose.lines import Found
from newsletter.compose.picture_files import is_picture, picture_of, write_pictures
from newsletter.compose.rewrite import rewrite
from newsletter.compose.write import write
from newsletter.config import Settings
from newsletter.config.types import DAYS
from newsletter.errors import ContentError, Message, Place, Problem
from newsletter.model import Item, ItemKind

_LONGEST_DIFFERENCE = 40
"""Lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The result of an import: names of item files, relative to the workspace, by what was done with them.

    `changes` has a diff for each file left alone although its source changed: edited text against new text.
    """

    closing: date
    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    left_alone: tuple[str, ...]
    changes: Mapping[str, str]
    problems: tuple[Problem, ...]


def import_digest(
    root: Path, digest: Digest, settings: Settings, *, closing: date | None = None, force: bool = False
) -> Imported:
    """Write an item file for every entry of `digest`.

    The digest's period names the issue unless `closing` does. A file that a person edited since it was
    written is left alone and named, unless `force`. Raises ContentError when there is no entry or no closing
    date.
    """
    if not digest.entries:
        raise ContentError(
            Message("%(name)s has no section heading with items under it", name=digest.name),
            "A heading is a section's title in newsletter.yaml, or a line in capitals.",
        )
    closing = closing or _closing(digest)
    record = read_record(root, closing)
    held = _held(root, closing)
    known = _known(held, record, settings, digest)
    files = _files(digest, closing, known)
    texts = {path: held[path] for path in files if path in held}
    unchanged = [path for path in texts if fingerprint(texts[path]) == fingerprint(files[path])]
    edited = [
        path for path in texts if path not in unchanged and not _is_as_written(path, texts[path], record)
    ]
    left_alone = [] if force else edited
    written = [path for path in files if path not in {*unchanged, *left_alone}]
    for path in written:
        write(root, path, files[path])
    source = Path(digest.name).name
    pictures = write_pictures(root, closing, _pictures(digest, files), record, source, force=force)
    now = {_id(path): Written(fingerprint(files[path]), source) for path in (*written, *unchanged)}
    fresh = record | now | pictures.record
    if written or pictures.written or (record and fresh != record):
        kept = _ids(held, files)
        write_record(root, closing, {k: v for k, v in fresh.items() if k in kept or is_picture(k)})
    _note(root, digest, closing, settings)
    return Imported(
        closing=closing,
        written=(*written, *pictures.written),
        unchanged=(*unchanged, *pictures.unchanged),
        left_alone=(*left_alone, *pictures.left_alone),
        changes={
            path: _difference(texts[path], files[path], digest.name)
            for path in left_alone
            if not _is_as_written(path, files[path], record)
        },
        problems=(
            *_about_period(digest, closing, settings),
            *_gone(held, files, record, digest),
            *digest.problems,
        ),
    )


def _closing(digest: Digest) -> date:
    if digest.period is None:
        raise ContentError(
            Message("%(name)s names no period above its first section", name=digest.name),
            "Write it there, like 8 – 14 February 2025, or name the issue: --issue 2025-02-14",
        )
    return digest.period.end


def _held(root: Path, closing: date) -> dict[str, str]:
    """Return the text of each item file of the issue, by file name."""
    folder = f"{folder_of(closing)}/items"
    return {
        name: read_text(root, name)
        for name in sorted(f"{folder}/{one.name}" for one in (root / folder).glob("*.md"))
    }


def _known(
    held: Mapping[str, str], record: Mapping[str, Written], settings: Settings, digest: Digest
) -> dict[str, Item]:
    """Return the items written by an earlier import by id, without those that cannot be parsed."""
    slugs = [*(one.slug for one in settings.sections), *(one.slug for one in digest.new_sections)]
    found: dict[str, Item] = {}
    for path, text in held.items():
        if _id(path) in record:
            item, _ = parse_item(
                text, path, sections=slugs, fields=settings.fields, timezone=settings.timezone
            )
            if item:
                found[_id(path)] = item
    return found


def _files(digest: Digest, closing: date, known: Mapping[str, Item]) -> dict[str, str]:
    """Return the text of the file for each entry, by file name."""
    files = {}
    for name, entry in zip(names(digest.entries, known), digest.entries, strict=True):
        path = f"{folder_of(closing)}/items/{name}.md"
        item = Item(
            id=name,
            title=entry.title,
            text=entry.text,
            link=entry.link,
            sections=(entry.section,),
            kind=ItemKind.EVENT if entry.event else ItemKind.NEWS,
            event=entry.event,
            picture=picture_of(name, entry.picture) if entry.picture else None,
            at=Place(path),
        )
        files[path] = format_item(item)
    return files


def _pictures(digest: Digest, files: Iterable[str]) -> dict[str, Found]:
    """Return the pictures of the entries by the id of their item."""
    pairs = zip(files, digest.entries, strict=True)
    return {_id(path): entry.picture for path, entry in pairs if entry.picture}


def _id(path: str) -> str:
    return PurePosixPath(path).stem


def _ids(*paths: Iterable[str]) -> set[str]:
    return {_id(path) for some in paths for path in some}


def _is_as_written(path: str, text: str, record: Mapping[str, Written]) -> bool:
    return _id(path) in record and record[_id(path)].hash == fingerprint(text)


def _difference(text: str, fresh: str, name: str) -> str:
    """Return a unified diff from the edited text to the new one."""
    lines = list(unified_diff(text.splitlines(), fresh.splitlines(), "edited", name, n=1, lineterm=""))
    more = (
        [Message("… and %(count)s more lines", count=len(lines) - _LONGEST_DIFFERENCE)]
        if len(lines) > _LONGEST_DIFFERENCE
        else []
    )
    return "\n".join([*lines[:_LONGEST_DIFFERENCE], *more])


def _gone(
    held: Mapping[str, str], files: Mapping[str, str], record: Mapping[str, Written], digest: Digest
) -> Iterator[Problem]:
    """Warn about items of an earlier import that are no longer in the source."""
    for path in held:
        before = record.get(_id(path))
        if before and path not in files and before.source == Path(digest.name).name:
            yield Problem.warning(
                Message("no longer in %(name)s", name=digest.name),
                Place(path),
                "Delete the file, if the issue is to be without it.",
            )


def _note(root: Path, digest: Digest, closing: date, settings: Settings) -> None:
    """Write to issue.yaml what item files cannot hold: sections of this issue only, an unusual period."""
    period = digest.period if digest.period and digest.period.end == closing else None
    values = (
        {"period": {"start": period.start, "end": period.end}}
        if period and period != settings.period(closing)
        else {}
    )
    if values or digest.new_sections:
        text = read_text(root, path_of(closing))
        rewritten = rewrite(text, closing, values=values, sections=digest.new_sections)
        if rewritten != text:
            write(root, path_of(closing), rewritten)


def _about_period(digest: Digest, closing: date, settings: Settings) -> list[Problem]:
    line = next((placed.line.number for placed in digest.account if placed.role is Role.PERIOD), 0)
    at = Place(digest.name, line)
    week = Message("week of seven days from %(day)s", day=settings.week.starts.capitalize())
    if digest.period and digest.period.end != closing:
        return [
            Problem.warning(
                Message(
                    "the digest closes on %(end)s, the issue on %(closing)s",
                    end=digest.period.end,
                    closing=closing,
                ),
                at,
                "Check --issue.",
            )
        ]
    if digest.period and digest.period != settings.period(closing):
        days = (digest.period.end - digest.period.start).days + 1
        return [
            Problem.warning(
                Message("the period has %(days)s days; newsletter.yaml has a %(week)s", days=days, week=week),
                at,
                "Check the digest's dates.",
            )
        ]
    if closing != settings.closing_day(closing):
        ends = DAYS[closing.weekday()].capitalize()
        return [
            Problem.warning(
                Message(
                    "the issue closes on a %(ends)s; newsletter.yaml has a %(week)s", ends=ends, week=week
                ),
                at,
                "Check the dates.",
            )
        ]
    return []
