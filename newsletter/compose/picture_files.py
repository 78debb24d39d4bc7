"""Write the pictures of an import into the issue's folder; one that a person has changed is left alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from newsletter.compose.import_record import Written
from newsletter.compose.issuefile import folder_of
from newsletter.compose.lines import Found
from newsletter.compose.pictures import FOLDER
from newsletter.files import atomic_write
from newsletter.model import Picture
from newsletter.pictures.prepare import ending


@dataclass(slots=True)
class WrittenPictures:
    """The paths of picture files by what was done with them, and their entries in the record."""

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    record: dict[str, Written] = field(default_factory=dict)


def picture_of(item: str, found: Found) -> Picture:
    """Return the picture of an imported item; its file has the item's name."""
    return Picture(file=f"{item}.{ending(found.content)}", alt=found.alt)


def is_picture(key: str) -> bool:
    """Return whether an entry of the import's record is a picture's."""
    return key.startswith(f"{FOLDER}/")


def write_pictures(  # noqa: PLR0913  what is written, where, and what is known of it
    root: Path,
    closing: date,
    pictures: Mapping[str, Found],
    record: Mapping[str, Written],
    source: str,
    *,
    force: bool,
) -> WrittenPictures:
    """Write the pictures by the id of their item, unless a person has changed the file since, or `force`."""
    done = WrittenPictures()
    for item, found in pictures.items():
        key = f"{FOLDER}/{picture_of(item, found).file}"
        path = f"{folder_of(closing)}/{key}"
        fresh = Written(_hash(found.content), source)
        held = _hash((root / path).read_bytes()) if (root / path).is_file() else None
        if held == fresh.hash:
            done.unchanged.append(path)
        elif held is None or force or (key in record and record[key].hash == held):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            atomic_write(root / path, found.content)
            done.written.append(path)
        else:
            done.left_alone.append(path)
            continue
        done.record[key] = fresh
    return done


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]
