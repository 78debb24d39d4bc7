"""The sample workspace in a folder of its own: its settings, its issue and its theme, without people."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsletter.services import Workspace, open_workspace

ROOT = Path(__file__).parent.parent


@contextmanager
def sample() -> Iterator[Workspace]:
    """Copy the sample into a temporary folder and open it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(ROOT / "newsletter.yaml", root)
        shutil.copy(ROOT / "logo.png", root)
        for part in ("issues", "templates"):
            shutil.copytree(ROOT / part, root / part)
        context = open_workspace(root)
        try:
            yield context
        finally:
            context.database.dispose()
