"""Check whether a disk has enough space: look at its free bytes, and write a probe file."""

import errno
import shutil
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from newsletter import files
from newsletter.errors import Message

ROOM = 64 << 20
"""Bytes that must be free: SQLite's log alone takes 4 MB, an issue of 100,000 readers 20 MB."""
_SHARE = 10  # on a small disk a tenth is enough
_PROBE = bytes(64 << 10)
_AGAIN = 1.0  # seconds for which a probe's success is cached, since anybody may request /health

_written: dict[Path, float] = {}


@dataclass(frozen=True, slots=True)
class Shortage:
    """A problem with the disk of `folder`: it cannot be written to (`full`), or is nearly full."""

    folder: Path
    free: int
    full: bool
    cause: str = ""

    @property
    def brief(self) -> str:
        """A short description without a path."""
        return self.cause or ("the disk is full" if self.full else "the disk is nearly full")

    @property
    def text(self) -> str:
        """A description for the operator, with the free space and the folder."""
        free = Decimal(f"{self.free / (1 << 20):.1f}")
        words = "%(brief)s: %(free)s MB are left for %(folder)s"
        return Message(words, brief=Message(self.brief), free=free, folder=self.folder)

    @property
    def hint(self) -> str:
        """What to do."""
        if self.cause:
            return "Check who may write there, and whether the disk is sound; then run this again."
        if self.full:
            return "Free some disk space, then run this again."
        return "Free some disk space before anything fails."


def shortage(folder: Path) -> Shortage | None:
    """Check the disk of `folder`; return the problem, or None."""
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    error = _probe(folder)
    if error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        cause = (
            "" if full else Message("the disk cannot be written to (%(strerror)s)", strerror=error.strerror)
        )
        return Shortage(folder, usage.free, full=True, cause=cause)
    if usage.free < min(ROOM, usage.total // _SHARE):
        return Shortage(folder, usage.free, full=False)
    return None


def _probe(folder: Path) -> OSError | None:
    """Write a test file to `folder`, as the database will write; return the error, or None."""
    if time.monotonic() - _written.get(folder, -_AGAIN) < _AGAIN:
        return None
    probe = folder / f"probe-{uuid4().hex}"
    try:
        files.atomic_write(probe, _PROBE, mode=files.OWNER)
    except OSError as error:
        return error
    else:
        _written[folder] = time.monotonic()
        return None
    finally:
        probe.unlink(missing_ok=True)
