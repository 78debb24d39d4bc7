"""The program's errors, each with a message and a hint that a user can act on.

NewsletterError
├── ConfigError           newsletter.yaml, the environment, an argument      exit 2
├── ContentError          items, issue.yaml, lists, segments                 exit 1
├── RenderError           a theme or an edition that cannot become a mail    exit 1
├── StoreError            the database                                       exit 2
│   └── StoreConflict     concurrent transactions were in each other's way   exit 2
├── TransportUnavailable  nothing can be sent now: host, login, certificate  exit 2
├── StateError            the issue is not in a state for this command       exit 1
└── LinkInvalid           a signed link that does not verify                 a page
"""

import re
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

_LONGEST_VALUE = 80
_LONGEST_TEXT = 2000
_VALUE = re.compile("|".join(f"{a}[^{b}]{{{_LONGEST_VALUE + 1},}}{b}" for a, b in ("''", '""', "«»")))
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_RUN = re.compile(rf"\S{{{4 * _LONGEST_VALUE + 1},}}")


def brief(text: str) -> str:
    """Return a message with quoted values cut to 80 characters, so that input is not echoed in full."""
    if len(text) <= _LONGEST_VALUE:
        return text
    text = _VALUE.sub(lambda found: f"{found[0][: _LONGEST_VALUE + 1]}…{found[0][-1]}", text)
    text = _RUN.sub(lambda found: f"{found[0][:_LONGEST_VALUE]}…", text)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def visible(text: str) -> str:
    """Return a message with control characters and lone surrogates as escapes, for terminals and pages."""
    shown = _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)
    return text.shown(shown) if isinstance(text, Message) else shown


class Message(str):
    """English words that can be said in other languages: a catalog's id, and values for its placeholders.

    It is the English text itself; `newsletter.i18n.said` translates it. A value may be a Message, a Problem
    or an error too.
    """

    __slots__ = ("id", "plural", "values")
    id: str
    plural: str
    values: Mapping[str, object]

    def __new__(cls, message: str, /, **values: object) -> Self:
        """Return `message` with `values` in its placeholders, like `%(count)s`."""
        made = super().__new__(cls, message % values if values else message)
        made.id, made.plural, made.values = message, "", values
        return made

    def shown(self, text: str) -> Self:
        """Return the same message with its English shown as `text`, such as with shortened values."""
        made = super().__new__(type(self), text)
        made.id, made.plural, made.values = self.id, self.plural, self.values
        return made

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to make it again, for copies and other processes."""
        return again, (str(self), self.id, self.plural, dict(self.values))


def again(text: str, message: str, plural: str, values: Mapping[str, object]) -> Message:
    """Return a message that was taken apart: its English, its id and plural, its values."""
    made = Message(text)
    made.id, made.plural, made.values = message, plural, values
    return made


def counted(one: str, many: str, num: int, /, **values: object) -> Message:
    """Return a message that depends on a number: `counted("%(num)d item", "%(num)d items", 3)`."""
    values["num"] = num
    return again((one if num == 1 else many) % values, one, many, values)


def presentable(text: str) -> str:
    """Return a text that is safe to show, whatever it quotes: nothing unseen, and no long values."""
    text = visible(text)
    return text.shown(brief(text)) if isinstance(text, Message) else brief(text)


def _message(text: str) -> Message:
    """Return words as a message: a literal is its own id."""
    return text if isinstance(text, Message) else Message(text)


class Severity(StrEnum):
    """The severity of a problem: an error forbids approval, a warning does not, advice may be left unread."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"

    @property
    def rank(self) -> int:
        """The place in an order that begins with the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file, its path relative to the workspace; line 0 means the whole file."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem in a file or setting: `at: text`, and a hint that says what to do.

    `code` is its stable name, if it is a finding of `check`: newsletter/checks/codes lists all of them.
    """

    severity: Severity
    text: str
    at: Place | None = None
    hint: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        """Make the text safe to show, whatever it quotes."""
        object.__setattr__(self, "text", presentable(_message(self.text)))
        object.__setattr__(self, "hint", presentable(_message(self.hint)))
        if self.at:
            object.__setattr__(self, "at", Place(visible(self.at.path), self.at.line))

    @classmethod
    def error(cls, text: str, at: Place | None = None, hint: str = "", *, code: str = "") -> "Problem":
        """Return a problem that forbids approval."""
        return cls(severity=Severity.ERROR, text=text, at=at, hint=hint, code=code)

    @classmethod
    def warning(cls, text: str, at: Place | None = None, hint: str = "", *, code: str = "") -> "Problem":
        """Return a problem that is only shown."""
        return cls(severity=Severity.WARNING, text=text, at=at, hint=hint, code=code)

    def __str__(self) -> str:
        head = f"{self.at}: {self.text}" if self.at else self.text
        return f"{head}\n  {self.hint}" if self.hint else head


def as_data(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems as data for JSON."""
    return [
        {
            "severity": problem.severity,
            "code": problem.code or None,
            "path": problem.at.path if problem.at else None,
            "line": (problem.at.line or None) if problem.at else None,
            "text": problem.text,
            "hint": problem.hint,
        }
        for problem in problems
    ]


class NewsletterError(Exception):
    """The base class: a message of one sentence, and a hint that says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = visible(_message(message))
        self.hint = visible(_message(hint))
        super().__init__(self.message)


class _ProblemsError(NewsletterError):
    def __init__(self, problems: Sequence[Problem] | Problem | str, hint: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem.error(problems, hint=hint)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(joined(self.problems, "\n"))


def joined(parts: Sequence[object], between: str) -> Message:
    """Return messages, problems or errors as one message."""
    values = {f"p{number}": part for number, part in enumerate(parts)}
    return Message(between.join(f"%({name})s" for name in values), **values)


class ConfigError(_ProblemsError):
    """newsletter.yaml, the environment or an argument is wrong; lists every problem at once."""


class ContentError(_ProblemsError):
    """Content cannot be used as it is; lists every problem at once."""


class RenderError(NewsletterError):
    """A theme or an edition cannot be rendered as a mail."""

    def __init__(self, message: str, hint: str = "", at: Place | None = None) -> None:
        super().__init__(Message("%(at)s: %(message)s", at=at, message=message) if at else message, hint)
        self.at = at


class StoreError(NewsletterError):
    """The database cannot be opened, is locked, has a newer schema, or is not the one last sent from here."""


class StoreConflict(StoreError):  # noqa: N818  the condition is the name
    """A deadlock or serialization failure: the database rolled back this transaction; it can be retried."""


class TransportUnavailable(NewsletterError):  # noqa: N818  the condition is the name
    """Nothing can be sent now: host, login, certificate or settings."""


class StateError(NewsletterError):
    """The issue is not in a state that allows this command."""


class LinkInvalid(NewsletterError):  # noqa: N818  the condition is the name
    """A signed link does not verify; unknown and expired links look alike."""


def log_text(error: BaseException) -> str:
    """Return an error's text for the log: our own message, else its type and place, never the data in it."""
    if isinstance(error, NewsletterError):
        return f"{error}. {error.hint}".rstrip(". ")
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip()
