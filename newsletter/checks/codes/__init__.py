"""All kinds of findings, by their codes: one list for `check`, the desk, the approval, and docs/checks.md.

Not here: what finds them (newsletter/checks), and what reads the files (newsletter/compose).
"""

from types import MappingProxyType

from newsletter.checks.codes import files, issue, links, mail, words
from newsletter.checks.codes.code import Code as Code
from newsletter.checks.codes.code import Part as Part
from newsletter.errors import Place, Problem

GROUPS = MappingProxyType(
    {
        "Words": words.CODES,
        "Links": links.CODES,
        "The issue and its items": issue.CODES,
        "Files": files.CODES,
        "Mail": mail.CODES,
    }
)
CODES = MappingProxyType({one.code: one for group in GROUPS.values() for one in group})


def finding(code: str, text: str, at: Place | None = None, hint: str = "") -> Problem:
    """Return a finding, as grave as the list says of its code."""
    return Problem(severity=CODES[code].severity, text=text, at=at, hint=hint, code=code)
