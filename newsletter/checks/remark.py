"""One doubtful passage of a text, before it is known where in a file it stands."""

import re
from dataclasses import dataclass

from newsletter.checks.codes import CODES
from newsletter.errors import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One doubtful passage: its code, its text, what is wrong, and a hint; `line` is all of its line."""

    code: str
    words: str
    text: str
    hint: str
    line: str = ""

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return CODES[self.code].severity


def around(text: str, found: re.Match[str]) -> str:
    """Return a match with the words on both sides of it, without the marks that end a sentence."""
    before = re.search(r"\S*\s*$", text[max(0, found.start() - 60) : found.start()])
    after = re.match(r"\s*\S*", text[found.end() : found.end() + 60])
    return f"{before[0] if before else ''}{found[0]}{after[0].rstrip('.,;:!?') if after else ''}"
