"""Editorial checks of an issue before it is sent: wording, links, dates, repetition."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from newsletter.checks.across import across
from newsletter.checks.codes import finding
from newsletter.checks.dates import dates
from newsletter.checks.emphasis import half_bold, uneven_names
from newsletter.checks.kinds import kinds
from newsletter.checks.lines import Lines, Locate, as_given, key, line_of
from newsletter.checks.remark import Remark
from newsletter.checks.style import style
from newsletter.checks.titles import titles
from newsletter.checks.unrendered import typed_in_title, unrendered
from newsletter.checks.wording import doubtful_link, leftovers, links_in, typed_marks
from newsletter.compose.period import parse_period
from newsletter.config import Settings
from newsletter.errors import Message, Place, Problem
from newsletter.model import Issue, Item, Period
from newsletter.render.plaintext import words as spoken

SUBJECT = 78
"""Most characters of a subject; every mail program cuts longer ones."""
PREHEADER = (30, 110)
"""Least and most characters of a preheader: below, other text fills the inbox row; above, it is cut."""
_TELLING = 20
"""Characters of a subject from which a preheader that begins with it says nothing new."""
TITLE = 120
"""Most characters of an item's title."""


def editorial(issue: Issue, settings: Settings, locate: Locate = as_given) -> list[Problem]:
    """Return the problems of `issue` and of each of its items, each with its line."""
    items = [item for block in issue.blocks for item in block.items]
    return [
        *_envelope(issue, settings.language, locate),
        *_typed_periods(issue, items, locate),
        *_unknown_sections(issue, settings, locate),
        *(problem for item in items for problem in _alone(item, issue.period, settings.language, locate)),
        *across(items, locate),
        *(problem for item, remark in uneven_names(items) for problem in _remarks([remark], item.at, locate)),
    ]


def _remarks(remarks: Iterable[Remark], at: Place, locate: Locate) -> Iterator[Problem]:
    for remark in remarks:
        found = locate(at, remark.line) if remark.line else at
        if found == at:
            found = locate(at, remark.words)
        yield finding(remark.code, remark.text, found, remark.hint)


def _envelope(issue: Issue, language: str, locate: Locate) -> Iterator[Problem]:
    yield from _subject(issue, locate)
    yield from _preheader(issue, locate)
    call = issue.call.text if issue.call else ""
    for words in (issue.subject, issue.preheader, issue.intro, call):
        yield from _remarks(leftovers(words), issue.at, locate)
        yield from _remarks(typed_marks(spoken(words), language), issue.at, locate)
    yield from _remarks(links_in(issue.intro), issue.at, locate)
    yield from _remarks(unrendered(issue.intro), issue.at, locate)


def _subject(issue: Issue, locate: Locate) -> Iterator[Problem]:
    subject = issue.subject.strip()
    at = locate(issue.at, key("subject"))
    if not subject:
        yield finding(
            "subject-empty", "the subject is empty", at, "Say in a few words what this week brings."
        )
    if len(subject) > SUBJECT:
        yield finding(
            "subject-long",
            Message("the subject has %(count)s characters", count=len(subject)),
            at,
            Message(
                "Keep it within %(most)s, the important words first: phones show about 40.", most=SUBJECT
            ),
        )
    if re.match(r"(?:re|fwd?|відп)\s*:", subject, re.IGNORECASE):
        yield finding(
            "subject-reply",
            "the subject pretends to be a reply",
            at,
            "Remove Re: or Fwd:, which filters treat as fraud.",
        )
    if subject.isupper() and len(subject.split()) > 1:
        yield finding(
            "subject-capitals",
            "the subject is all capitals",
            at,
            "Write it as a sentence: filters distrust it.",
        )


def _preheader(issue: Issue, locate: Locate) -> Iterator[Problem]:
    subject, preheader = issue.subject.strip(), issue.preheader.strip()
    if len(subject) >= _TELLING and _plain(preheader).startswith(_plain(subject)):
        yield finding(
            "preheader-repeats",
            "the preheader begins with the subject",
            locate(issue.at, key("preheader")),
            "They stand beside each other in the inbox: say in it what the subject has no room for.",
        )
    shortest, longest = PREHEADER
    if not shortest <= len(preheader) <= longest:
        yield finding(
            "preheader-length",
            Message("the preheader has %(count)s characters", count=len(preheader)),
            locate(issue.at, key("preheader")),
            Message(
                "Between %(shortest)s and %(longest)s it fills the inbox row and is not cut.",
                shortest=shortest,
                longest=longest,
            ),
        )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(" .…")


def _typed_periods(issue: Issue, items: Iterable[Item], locate: Locate) -> Iterator[Problem]:
    """Find periods left from last week or mistyped; a subject may name no period but the issue's."""
    hint = Message(
        "This issue covers %(start)s to %(end)s: correct the words or the period.",
        start=issue.period.start,
        end=issue.period.end,
    )
    text = "this period is not the issue's: %(words)r"
    for line, strict in ((issue.subject, True), *((line, False) for line in _lines(issue))):
        typed = parse_period(line)
        if typed and typed != issue.period and (strict or _means_the_week(typed, issue.period)):
            at = locate(issue.at, key("subject") if strict else line)
            yield finding("period-wrong", Message(text, words=line.strip()), at, hint)
    for item in items:
        typed = parse_period(item.title)
        if typed and typed != issue.period and _means_the_week(typed, issue.period):
            at = locate(item.at, item.title)
            yield finding("period-in-title", Message(text, words=item.title), at, hint)


def _lines(issue: Issue) -> list[str]:
    return [*issue.preheader.splitlines(), *issue.intro.splitlines()]


def _means_the_week(typed: Period, period: Period) -> bool:
    """Return whether `typed` is a mistyped week, not an event: same length as `period`, or one equal end."""
    same_length = typed.end - typed.start == period.end - period.start
    return same_length or typed.start == period.start or typed.end == period.end


def _unknown_sections(issue: Issue, settings: Settings, locate: Locate) -> Iterator[Problem]:
    """Find sections declared only in issue.yaml; undeclared ones were refused when the issue was read."""
    declared = {section.slug for section in settings.sections}
    for block in issue.blocks:
        slug, title = block.section.slug, block.section.title
        if slug not in declared:
            yield finding(
                "section-undeclared",
                Message("the section %(slug)r is not in newsletter.yaml, so nobody can choose it", slug=slug),
                locate(issue.at, slug),
                Message(
                    "Add it there under `sections:`  - {slug: %(slug)s, title: %(title)s}",
                    slug=slug,
                    title=title,
                ),
            )


def _alone(item: Item, period: Period, language: str, locate: Locate) -> Iterable[Problem]:
    """Return the problems of one item; those of an item and a file that have not changed are remembered."""
    if isinstance(locate, Lines):
        return _remembered(item, period, language, locate.text(item.at.path))
    return _item(item, period, language, locate)


@lru_cache(maxsize=500)
def _remembered(item: Item, period: Period, language: str, text: str) -> tuple[Problem, ...]:
    return tuple(_item(item, period, language, partial(line_of, text)))


def _item(item: Item, period: Period, language: str, locate: Locate) -> Iterator[Problem]:
    title_at = locate(item.at, key("title"))
    if len(item.title) > TITLE:
        yield finding(
            "title-long",
            Message("the title has %(count)s characters", count=len(item.title)),
            title_at,
            Message("Keep it within %(most)s; the rest belongs in the text.", most=TITLE),
        )
    if item.date and item.date not in period:
        yield finding(
            "date-outside",
            Message(
                "dated %(date)s, outside the issue's %(start)s to %(end)s",
                date=item.date,
                start=period.start,
                end=period.end,
            ),
            locate(item.at, key("date")),
            "Correct the date, or move the item to its own week.",
        )
    yield from kinds(item, period, locate)
    if item.link is None and not item.event:
        hint = "Add `link: https://…` for the page with the whole story; without one the title leads nowhere."
        yield finding("link-missing", "no link", locate(item.at, key("link")), hint)
    elif item.link and (remark := doubtful_link(item.link)):
        yield from _remarks([remark], item.at, locate)
    for words in (item.title, item.text):
        yield from _remarks(leftovers(words), item.at, locate)
    said = spoken(item.text)
    for words in (item.title, said):
        yield from _remarks(typed_marks(words, language), item.at, locate)
        if language.startswith("uk"):
            yield from _remarks(dates(words, period), item.at, locate)
    if language.startswith("uk"):
        yield from _remarks(style(said), item.at, locate)
    yield from _remarks(titles(item, said), item.at, locate)
    yield from _remarks(half_bold(item.text), item.at, locate)
    yield from _remarks(links_in(item.text), item.at, locate)
    yield from _remarks(typed_in_title(item.title), item.at, locate)
    yield from _remarks(unrendered(item.text), item.at, locate)
