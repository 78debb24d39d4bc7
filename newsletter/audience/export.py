"""Export subscribers as CSV or YAML; importing the export again with `lists` changes nothing."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import yaml

from newsletter.audience.csvfile import guard
from newsletter.audience.headings import COLUMNS
from newsletter.model import EVERY_SECTION, Subscriber

BOM = "\ufeff"
"""Byte order mark of a CSV file; without it spreadsheets take UTF-8 for an older encoding."""


def csv_lines(readers: Iterable[Subscriber], fields: Sequence[str]) -> Iterator[str]:
    """Yield subscribers as CSV lines, headings first; cells that look like formulas are escaped."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield BOM + ",".join((*COLUMNS, *fields)) + "\r\n"
    for reader in readers:
        sections = ";".join(_chosen(reader))
        values = (reader.attributes.get(field, "") for field in fields)
        writer.writerow(map(guard, (reader.email, reader.name, sections, reader.language, *values)))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def yaml_lines(readers: Iterable[Subscriber], fields: Sequence[str]) -> Iterator[str]:
    """Yield subscribers as a YAML list, one entry at a time."""
    for reader in readers:
        person = {
            "email": reader.email,
            "name": reader.name,
            "sections": _chosen(reader),
            "language": reader.language,
            **{field: reader.attributes.get(field, "") for field in fields},
        }
        yield yaml.safe_dump([person], allow_unicode=True, sort_keys=False, width=1000)


def _chosen(reader: Subscriber) -> list[str]:
    return [EVERY_SECTION] if EVERY_SECTION in reader.sections else sorted(reader.sections)
