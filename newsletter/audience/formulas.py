"""Escape cells that a spreadsheet would run as formulas with a leading quote, and unescape them.

The characters are those of OWASP's page "CSV Injection", full-width ones included. `=x@a.org` and `+a@x.de`
are valid addresses.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def guard(cell: str) -> str:
    """Return `cell` escaped so that a spreadsheet shows it as text."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguard(cell: str) -> str:
    """Undo `guard`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
