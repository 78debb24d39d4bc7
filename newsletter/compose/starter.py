"""A new workspace, copied from the starter files of the package."""

from collections.abc import Iterator
from datetime import date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter.compose.assemble import compose
from newsletter.compose.issuefile import folder_of
from newsletter.compose.write import write
from newsletter.config import read_settings
from newsletter.errors import ConfigError


def make_workspace(root: Path, language: str, now: datetime) -> date:
    """Make `root` a workspace in `language` with an issue of the week of `now`; return its closing date.

    Raises ConfigError when the folder holds something already or cannot be made.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise ConfigError(f"{root} is not empty", "Name a new folder; nothing was changed.")
    except OSError as error:
        raise ConfigError(f"{root} cannot be made: {error.strerror}", "Name another folder.") from None
    starter = files("newsletter") / "starter"
    write(root, ".gitignore", (starter / "gitignore").read_text(encoding="utf-8"))
    found = dict(_texts(starter / language))
    for name, text in found.items():
        if not name.startswith("items/"):
            write(root, name, text)
    settings = read_settings(root)
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    closing = settings.closing_day(today)
    for name, text in found.items():
        if name.startswith("items/"):
            write(root, f"{folder_of(closing)}/{name}", text.replace("$today", today.isoformat()))
    compose(root, closing, settings)
    return closing


def _texts(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts(entry, f"{above}{entry.name}/")
        else:
            yield f"{above}{entry.name}", entry.read_text(encoding="utf-8")
