"""Assemble issue.yaml from item files: add new items to their sections and keep the editors' changes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newsletter.compose.issuefile import Folder, folder_of, load_issue, path_of, read_folder, read_text
from newsletter.compose.rewrite import rewrite
from newsletter.compose.write import write
from newsletter.config import Settings
from newsletter.errors import ContentError, Message, Problem
from newsletter.i18n import format_period
from newsletter.model import Item, Period

_SUBJECT = 78
_PREHEADER = 90


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that is not in the issue, with the reason."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The result of composing: ids added, items left out, whether issue.yaml changed, and all problems."""

    added: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    changed: bool
    problems: tuple[Problem, ...]


def compose(root: Path, closing: date, settings: Settings) -> Composed:
    """Add the items that issue.yaml does not list yet; leave the file untouched if there are none.

    Raises ContentError when there are no items, or issue.yaml has faults: it is then left as it is.
    """
    folder = read_folder(root, closing, settings)
    faults = [p for p in folder.problems if p.at and p.at.path == path_of(closing)]
    if faults:
        raise ContentError(faults)
    if not folder.items:
        raise ContentError(
            Message("there are no items in %(folder)s/items", folder=folder_of(closing)),
            "Import a digest: newsletter import FILE",
        )
    listed = {name for names in folder.file.ids.values() for name in names}
    new = [item for name, item in folder.items.items() if item and name not in listed]
    added = [item for item in new if item.date is None or item.date in folder.period]
    order = _order(folder, added)
    text = read_text(root, path_of(closing))
    titles = [item.title for names in order.values() for name in names if (item := folder.items.get(name))]
    values = {
        "subject": default_subject(settings, folder.period),
        "preheader": default_preheader(titles),
        "intro": "",
    }
    rewritten = rewrite(text, closing, values=values, order=order)
    if rewritten != text:
        write(root, path_of(closing), rewritten)
    issue, problems = load_issue(root, closing, settings)
    shown = {item.id for block in issue.blocks for item in block.items}
    return Composed(
        added=tuple(item.id for item in added),
        left_out=tuple(_left_out(folder, listed, shown)),
        changed=rewritten != text,
        problems=tuple(problems),
    )


def left_out(root: Path, closing: date, settings: Settings) -> Sequence[LeftOut]:
    """Return the item files whose items are not in the issue, each with the reason."""
    folder = read_folder(root, closing, settings)
    issue, _ = load_issue(root, closing, settings)
    listed = {name for names in folder.file.ids.values() for name in names}
    shown = {item.id for block in issue.blocks for item in block.items}
    return tuple(_left_out(folder, listed, shown))


def default_subject(settings: Settings, period: Period) -> str:
    """Return a subject of title and period; the title is shortened if both together are too long."""
    days = format_period(period, settings.language)
    return f"{shorten(settings.title, _SUBJECT - len(days) - 2)}: {days}"


def default_preheader(titles: Iterable[str]) -> str:
    """Return a preheader of the first titles, as many as mail programs show beside the subject."""
    return shorten(" · ".join(titles), _PREHEADER)


def shorten(text: str, longest: int) -> str:
    """Shorten `text` to `longest` characters between words, with an ellipsis."""
    if len(text) <= longest:
        return text
    cut = text[:longest]
    whole_words = cut.rpartition(" ")[0] or cut[:-1]
    return whole_words.rstrip(" ,.:;·–—-") + "…"


def with_sections(folder: Folder, wanted: Collection[str]) -> list[str]:
    """Return the sections that issue.yaml lists, with those `wanted` between them as in the settings."""
    slugs = list(folder.file.ids)
    neighbour = -1
    for slug in folder.sections:
        if slug not in slugs and slug in wanted:
            slugs.insert(neighbour + 1, slug)
        if slug in slugs:
            neighbour = slugs.index(slug)
    return slugs


def _order(folder: Folder, added: Sequence[Item]) -> Mapping[str, Sequence[str]]:
    """Return the item ids by section with `added` last."""
    slugs = with_sections(folder, {slug for item in added for slug in item.sections})
    order = {slug: list(folder.file.ids.get(slug, ())) for slug in slugs}
    for item in added:
        order[min(item.sections, key=slugs.index)].append(item.id)
    return {slug: names for slug, names in order.items() if names or slug in folder.file.ids}


def _left_out(folder: Folder, listed: Iterable[str], shown: Iterable[str]) -> Iterable[LeftOut]:
    faults = {problem.at.path: problem.text for problem in reversed(folder.problems) if problem.at}
    for name in sorted({*folder.items, *listed} - set(shown)):
        if name not in folder.items:
            yield LeftOut(name, "its file is gone")
        elif (item := folder.items[name]) is None:
            yield LeftOut(name, f"faulty: {faults[f'{folder_of(folder.closing)}/items/{name}.md']}")
        elif name not in listed:
            yield LeftOut(name, f"dated {item.date}, outside {folder.period.start} to {folder.period.end}")
        else:
            yield LeftOut(name, "listed under a section it does not have")
