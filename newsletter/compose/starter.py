"""Create a workspace from the package's starter files and the answers to `init`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import StringIO
from itertools import cycle
from pathlib import Path
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from newsletter.compose.assemble import compose
from newsletter.compose.issuefile import folder_of
from newsletter.compose.slug import slug
from newsletter.compose.write import write
from newsletter.config import FILE, read_settings
from newsletter.errors import ConfigError, Message
from newsletter.files import is_unicode
from newsletter.locales import catalog_of
from newsletter.registry import OUTBOX, TRANSPORTS

_ITEMS = "items/"
_READERS = ("subscribers/example.csv", "subscribers/segments.yaml")  # they name the starter's own sections
_LONGEST_SLUG = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers for a new digest; an empty one keeps the starter's value."""

    title: str = ""
    publisher: str = ""
    sender: str = ""
    sections: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()


_NOTHING = Answers()


def make_workspace(
    root: Path, language: str, now: datetime, answers: Answers = _NOTHING, *, samples: bool = True
) -> date | None:
    """Make `root` a workspace in `language`; with samples, return the closing date of its issue of this week.

    Where there is no starter in that language, its texts are English.

    Raises ConfigError when the folder holds something already or cannot be made, or an answer is no value
    for its setting.
    """
    if not is_unicode(root):
        raise ConfigError(
            Message("the path %(root)s is not Unicode", root=root),
            "Name a folder in UTF-8; nothing was changed.",
        )
    starter = files("newsletter") / "starter"
    texts = dict(_texts(starter / catalog_of(language)))
    texts[FILE] = _filled(texts[FILE], language, answers)
    try:
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise ConfigError(
                Message("%(root)s is not empty", root=root), "Name a new folder; nothing was changed."
            )
    except OSError as error:
        raise ConfigError(
            Message("%(root)s cannot be made: %(strerror)s", root=root, strerror=error.strerror),
            "Name another folder.",
        ) from None
    write(root, ".gitignore", (starter / "gitignore").read_text(encoding="utf-8"))
    later = (_ITEMS,) if samples and not answers.sections else (_ITEMS, *_READERS)
    for name, text in texts.items():
        if not name.startswith(later):
            write(root, name, text)
    settings = read_settings(root)
    if not samples:
        return None
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    closing = settings.closing_day(today)
    own = cycle([section.slug for section in settings.sections] if answers.sections else [""])
    for name, text in sorted(texts.items()):
        if name.startswith(_ITEMS):
            item = _in_section(text.replace("$today", today.isoformat()), next(own))
            write(root, f"{folder_of(closing)}/{name}", item)
    compose(root, closing, settings)
    return closing


def _filled(text: str, language: str, answers: Answers) -> str:
    """Put the language and the answers into newsletter.yaml's `text`; its comments stay in place."""
    parser = YAML()
    parser.preserve_quotes = True
    parser.width = 1_000
    parser.indent(mapping=2, sequence=4, offset=2)
    data = parser.load(text.replace("$ways", ", ".join(name for name in TRANSPORTS if name != OUTBOX)))
    data["language"] = language
    if answers.title:
        data["title"] = answers.title
    if answers.publisher:
        data["publisher"] = data["sender"]["name"] = answers.publisher
    if answers.sender:
        data["sender"]["address"] = answers.sender
        del data["sender"]["reply_to"]
    if answers.sections:
        data["sections"].clear()
        data["sections"].extend(_sections(answers.sections))
    if answers.editors:
        first = CommentedMap(address=answers.editors[0], role="operator")  # somebody has to let others in
        first.fa.set_flow_style()
        data["editors"] = CommentedSeq([first, *answers.editors[1:]])
        data["editors"].fa.set_flow_style()
    out = StringIO()
    parser.dump(data, out)
    return out.getvalue()


def _sections(titles: Sequence[str]) -> Iterator[CommentedMap]:
    """Make a section entry for each title, with a slug in Latin letters."""
    taken: set[str] = set()
    for number, title in enumerate(titles, 1):
        name = slug(title, _LONGEST_SLUG) or f"section-{number}"
        if name in taken:
            raise ConfigError(
                Message("the section %(title)r is named twice", title=title),
                "Give each section a title of its own.",
            )
        taken.add(name)
        entry = CommentedMap(slug=name, title=title)
        entry.fa.set_flow_style()
        yield entry


def _in_section(item: str, section: str) -> str:
    """Put a sample item into `section`; an empty one keeps the starter's section."""
    if not section:
        return item
    lines = (f"section: {section}" if line.startswith("section: ") else line for line in item.split("\n"))
    return "\n".join(lines)


def _texts(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts(entry, f"{above}{entry.name}/")
        else:
            yield f"{above}{entry.name}", entry.read_text(encoding="utf-8")
