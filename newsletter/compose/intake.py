"""A digest taken in: each of its entries becomes an item file, and what a person edited stays."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newsletter.compose.account import Digest, Role
from newsletter.compose.issuefile import folder_of, path_of, read_text
from newsletter.compose.item import format_item
from newsletter.compose.rewrite import rewrite
from newsletter.compose.slug import slug
from newsletter.compose.write import write
from newsletter.config import Settings
from newsletter.config.words import DAYS
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.model import Item

_LONGEST_SLUG = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: item files by what became of them, their names relative to the workspace."""

    closing: date
    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    left_alone: tuple[str, ...]
    problems: tuple[Problem, ...]


def import_digest(
    root: Path, digest: Digest, settings: Settings, *, closing: date | None = None, force: bool = False
) -> Imported:
    """Write an item file for every entry of `digest`.

    The digest's period names the issue unless `closing` does. A file that holds something else already is
    left alone and named, unless `force`. Raises ContentError when there is no entry or no closing date.
    """
    if not digest.entries:
        raise ContentError(
            f"{digest.name} has no section heading with items under it",
            "A heading is a section's title in newsletter.yaml, or a line in capitals.",
        )
    if closing is None:
        if digest.period is None:
            raise ContentError(
                f"{digest.name} names no period above its first section",
                "Write it there, like 8 – 14 February 2025, or name the issue: --issue 2025-02-14",
            )
        closing = digest.period.end
    files = _files(digest, closing)
    held = {name: read_text(root, name) for name in files if (root / name).exists()}
    unchanged = [name for name in held if held[name] == files[name]]
    left_alone = [] if force else [name for name in held if held[name] != files[name]]
    written = [name for name in files if name not in {*unchanged, *left_alone}]
    for name in written:
        write(root, name, files[name])
    _note(root, digest, closing, settings)
    return Imported(
        closing=closing,
        written=tuple(written),
        unchanged=tuple(unchanged),
        left_alone=tuple(left_alone),
        problems=(*_about_period(digest, closing, settings), *digest.problems),
    )


def _files(digest: Digest, closing: date) -> dict[str, str]:
    """Return the text of each entry's file by its name, which order and title make."""
    width = max(2, len(str(len(digest.entries))))
    files = {}
    for number, entry in enumerate(digest.entries, 1):
        name = f"{number:0{width}}-{slug(entry.title, _LONGEST_SLUG) or 'item'}"
        path = f"{folder_of(closing)}/items/{name}.md"
        item = Item(
            id=name,
            title=entry.title,
            text=entry.text,
            link=entry.link,
            sections=(entry.section,),
            at=Place(path),
        )
        files[path] = format_item(item)
    return files


def _note(root: Path, digest: Digest, closing: date, settings: Settings) -> None:
    """Keep in issue.yaml what no item file can hold: sections of this issue only, and an unusual period."""
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
    week = f"week of seven days from {settings.week.starts.capitalize()}"
    if digest.period and digest.period.end != closing:
        return [
            _warning(
                f"the digest closes on {digest.period.end}, the issue on {closing}", at, "Check --issue."
            )
        ]
    if digest.period and digest.period != settings.period(closing):
        days = (digest.period.end - digest.period.start).days + 1
        return [
            _warning(
                f"the period has {days} days; newsletter.yaml has a {week}", at, "Check the digest's dates."
            )
        ]
    if closing != settings.closing_day(closing):
        ends = DAYS[closing.weekday()].capitalize()
        return [
            _warning(f"the issue closes on a {ends}; newsletter.yaml has a {week}", at, "Check the dates.")
        ]
    return []


def _warning(text: str, at: Place, hint: str) -> Problem:
    return Problem(severity=Severity.WARNING, text=text, at=at, hint=hint)
