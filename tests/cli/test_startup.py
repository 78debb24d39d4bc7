"""Asking for help answers at once: what a command works with is loaded when it runs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("pydantic", "yaml", "sqlalchemy", "flask", "jinja2", "lxml", "babel", "asyncio")
"""Packages that take as long to import as many of the command line's own modules."""


UNUSED = ("PIL", "alembic", "icalendar", "requests", "urllib3", "ruamel", "sqlalchemy.dialects.postgresql")
"""What checking an issue does without; a child process loads the first of them, for pictures."""
REPOSITORY = Path(__file__).parents[2]


def loaded(packages: tuple[str, ...], *arguments: str) -> str:
    """Run a command line, and return which of `packages` it has imported."""
    script = (
        "import sys; from newsletter.cli import run; code = run(sys.argv[1:]);"
        f" print('loaded:', *sorted(set({packages!r}) & set(sys.modules))); sys.exit(code)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=True, capture_output=True, text=True
    )
    return asked.stdout.splitlines()[-1].removeprefix("loaded:")


@pytest.mark.parametrize("arguments", ["--help", "subscribers --help", "send --help", "--version"])
def test_help_loads_nothing_heavy(arguments: str) -> None:
    assert loaded(HEAVY, *arguments.split()) == ""


def test_checking_an_issue_loads_only_what_it_needs(tmp_path: Path) -> None:
    for name in ("newsletter.yaml", "logo.png"):
        shutil.copy(REPOSITORY / name, tmp_path)
    shutil.copytree(REPOSITORY / "issues", tmp_path / "issues")
    assert loaded(UNUSED, "-C", str(tmp_path), "check") == ""


def test_a_worker_on_sqlite_loads_no_driver_of_postgresql() -> None:
    script = "import sys, newsletter.services.periodic; print('psycopg' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert asked.stdout == "False\n"
