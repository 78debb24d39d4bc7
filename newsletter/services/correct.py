"""Correct an item after its issue was sent: in the archive at once, and by a letter to those who have it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from newsletter.checks.findings import findings
from newsletter.checks.lines import lines_under
from newsletter.compose.issuefile import folder_of, read_folder
from newsletter.compose.pictures import with_images
from newsletter.errors import ContentError, Message, Problem, Severity, StateError
from newsletter.i18n import format_day, translations
from newsletter.model import Block, Issue, Item, ItemKind, Rendered, anchor_of
from newsletter.registry import OUTBOX
from newsletter.render.characters import one_line
from newsletter.render.edition import Editions
from newsletter.sending.corrections import Change, Letter, Signed, content_of, freeze_letter
from newsletter.sending.corrections import correct as store
from newsletter.sending.publication import public_item
from newsletter.services.changes import PartChange, between
from newsletter.store import contents, corrections, issues
from newsletter.store.corrections import Version
from newsletter.store.db import reading, timestamp
from newsletter.yamlfile import nearest

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.store.contents import Content
    from newsletter.store.corrections import Correction
    from newsletter.store.issues import Frozen

_LONGEST = 500
"""Characters of a reason."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~-])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A correction before it is made: the changed words, and who has the item as it was.

    `waiting` readers will still get it so with the issue's message. `made` are the corrections before.
    """

    change: Change
    content: "Content"
    parts: tuple[PartChange, ...]
    had: int
    waiting: int
    made: tuple["Correction", ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to correct."""
        return self.change.before != self.change.after or self.change.withdrawn

    @property
    def title(self) -> str:
        """The item's title as readers know it."""
        return self.change.before.title


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An item of a sent issue: its section's title, whether its file says something else than was sent.

    `changed` is None where the file is missing or faulty. `made` are its corrections, the oldest first.
    """

    id: str
    title: str
    section: str
    changed: bool | None
    withdrawn: bool
    made: tuple["Correction", ...]


def overview(workspace: "Workspace", closing: date) -> list[State]:
    """Return the items of a sent issue in its order. Raises StateError when it was not sent."""
    name = closing.isoformat()
    with reading(workspace.readable) as connection:
        content = content_of(connection, issues.find(connection, name), name)
        made = corrections.of_issue(connection, name)
    folder = read_folder(workspace.root, closing, workspace.settings)
    items, _ = with_images(workspace.root, folder_of(closing), folder.items)
    return [
        State(
            id=item.id,
            title=item.title,
            section=block.section.title,
            changed=_mended(item, found) != item if (found := items.get(item.id)) else None,
            withdrawn=item.id in content.withdrawn,
            made=tuple(one for one in made if one.anchor == anchor_of(item.id)),
        )
        for block in content.issue.blocks
        for item in block.items
    ]


def examine(workspace: "Workspace", closing: date, item: str, *, withdraw: bool = False) -> Draft:
    """Compare an item's file with what was sent; with `withdraw` the item is to be taken back.

    Raises StateError when the issue was not sent, ContentError when it has no such item, or when the item's
    file cannot be read.
    """
    name = closing.isoformat()
    with reading(workspace.readable) as connection:
        content = content_of(connection, issues.find(connection, name), name)
        made = corrections.of_issue(connection, name)
        found = content.find(item)
        if found is None:
            known = [one.id for block in content.issue.blocks for one in block.items]
            raise ContentError(
                Message("issue %(name)s has no item %(item)r", name=name, item=item), nearest(item, known)
            )
        block, before = found
        version = Version(name, contents.place_of(content.issue, item), len(made) + 1)
        had, waiting = corrections.count_had(connection, version)
    if item in content.withdrawn:
        withdraw, after = False, before
    else:
        after = _withdrawn(before) if withdraw else _corrected(workspace, closing, before)
    old, new = (
        replace(public_item(content.issue, block.section, one), text=one.text) for one in (before, after)
    )
    return Draft(
        change=Change(name=name, before=before, after=after, withdrawn=withdraw),
        content=content,
        parts=between(old, new),
        had=had,
        waiting=waiting,
        made=tuple(one for one in made if one.anchor == anchor_of(item)),
    )


def correct(workspace: "Workspace", draft: Draft, *, by: str, reason: str) -> "Correction":
    """Make a correction: the archive, its feeds and newcomers have it at once.

    Raises ContentError with the errors of the corrected item, and StateError when there is nothing to correct
    or somebody else corrected the item meanwhile.
    """
    if draft.change.after.id in draft.content.withdrawn:
        raise StateError(
            Message("%(title)r was withdrawn already", title=draft.title),
            "The archive shows its title and the note alone.",
        )
    if not draft.changed:
        path = f"{folder_of(date.fromisoformat(draft.change.name))}/items/{draft.change.after.id}.md"
        raise StateError(
            "the item's file says what was sent",
            Message("Change it, then correct it again: %(path)s", path=path),
        )
    signed = Signed(by=one_line(by), at=workspace.now(), reason=_reason(reason))
    change = draft.change
    told = _Told(item=change.after, withdrawn=change.withdrawn, reason=signed.reason, at=timestamp(signed.at))
    _rendered(workspace, draft.content, told)
    return store(workspace.database, change, signed)


def letter(workspace: "Workspace", closing: date, item: str, *, by: str) -> "Frozen":
    """Approve the letter about the last correction of an item; sending it is the same as for an issue.

    Raises StateError when the item was not corrected, when a letter has told of it, when readers are still to
    get the item as it was, and when nobody has it.
    """
    name = closing.isoformat()
    with reading(workspace.database) as connection:
        content = content_of(connection, issues.find(connection, name), name)
        made = [one for one in corrections.of_issue(connection, name) if one.anchor == anchor_of(item)]
    found = content.find(item)
    if found is None or not made:
        raise StateError(Message("item %(item)r has not been corrected", item=item), "Change its file first.")
    last = made[-1]
    told = _Told(item=found[1], withdrawn=item in content.withdrawn, reason=last.reason, at=last.at)
    page, section = _rendered(workspace, content, told)
    return freeze_letter(
        workspace.database,
        name,
        Letter(item=found[1], page=page, section=section, envelope=workspace.settings.envelope),
        Signed(by=one_line(by), at=workspace.now(), reason=last.reason),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a letter tells: the item as it is now, and why and when it was corrected or taken back."""

    item: Item
    withdrawn: bool
    reason: str
    at: str


def _corrected(workspace: "Workspace", closing: date, before: Item) -> Item:
    """Return the item with what its file says now; readers and section stay those of the sending."""
    folder = read_folder(workspace.root, closing, workspace.settings)
    path = f"{folder_of(closing)}/items/{before.id}.md"
    if before.id not in folder.items:
        raise ContentError(
            Message("%(path)s is not there", path=path), "Restore the file; or take the item back: --withdraw"
        )
    items, faults = with_images(workspace.root, folder_of(closing), {before.id: folder.items[before.id]})
    wrong = [one for one in (*folder.problems, *faults) if one.at and one.at.path == path]
    found = items[before.id]
    if found is None or (errors := _errors(wrong)):
        raise ContentError(errors if found else wrong)
    return _mended(before, found)


def _mended(before: Item, found: Item) -> Item:
    """Return the item as sent, with what may be corrected as its file has it."""
    return replace(
        before,
        title=found.title,
        text=found.text,
        link=found.link,
        kind=found.kind,
        event=found.event,
        picture=found.picture,
    )


def _withdrawn(before: Item) -> Item:
    return replace(before, text="", link=None, event=None, picture=None, kind=ItemKind.NEWS)


def _reason(given: str) -> str:
    reason = one_line(given)
    if not reason or len(reason) > _LONGEST:
        raise ContentError(
            Message(
                "a reason has 1 to %(longest)s characters; this one has %(count)s",
                longest=_LONGEST,
                count=len(reason),
            ),
            "Say in a sentence what was wrong: readers see it beside the item.",
        )
    return reason


def _rendered(workspace: "Workspace", content: "Content", told: _Told) -> tuple[Rendered, str]:
    """Render and check the letter; return it, and the section of its item. Raises ContentError."""
    issue = _letter_issue(workspace, content, told)
    edition = Editions(issue).whole()
    if edition is None:
        raise ContentError("the letter would be empty")
    rendered, problems = findings(
        issue, (), [edition], workspace.renderer, workspace.settings, locate=lines_under(workspace.root)
    )
    errors = _errors(problems)
    if not rendered or (errors and workspace.settings.transport != OUTBOX):
        raise ContentError(errors)
    return rendered[0], edition.sections[0]


def _letter_issue(workspace: "Workspace", content: "Content", told: _Told) -> Issue:
    """Return the letter as an issue of one item, whose intro says what was corrected, when and why."""
    settings = workspace.settings
    say = translations(settings.language).gettext
    found = content.find(told.item.id)
    block = found[0] if found else content.issue.blocks[0]
    note = say("Withdrawn on %(date)s:") if told.withdrawn else say("Corrected on %(date)s:")
    subject = say("Withdrawn: %(title)s") if told.withdrawn else say("Correction: %(title)s")
    received = say("You received this item in “%(subject)s”.") % {"subject": content.issue.subject}
    day = format_day(told.at, settings.timezone, settings.language)
    item = replace(told.item, sections=(block.section.slug,), only_for=None, lead=False)
    return Issue(
        period=content.issue.period,
        subject=subject % {"title": told.item.title},
        preheader=told.reason,
        intro=f"**{note % {'date': day}}** {_escaped(told.reason)}\n\n{_escaped(received)}",
        language=settings.language,
        blocks=(Block(section=block.section, items=(item,)),),
        at=content.issue.at,
    )


def _errors(problems: Sequence[Problem]) -> list[Problem]:
    return [one for one in problems if one.severity is Severity.ERROR]


def _escaped(words: str) -> str:
    """Return `words` as Markdown that says exactly them."""
    return _MARKDOWN.sub(r"\\\1", words)
