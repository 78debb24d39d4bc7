"""The command `render`: write every edition to files, to look at and to compare."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter import private
from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import closing
from newsletter.files import atomic_write
from newsletter.slots import EMAIL, PREFERENCES, UNSUBSCRIBE, VIEW, fill_html, fill_text

if TYPE_CHECKING:
    from newsletter.model import Edition, Envelope, Rendered

_EXAMPLE = {EMAIL: "reader@example.org", PREFERENCES: "example", UNSUBSCRIBE: "example", VIEW: "example"}
_OURS = re.compile(r"[0-9a-f]{16}\.(html|txt|eml)")


@click.command()
@closing()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to; by default var/render/D.",
)
@pass_session
def render(session: Session, closing: date | None, out: Path | None) -> int:
    """Write every edition of issue D that readers need to files: HTML, text and message.

    Without readers it is the one edition with all sections. The address and the reader's own links in it
    are examples. manifest.json lists each edition with its sections, readers and hashes.

    \b
    Example:
      newsletter render 2025-02-14 --out proof
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.errors import NewsletterError, Severity

    workspace = session.workspace
    proof = workspace.proof(workspace.closing(closing))
    shared = workspace.settings.envelope(proof.issue.name)
    name = proof.issue.name
    folder = out or workspace.var / "render" / name
    pages = {page.edition: page for page in proof.rendered}
    shown = [(edition, readers) for edition, readers in proof.tally if edition.key in pages]
    try:
        if out is None:
            private.own_folder(workspace.var)
        folder.mkdir(parents=True, exist_ok=True)
        entries = [
            _entry(edition, readers, pages[edition.key], _write(folder, pages[edition.key], shared))
            for edition, readers in shown
        ]
        manifest = {"issue": name, "without": proof.without, "editions": entries}
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        atomic_write(folder / "manifest.json", text.encode())
        _tidy(folder, entries)
    except OSError as error:
        raise NewsletterError(
            f"{error.filename or folder} cannot be written: {error.strerror}",
            "Name another folder: --out DIR",
        ) from None
    for edition, readers in shown:
        size = len(pages[edition.key].html.encode()) / 1024
        click.echo(f"{edition.key}  {size:3.0f} KB  {readers:6} readers  {', '.join(edition.sections)}")
    click.echo(f"{name}: {len(shown)} of {len(proof.tally)} editions in {folder}")
    for problem in proof.problems:
        if problem.severity is Severity.ERROR:
            click.echo(str(problem), err=True)
    return FINDINGS if proof.errors else 0


def _write(folder: Path, page: "Rendered", shared: "Envelope") -> dict[str, bytes]:
    """Write the files of one edition; the message is dated noon of the issue's closing day."""
    from newsletter.transport.mime import Skeleton

    pieces = Skeleton(page, shared).pieces(
        name="",
        email=_EXAMPLE[EMAIL],
        message_id=f"<example@{shared.domain}>",
        date=datetime.combine(date.fromisoformat(shared.issue), time(12), UTC),
        values=_EXAMPLE,
    )
    files = {
        f"{page.edition}.html": fill_html(page.html, _EXAMPLE).encode(),
        f"{page.edition}.txt": fill_text(page.text, _EXAMPLE).encode(),
        f"{page.edition}.eml": b"".join(pieces),
    }
    for name, content in files.items():
        atomic_write(folder / name, content)
    return files


def _entry(edition: "Edition", readers: int, page: "Rendered", files: dict[str, bytes]) -> dict[str, Any]:
    """Return the manifest's entry for one edition."""
    return {
        "key": edition.key,
        "sections": edition.sections,
        "items": [item.id for item in edition.items],
        "readers": readers,
        "subject": page.subject,
        "sha256": page.sha256,
        "files": {
            name: {"bytes": len(content), "sha256": sha256(content).hexdigest()}
            for name, content in files.items()
        },
    }


def _tidy(folder: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Remove the editions of an earlier rendering that no longer exist."""
    current = {name for entry in entries for name in entry["files"]}
    for file in folder.iterdir():
        if _OURS.fullmatch(file.name) and file.name not in current:
            file.unlink()


COMMANDS = {"render": render}
