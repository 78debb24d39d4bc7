"""Write every edition of an issue to files, to look at and to compare: HTML, text, message, manifest."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsletter import private
from newsletter.errors import Message, NewsletterError
from newsletter.files import atomic_write
from newsletter.render.pictures import on_page
from newsletter.slots import EMAIL, PREFERENCES, UNSUBSCRIBE, VIEW, fill_html, fill_text
from newsletter.transport.mime import Skeleton

if TYPE_CHECKING:
    from newsletter.model import Edition, Envelope, Rendered
    from newsletter.services import Workspace
    from newsletter.services.proof import Proof

_EXAMPLE = {EMAIL: "reader@example.org", PREFERENCES: "example", UNSUBSCRIBE: "example", VIEW: "example"}
_OURS = re.compile(r"[0-9a-f]{16}(\.(html|txt|eml)|-[0-9a-f]{32}\.\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An issue in files: its folder, the proof they are made from, and each edition's readers and bytes."""

    folder: Path
    proof: "Proof"
    editions: "tuple[tuple[Edition, int, int], ...]"


def write(workspace: "Workspace", closing: date, out: Path | None = None) -> Written:
    """Write the editions of issue `closing` that readers need to `out`, by default var/render/D.

    An edition that cannot be rendered is left out; it is among the proof's problems. Editions of an earlier
    rendering that no longer exist are removed. Raises NewsletterError when the folder cannot be written.
    """
    proof = workspace.proof(closing)
    shared = workspace.settings.envelope(proof.issue.name)
    folder = out or workspace.var / "render" / proof.issue.name
    try:
        if out is None:
            private.own_folder(workspace.var)
        folder.mkdir(parents=True, exist_ok=True)
        sizes, entries = [], []
        for edition, readers in proof.tally:
            if page := proof.page(edition):
                sizes.append((edition, readers, len(page.html.encode())))
                entries.append(_entry(edition, readers, page, _write(folder, page, shared)))
        manifest = {"issue": proof.issue.name, "without": proof.without, "editions": entries}
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        atomic_write(folder / "manifest.json", text.encode())
        _tidy(folder, entries)
    except OSError as error:
        raise NewsletterError(
            Message(
                "%(filename)s cannot be written: %(strerror)s",
                filename=error.filename or folder,
                strerror=error.strerror,
            ),
            "Name another folder: --out DIR",
        ) from None
    return Written(folder=folder, proof=proof, editions=tuple(sizes))


def _write(folder: Path, page: "Rendered", shared: "Envelope") -> dict[str, bytes]:
    """Write the files of one edition; the message is dated noon of the issue's closing day."""
    values = _EXAMPLE | shared.greeting_of("")
    pieces = Skeleton(page, shared).pieces(
        name="",
        email=_EXAMPLE[EMAIL],
        message_id=f"<example@{shared.domain}>",
        date=datetime.combine(date.fromisoformat(shared.issue), time(12), UTC),
        values=values,
    )
    names = {image.name: f"{page.edition}-{image.name}" for image in page.attached}
    html = on_page(fill_html(page.html, values), names, names.__getitem__)
    files = {
        f"{page.edition}.html": html.encode(),
        f"{page.edition}.txt": fill_text(page.text, values).encode(),
        f"{page.edition}.eml": b"".join(pieces),
        **{names[image.name]: image.content for image in page.attached},
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
