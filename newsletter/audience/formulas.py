"""Cells that a spreadsheet would take for formulas are marked as text with a quote, and taken back.

The characters are those of OWASP's page "CSV Injection", full-width ones among them. `=x@a.org` and
`+a@x.de` are valid addresses.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def guard(cell: str) -> str:
    """Return `cell` so that a spreadsheet shows it as the text it is."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguard(cell: str) -> str:
    """Return what `guard` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
