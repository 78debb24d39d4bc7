"""Names of issues: the closing date, `2025-02-14`; its first letter with a correction is `2025-02-14+1`."""

import re
from dataclasses import dataclass
from datetime import date

LAST = 255
"""The highest number of a letter with a correction: a signed link has one byte for it."""

_CORRECTION = re.compile(r"(\d{4}-\d\d-\d\d)\+([1-9]\d{0,2})")


@dataclass(frozen=True, slots=True)
class CorrectionName:
    """The name of letter `number` with a correction of the issue that closed on `closing`."""

    closing: date
    number: int

    def isoformat(self) -> str:
        """Return the name as text, like `2025-02-14+1`."""
        return f"{self.closing.isoformat()}+{self.number}"

    __str__ = isoformat


IssueName = date | CorrectionName
"""An issue is named by its closing date; `isoformat` gives the name as text."""


def read_name(text: str) -> IssueName:
    """Return the name that `text` is. Raises ValueError."""
    found = _CORRECTION.fullmatch(text)
    if found is None:
        return date.fromisoformat(text)
    if int(found[2]) > LAST:
        raise ValueError(f"{text!r} is not the name of an issue")
    return CorrectionName(date.fromisoformat(found[1]), int(found[2]))


def closing_of(name: IssueName) -> date:
    """Return the closing date of an issue, or of the one that a letter corrects."""
    return name.closing if isinstance(name, CorrectionName) else name
