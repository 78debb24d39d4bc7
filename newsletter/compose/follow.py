"""Match entries of a corrected source to existing item files, even if order or title changed."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from newsletter.compose.account import Entry
from newsletter.compose.slug import slug
from newsletter.model import Item

_LONGEST_SLUG = 40
_ALIKE, _ALIKE_TITLE = 0.6, 0.7
"""How much of the words of an item, or of its title, a correction leaves as it was."""
_LONGEST_COMPARED = 2000


def names(entries: Sequence[Entry], known: Mapping[str, Item]) -> list[str]:
    """Return an item id for each entry: that of the matching item in `known`, else a new one.

    A new id is made of the entry's number and title.
    """
    width = max(2, len(str(len(entries))))
    titles = [slug(entry.title, _LONGEST_SLUG) or "item" for entry in entries]
    usual = [f"{number:0{width}}-{title}" for number, title in enumerate(titles, 1)]
    found: dict[int, str] = {
        at: name for at, name in enumerate(usual) if name in known and _is_same(entries[at], known[name])
    }
    free = [name for name in known if name not in found.values()]
    for is_same in (_is_titled, _is_linked, _is_same):
        for at, entry in enumerate(entries):
            if at not in found and (name := _only(name for name in free if is_same(entry, known[name]))):
                found[at] = name
                free.remove(name)
    taken = {*known, *found.values()}
    for at, name in enumerate(usual):
        if at not in found:
            found[at] = _fresh(name, taken)
            taken.add(found[at])
    return [found[at] for at in range(len(entries))]


def _is_titled(entry: Entry, item: Item) -> bool:
    return _plain(entry.title) == _plain(item.title)


def _is_linked(entry: Entry, item: Item) -> bool:
    return entry.link is not None and entry.link == item.link


def _is_same(entry: Entry, item: Item) -> bool:
    if _is_titled(entry, item) or _is_linked(entry, item):
        return True
    before, now = (f"{one.title}\n{one.text}"[:_LONGEST_COMPARED] for one in (item, entry))
    return _alike(_plain(item.title), _plain(entry.title), _ALIKE_TITLE) or _alike(before, now, _ALIKE)


def _alike(before: str, now: str, least: float) -> bool:
    matcher = SequenceMatcher(None, before, now, autojunk=False)
    quick = matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least
    return quick and matcher.ratio() >= least


def _only(candidates: Iterable[str]) -> str | None:
    """Return the only candidate, or None if there are several or none."""
    found = list(candidates)
    return found[0] if len(found) == 1 else None


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())


def _fresh(name: str, taken: Iterable[str]) -> str:
    """Return `name`, with a number appended if it is already taken."""
    number, fresh = 1, name
    while fresh in set(taken):
        number += 1
        fresh = f"{name}-{number}"
    return fresh
