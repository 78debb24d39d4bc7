"""Load an Issue from issue.yaml and the item files beside it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from newsletter import model
from newsletter.compose.item import parse_item
from newsletter.compose.pictures import with_images
from newsletter.compose.words import Day, OneLine, is_line
from newsletter.config import Settings
from newsletter.config.parts import ClosingCall, SectionEntry
from newsletter.errors import ContentError, Message, Place, Problem
from newsletter.model import Block, Issue, Item, Period, Section, anchor_of
from newsletter.yamlfile import Document, load_again, nearest, validate

FOLDER = "issues"


def folder_of(closing: date) -> str:
    """Return the path of the issue's folder, relative to the workspace."""
    return f"{FOLDER}/{closing.isoformat()}"


def path_of(closing: date) -> str:
    """Return the path of the issue's issue.yaml, relative to the workspace."""
    return f"{folder_of(closing)}/issue.yaml"


def closings(root: Path) -> list[date]:
    """Return the closing dates of the issues that have a folder, the newest first."""
    names = (path.name for path in (root / FOLDER).glob("*-*-*") if path.is_dir())
    return sorted((closing for name in names if (closing := _closing(name))), reverse=True)


def newest_issue(root: Path) -> date:
    """Return the latest closing date among the folders of issues. Raises ContentError when there is none."""
    newest = next(iter(closings(root)), None)
    if newest is None:
        raise ContentError("there is no issue yet", "Import a digest: newsletter import FILE")
    return newest


class _Days(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Day
    end: Day


class IssueFile(BaseModel):
    """The content of issue.yaml; defaults come from newsletter.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: _Days | None = None
    subject: OneLine = ""
    preheader: OneLine = ""
    intro: str = ""
    closing: ClosingCall | None = None
    sections: tuple[SectionEntry, ...] = ()
    order: dict[str, tuple[str, ...] | None] | None = None

    @property
    def ids(self) -> dict[str, tuple[str, ...]]:
        """The items listed under each section, in order."""
        return {slug: listed or () for slug, listed in (self.order or {}).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The parsed files of an issue: issue.yaml, the items (None for a faulty one), and all problems.

    `texts` are the files' texts by path.
    """

    closing: date
    file: IssueFile
    document: Document
    sections: Mapping[str, Section]
    period: Period
    items: Mapping[str, Item | None]
    texts: Mapping[str, str]
    problems: Sequence[Problem]

    @property
    def at(self) -> Place:
        """Where issue.yaml is."""
        return Place(path_of(self.closing))


def load_issue(root: Path, closing: date, settings: Settings) -> tuple[Issue, list[Problem]]:
    """Load the issue with the closing date `closing`, without faulty items, and return its problems.

    Raises ContentError when issue.yaml is missing or unreadable.
    """
    if not (root / path_of(closing)).is_file():
        raise ContentError(
            Message("%(path)s is not there", path=path_of(closing)),
            Message("Compose the issue: newsletter compose %(closing)s", closing=closing),
        )
    return issue_of(root, read_folder(root, closing, settings), settings)


def issue_of(root: Path, folder: Folder, settings: Settings) -> tuple[Issue, list[Problem]]:
    """Return the issue that the files in `folder` are, without faulty items, and its problems."""
    items, faults = with_images(root, folder_of(folder.closing), folder.items)
    blocks, problems = _blocks(replace(folder, items=items))
    call = folder.file.closing if "closing" in folder.file.model_fields_set else settings.closing
    issue = Issue(
        period=folder.period,
        subject=folder.file.subject,
        preheader=folder.file.preheader,
        intro=folder.file.intro,
        call=model.ClosingCall(text=call.text, hashtag=call.hashtag) if call else None,
        language=settings.language,
        blocks=tuple(blocks),
        at=folder.at,
    )
    return issue, [*folder.problems, *faults, *problems]


def read_folder(root: Path, closing: date, settings: Settings) -> Folder:
    """Read the files of an issue; a missing issue.yaml counts as empty.

    Raises ContentError when issue.yaml is unreadable.
    """
    texts = {path_of(closing): read_text(root, path_of(closing))}
    document = load_again(texts[path_of(closing)], path_of(closing))
    file, problems = _validated(document)
    declared = [
        *settings.model_sections,
        *(entry.section for entry in file.sections),
    ]
    sections: dict[str, Section] = {}
    for section in declared:
        sections.setdefault(section.slug, section)
    period, wrong = _period(file, document, closing, settings)
    items, faults = _items(root, closing, sections, settings, texts)
    return Folder(
        closing=closing,
        file=file,
        document=document,
        sections=sections,
        period=period,
        items=items,
        texts=texts,
        problems=[*problems, *wrong, *faults],
    )


def read_text(root: Path, name: str) -> str:
    """Return the text of a file of the workspace, empty if it does not exist. Raises ContentError."""
    cause: str
    try:
        return (root / name).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        cause, cure = (
            Message("the file cannot be read: %(why)s", why=error.strerror),
            "Check its name and rights.",
        )
    except UnicodeDecodeError:
        cause, cure = "the file is not UTF-8 text", "Save it as UTF-8."
    raise ContentError(Problem.error(cause, Place(name), cure, code="file-unreadable"))


def _validated(document: Document) -> tuple[IssueFile, list[Problem]]:
    """Validate each key by itself and keep the valid ones. Raises ContentError if it is not a mapping."""
    file, problems = validate(IssueFile, document)
    if file is not None:
        return file, problems
    if not isinstance(document.data, Mapping):
        raise ContentError(problems)
    sound = {
        key: value
        for key, value in document.data.items()
        if key in IssueFile.model_fields
        and validate(IssueFile, Document(data={key: value}, name=document.name, lines={}))[0]
    }
    return IssueFile.model_validate(sound), problems


def _period(
    file: IssueFile, document: Document, closing: date, settings: Settings
) -> tuple[Period, list[Problem]]:
    if file.period is None:
        return settings.period(closing), []
    if file.period.end == closing and file.period.start <= closing:
        return Period(start=file.period.start, end=closing), []
    return settings.period(closing), [
        Problem.error(
            Message(
                "the period %(start)s to %(end)s does not close on %(closing)s",
                start=file.period.start,
                end=file.period.end,
                closing=closing,
            ),
            document.place(("period",)),
            "Correct it, or rename the issue's folder: its name is the closing date.",
            code="period-end",
        )
    ]


def _items(
    root: Path,
    closing: date,
    sections: Mapping[str, Section],
    settings: Settings,
    texts: dict[str, str],
) -> tuple[dict[str, Item | None], list[Problem]]:
    """Return the items by id, and what is wrong with them; the text of each goes into `texts`."""
    items: dict[str, Item | None] = {}
    problems: list[Problem] = []
    addresses: dict[str, str] = {}
    for path in sorted((root / folder_of(closing) / "items").glob("*.md")):
        name = f"{folder_of(closing)}/items/{path.name}"
        if wrong := _unusable(path.stem, name, addresses):
            items[path.stem] = None
            problems.append(wrong)
            continue
        try:
            text = read_text(root, name)
        except ContentError as error:
            items[path.stem] = None
            problems += error.problems
        else:
            texts[name] = text
            items[path.stem], faults = _parsed(
                text, name, tuple(sections), tuple(settings.fields), settings.timezone
            )
            problems += faults
    return items, problems


@lru_cache(maxsize=500)
def _parsed(
    text: str, name: str, sections: tuple[str, ...], fields: tuple[str, ...], timezone: str
) -> tuple[Item | None, tuple[Problem, ...]]:
    """Parse an item file; a text that was parsed before is not parsed again."""
    item, problems = parse_item(text, name, sections=sections, fields=fields, timezone=timezone)
    return item, tuple(problems)


def _unusable(id_: str, path: str, addresses: dict[str, str]) -> Problem | None:
    """Return a problem if an item's file name cannot be its id in issue.yaml and in addresses.

    `addresses` has the first file name of each address, and is added to.
    """
    if not is_line(id_):
        return Problem.error(
            "the file's name holds a line break, a control character or a letter that is not Unicode",
            Place(path),
            "Rename the file.",
            code="file-name",
        )
    if (twin := addresses.setdefault(anchor_of(id_), id_)) != id_:
        return Problem.error(
            Message("the file's name has the same address as %(twin)r: blanks become hyphens", twin=twin),
            Place(path),
            "Rename one of the two files.",
            code="file-name",
        )
    return None


def _blocks(folder: Folder) -> tuple[list[Block], list[Problem]]:
    """Arrange the items by `order`; return a problem for each entry that cannot be shown there."""
    problems: list[Problem] = []
    blocks = []
    seen: set[str] = set()
    for slug, listed in folder.file.ids.items():
        shown = []
        for index, name in enumerate(listed):
            at = folder.document.place(("order", slug, index))
            if wrong := _misplaced(folder, slug, name, at, seen):
                problems.append(wrong)
            elif item := folder.items[name]:
                shown.append(item)
            seen.add(name)
        if shown:
            blocks.append(Block(section=folder.sections[slug], items=tuple(shown)))
    forgotten = [item for name, item in folder.items.items() if item and name not in seen]
    problems += (
        Problem.warning(
            "the item is not in issue.yaml",
            item.at,
            Message("Add it: newsletter compose %(closing)s", closing=folder.closing),
            code="item-unlisted",
        )
        for item in forgotten
        if item.date is None or item.date in folder.period
    )
    return blocks, problems


def _misplaced(folder: Folder, slug: str, name: str, at: Place, seen: Collection[str]) -> Problem | None:
    """Return a problem if the item `name`, listed at `at` under `slug`, cannot be shown there."""
    if slug not in folder.sections:
        return Problem.error(
            Message("unknown section %(slug)r in order", slug=slug),
            at,
            nearest(slug, folder.sections),
            code="section-unknown",
        )
    if name not in folder.items:
        return Problem.warning(
            Message("the item %(name)r has no file", name=name),
            at,
            nearest(name, folder.items) or "Remove the line.",
            code="item-missing",
        )
    if name in seen:
        return Problem.warning(
            Message("the item %(name)r stands here a second time", name=name),
            at,
            "It is shown where it stands first.",
            code="item-twice",
        )
    item = folder.items[name]
    if item and slug not in item.sections:
        return Problem.error(
            Message("the item %(name)r is not of the section %(slug)r", name=name, slug=slug),
            at,
            Message(
                "Move the line to %(sections)s, or write in the item: section: [%(slug)s, …].",
                sections=" / ".join(item.sections),
                slug=slug,
            ),
            code="item-elsewhere",
        )
    return None


def _closing(name: str) -> date | None:
    try:
        closing = date.fromisoformat(name)
    except ValueError:
        return None
    return closing if closing.isoformat() == name else None
