"""Translations and dates in a reader's language (gettext, Babel)."""

import json
import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from gettext import NullTranslations, c2py
from importlib.resources import files
from typing import cast
from zoneinfo import ZoneInfo

from newsletter.errors import Message, NewsletterError, Problem, presentable
from newsletter.locales import catalog_of, locale
from newsletter.model import Period

_DAYS = {"uk": ("{} – {}", "d MMMM y 'року'"), "en": ("{}–{}", "d MMMM y")}
"""How a month's days are joined, and the whole date, where house style is not CLDR's."""
_SHORT_MONTH = re.compile("(?<!M)MMM(?!M)")
_SPACES = re.compile("[\N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}]")
_NUMBER = re.compile(r"%\((\w+)\)d")
_UNGROUPED = 4  # digits
_ENTRY = re.compile(r'^msgid "(.+)"\n(?:msgid_plural .*\n)?((?:msgstr.*\n)+)', re.MULTILINE)
_FORM = re.compile(r'^msgstr.*? "(.*)"$', re.MULTILINE)
_NAMED = re.compile(r"(?:newsletter [a-z][a-z -]*|\b[Ii]ssue (?:of )?)%\((\w+)\)s")
"""The name of an issue, in a command or after this word: it is written as it is to be typed."""
_MARKS = {"uk": "«»"}
"""The quotation marks of the languages that say messages with a quoted value, %(name)r."""
_PLURALS = re.compile(r"plural=(.*?);?\\n")


_WORDS = (Message, StrEnum, Problem, NewsletterError, date)
"""What is said in a language among the values of a message; any other string is somebody's own."""


class Catalog(NullTranslations):
    """The phrases of a language, from its .po file as `scripts/catalog` leaves it: each text on one line.

    Babel's parser takes fifty times as long, and every command that speaks Ukrainian would wait for it.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        found = _PLURALS.search(text)
        self._form = c2py(found[1] if found else "n != 1")
        self._entries = dict(_ENTRY.findall(text))
        self._forms: dict[str, tuple[str, ...]] = {}

    def _all(self, message: str) -> tuple[str, ...]:
        """Return the forms of a phrase; none if it is not in the catalog. The escapes are those of JSON."""
        if message not in self._forms:
            raw = _FORM.findall(self._entries.get(json.dumps(message, ensure_ascii=False)[1:-1], ""))
            self._forms[message] = tuple(json.loads(f'"{one}"') for one in raw if one)
        return self._forms[message]

    def gettext(self, message: str) -> str:
        """Return the translation of `message`, or `message` itself."""
        return next(iter(self._all(message)), message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the form for the number `n`, or the English one."""
        forms = self._all(msgid1)
        return forms[self._form(n)] if forms else super().ngettext(msgid1, msgid2, n)


class _Quoted(str):
    """A value whose repr stands between the quotation marks of a language."""

    __slots__ = ("marks",)
    marks: str

    def __repr__(self) -> str:
        return f"{self.marks[0]}{super().__repr__()[1:-1]}{self.marks[1]}"


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalog that serves `language`; a phrase it lacks stays English, that one alone.

    The message ids are English, so English itself has no catalog.
    """
    catalog = files("newsletter") / "locale" / catalog_of(language) / "LC_MESSAGES" / "newsletter.po"
    return Catalog(catalog.read_text(encoding="utf-8")) if catalog.is_file() else NullTranslations()


def said(what: object, language: str) -> str:
    """Return a message, a problem, an error, a day or a moment in `language`.

    What its catalog lacks stays English. Days and moments are said as people write them (decision 31).
    """
    if isinstance(what, NewsletterError):
        what = what.message
    if isinstance(what, Problem):
        return _problem(what, language)
    if isinstance(what, date):
        return _date(what, language)
    catalog = translations(language)
    if not isinstance(what, Message):
        return catalog.gettext(what) if isinstance(what, str) else str(what)
    dated = _is_dated(what)
    if not dated and not isinstance(catalog, Catalog):
        return str(what)
    if what.plural:
        text = catalog.ngettext(what.id, what.plural, cast("int", what.values["num"]))
    else:
        text = catalog.gettext(what.id)
    if not what.values:
        return presentable(text)
    named = _NAMED.findall(what.id) if dated else ()
    values = {
        name: str(value) if name in named else _value(value, language) for name, value in what.values.items()
    }
    whole = _NUMBER.sub(r"%(\1)s", text) % values
    return presentable(whole.replace("р..", "р.") if dated else whole)


def _is_dated(what: object) -> bool:
    """Return whether a message says a day or a moment, itself or in a message within it."""
    if isinstance(what, NewsletterError):
        what = what.message
    if isinstance(what, Problem):
        return _is_dated(what.text) or _is_dated(what.hint)
    values = what.values.values() if isinstance(what, Message) else ()
    return any(isinstance(value, date) or _is_dated(value) for value in values)


def _date(when: date, language: str) -> str:
    """Format a day or a moment: «28 листопада 2026 р., 14:05», "28 November 2026, 14:05"."""
    from babel.dates import format_date  # noqa: PLC0415  heavy, and most messages say no day

    day = format_date(when, "d MMMM y" if language == "en" else "long", locale(language))
    time = f", {when:%H:%M}" if isinstance(when, datetime) else ""
    return _SPACES.sub(" ", day) + time


def _problem(problem: Problem, language: str) -> str:
    text, hint = said(problem.text, language), said(problem.hint, language)
    head = f"{problem.at}: {text}" if problem.at else text
    return f"{head}\n  {hint}" if hint else head


def _value(value: object, language: str) -> object:
    """Return the value of a placeholder as `language` writes it: 12 500 and 1,5 in all but English."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        value = said(value, language) if isinstance(value, _WORDS) else value
        return _quoted(value, language) if isinstance(value, str) else value
    if not isinstance(translations(language), Catalog):
        return value
    whole, mark, rest = str(value).partition(".")
    if len(whole.lstrip("-")) > _UNGROUPED:
        whole = f"{int(whole):,}".replace(",", "\N{NO-BREAK SPACE}")
    return f"{whole},{rest}" if mark else whole


def _quoted(text: str, language: str) -> str:
    """Return a text whose %r has the quotation marks of `language`."""
    marks = _MARKS.get(catalog_of(language))
    if not marks:
        return text
    quoted = _Quoted(text)
    quoted.marks = marks
    return quoted


def for_editors(message: str, language: str, **values: object) -> str:
    """Return `message` in the workspace's `language`, and below it in English, as commands print it."""
    written = [
        translations(one).gettext(message) % {name: _value(value, one) for name, value in values.items()}
        for one in (language, "en")
    ]
    return "\n\n".join(dict.fromkeys(written))


def format_period(period: Period, language: str) -> str:
    """Format a period: «8 – 14 лютого 2025 року», "8–14 February 2025"; shared parts are written once."""
    from babel.dates import format_date  # noqa: PLC0415  heavy, and reading an issue does not need it

    start, end = period.start, period.end
    if language not in _DAYS:
        return _interval(start, end, language)
    joined, full = _DAYS[language]
    last = format_date(end, full, language)
    if start == end:
        return last
    if (start.year, start.month) == (end.year, end.month):
        return joined.format(start.day, last)
    first = format_date(start, full if start.year != end.year else "d MMMM", language)
    return f"{first} – {last}"


def format_day(at: str, timezone: str, language: str) -> str:
    """Format the day of a timestamp (2025-02-14T22:30:00Z) in a time zone: «15 лютого 2025 року»."""
    day = datetime.fromisoformat(at).astimezone(ZoneInfo(timezone)).date()
    return format_period(Period(start=day, end=day), language)


def _interval(start: date, end: date, language: str) -> str:
    """Format a period as CLDR does, but with the whole name of the month and plain spaces."""
    from babel.dates import format_date  # noqa: PLC0415  likewise

    own = locale(language)
    differs = "y" if start.year != end.year else "M" if start.month != end.month else "d"
    formats = own.interval_formats
    whole, short = (formats.get(skeleton, {}).get(differs) for skeleton in ("yMMMMd", "yMMMd"))
    pair = whole or [_SHORT_MONTH.sub("MMMM", one) for one in short or ()]
    if start == end:
        written = format_date(start, "long", own)
    elif pair:
        written = format_date(start, pair[0], own) + format_date(end, pair[1], own)
    else:
        written = f"{format_date(start, 'long', own)} – {format_date(end, 'long', own)}"
    return _SPACES.sub(" ", written)
