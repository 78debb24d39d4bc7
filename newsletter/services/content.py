"""Make an issue of a digest: import its items from a file, and compose them into issue.yaml."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.compose.account import Digest
from newsletter.compose.assemble import compose as assemble
from newsletter.compose.digest import parse_digest
from newsletter.compose.import_digest import import_digest
from newsletter.compose.sources import read_source
from newsletter.errors import Problem

if TYPE_CHECKING:
    from newsletter.compose.assemble import Composed
    from newsletter.compose.import_digest import Imported
    from newsletter.services import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedDigest:
    """A digest that was read, what was written of it, and all problems on the way."""

    digest: Digest
    written: "Imported"
    problems: tuple[Problem, ...]


def import_file(
    workspace: "Workspace", file: Path, closing: date | None = None, *, force: bool = False
) -> ImportedDigest:
    """Write the items of a digest to files; an item that was edited since is overwritten only by `force`.

    The issue is `closing`, or what the digest says. Raises ContentError when there is no digest in the file.
    """
    digest, faults = read_digest(workspace, file, closing)
    done = import_digest(workspace.root, digest, workspace.settings, closing=closing, force=force)
    return ImportedDigest(digest=digest, written=done, problems=(*faults, *done.problems))


def read_digest(
    workspace: "Workspace", file: Path, closing: date | None = None
) -> tuple[Digest, list[Problem]]:
    """Read a digest without writing anything: entries, and what becomes of each line. Raises ContentError."""
    lines, faults = read_source(file)
    return parse_digest(lines, str(file), workspace.settings, closing=closing), faults


def compose(workspace: "Workspace", closing: date) -> "Composed":
    """Add an issue's new items to its issue.yaml; keeps order, text and comments. Raises ContentError."""
    return assemble(workspace.root, closing, workspace.settings)
