"""Asking for help answers at once: what a command works with is loaded when it runs."""

import subprocess
import sys

import pytest

HEAVY = ("pydantic", "yaml", "sqlalchemy", "flask", "jinja2", "lxml", "babel", "asyncio")
"""Packages that take as long to import as many of the command line's own modules."""


@pytest.mark.parametrize("arguments", ["--help", "subscribers --help", "send --help", "--version"])
def test_help_loads_nothing_heavy(arguments: str) -> None:
    script = (
        "import sys; from newsletter.cli import run; code = run(sys.argv[1:]);"
        f" print('loaded:', *sorted(set({HEAVY!r}) & set(sys.modules))); sys.exit(code)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", script, *arguments.split()], check=True, capture_output=True, text=True
    )
    assert asked.stdout.splitlines()[-1] == "loaded:"
