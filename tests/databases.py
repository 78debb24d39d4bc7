"""New databases, copied: to migrate one takes longer than most tests that want one."""

import os
import tempfile
from functools import cache
from pathlib import Path

from newsletter.store.db import open_database


def new_database(path: Path) -> None:
    """Make an empty SQLite database of our newest schema, as the program itself would make it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(_migrated())


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "newsletter.db"
        open_database(f"sqlite:///{path}").dispose()
        return path.read_bytes()
