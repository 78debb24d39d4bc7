"""One kind of finding: its code, how grave it is, what it means, a bad and a good example."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from newsletter.errors import Severity

ERROR, WARNING, ADVICE = Severity.ERROR, Severity.WARNING, Severity.ADVICE


class Part(StrEnum):
    """What an example is a piece of."""

    TEXT = "the text of an item"
    TITLE = "the title of an item"
    HEAD = "the front matter of an item"
    ITEM = "an item's file"
    ISSUE = "issue.yaml"
    FILES = "files of an issue"
    HTML = "the HTML of an edition"
    PARTS = "the HTML and the text of an edition"
    SIZE = "the bytes of an edition"
    SPELLING = "the text of an item, where the system has a dictionary"
    ANSWER = "what a link answers"
    THEME = "a block of the theme"
    COLUMN = "a column of the theme"


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding.

    The bad example gives this finding and no other, the good one gives none. An example of several files has
    them by name, one of both parts of an edition has them as `html` and `text`.
    """

    code: str
    severity: Severity
    says: str
    bad: str | Mapping[str, str]
    good: str | Mapping[str, str]
    part: Part = Part.TEXT
    mendable: bool = False
    """Whether `check --fix` can mend it."""
