"""The order of an issue's items: where each is listed, and the order with one of them elsewhere."""

from collections.abc import Mapping, Sequence

from newsletter.compose.assemble import with_sections
from newsletter.compose.issuefile import Folder

Order = Mapping[str, Sequence[str]]


def listed(folder: Folder) -> dict[str, list[str]]:
    """Return the ids of the items by section, as issue.yaml lists them."""
    return {slug: list(names) for slug, names in folder.file.ids.items()}


def placed(folder: Folder, name: str, section: str, position: int | None = None) -> Order:
    """Return the order with the item `name` at `position` of `section`, or last; it stands nowhere else."""
    order = without(folder, name)
    if section not in order:
        order = {slug: order.get(slug, []) for slug in with_sections(folder, {section})}
    names = order[section]
    names.insert(len(names) if position is None else max(0, position), name)
    return order


def without(folder: Folder, name: str) -> dict[str, list[str]]:
    """Return the order without the item `name`."""
    return {slug: [one for one in names if one != name] for slug, names in listed(folder).items()}
