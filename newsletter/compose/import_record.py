"""Record of an import: a hash of each item file as written, which later shows whether an editor changed it.

The file goes with the items into version control. Line ends and a byte order mark, which editors and git
change, are not counted.
"""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import yaml

from newsletter.compose.issuefile import folder_of, read_text
from newsletter.compose.write import write
from newsletter.yamlfile import load

_HEADER = (
    "# By these hashes `newsletter import` tells your changes from its own. Keep this file with the items.\n"
)


class Written(NamedTuple):
    """The hash of an item file as it was written, and the name of the source it came from."""

    hash: str
    source: str


def fingerprint(text: str) -> str:
    """Return the hash of an item file's text, which has plain line ends and no byte order mark."""
    return sha256(text.rstrip("\n").encode()).hexdigest()[:32]


def read_record(root: Path, closing: date) -> dict[str, Written]:
    """Return the record by item id; empty if there is none."""
    data = load(read_text(root, _path(closing)), _path(closing)).data
    if not isinstance(data, dict):
        return {}
    return {str(name): Written(*str(value).partition(" ")[::2]) for name, value in data.items()}


def write_record(root: Path, closing: date, record: Mapping[str, Written]) -> None:
    """Write the record, one line for each item."""
    values = {name: " ".join(record[name]) for name in sorted(record)}
    lines = yaml.safe_dump(values, allow_unicode=True, width=1000) if values else ""
    write(root, _path(closing), _HEADER + lines)


def _path(closing: date) -> str:
    return f"{folder_of(closing)}/imported.yaml"
