"""Everybody on a workspace's list: readers by segment and section, exported, counted; segments."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import ColumnElement, and_

from newsletter.audience.export import csv_lines, yaml_lines
from newsletter.audience.segments import load_segments, where
from newsletter.audience.statistics import Statistics, statistics
from newsletter.conditions import SECTION
from newsletter.errors import ConfigError, Message, Problem
from newsletter.files import OWNER, atomic_write
from newsletter.model import Has, Subscriber
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.yamlfile import nearest

if TYPE_CHECKING:
    from newsletter.audience.ukraine.coverage import Coverage
    from newsletter.services import Workspace

Format = Literal["csv", "yaml"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Counts of all people and, if newsletter.yaml has fields for it, of communities.

    `region` is the register's name of the region that was asked about, or an empty string.
    """

    statistics: Statistics
    coverage: "Coverage | None"
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSize:
    """A segment, what it is about, and how many readers are in it."""

    name: str
    about: str
    readers: int


def readers(
    workspace: "Workspace", *, segment: str | None = None, section: str | None = None
) -> Iterator[Subscriber]:
    """Yield the readers who are in `segment` and chose `section`; those who left are not among them.

    Raises ContentError for an unknown segment, ConfigError for an unknown section.
    """
    wanted = [workspace.segment(segment)] if segment else []
    if section:
        known = [one.slug for one in workspace.settings.sections]
        if section not in known:
            raise ConfigError(
                Message("unknown section %(section)r", section=section), nearest(section, known)
            )
        wanted.append(where(Has(SECTION, frozenset({section}))))
    return _stream(workspace, and_(*wanted) if wanted else None)


def _stream(workspace: "Workspace", condition: ColumnElement[bool] | None) -> Iterator[Subscriber]:
    with reading(workspace.readable) as connection:
        yield from people.readers(connection, condition)


def export(workspace: "Workspace", kind: Format, segment: str | None = None) -> Iterator[str]:
    """Return the readers as lines of a list that can be imported. Raises ContentError."""
    write = csv_lines if kind == "csv" else yaml_lines
    return write(readers(workspace, segment=segment), list(workspace.settings.fields))


def export_file(
    workspace: "Workspace", out: Path, kind: Format | None = None, segment: str | None = None
) -> None:
    """Write the export to `out`, which only its owner can read; `kind` is by default that of its name.

    Raises ConfigError when it cannot be written, ContentError for an unknown segment.
    """
    lines = export(workspace, kind or _kind_of(out), segment)
    try:
        atomic_write(out, (line.encode() for line in lines), mode=OWNER)
    except OSError as error:
        raise ConfigError(
            Message("%(out)s cannot be written: %(strerror)s", out=out, strerror=error.strerror),
            "Name another file.",
        ) from None


def _kind_of(out: Path) -> Format:
    return "yaml" if out.suffix.lower() in (".yaml", ".yml") else "csv"


def report(workspace: "Workspace", region: str | None = None) -> Report:
    """Count people by status, section and field, and communities. Raises ConfigError for a wrong region."""
    from newsletter.audience.ukraine.coverage import coverage, region_named

    with reading(workspace.readable) as connection:
        counted = statistics(connection, workspace.settings)
        covered = coverage(connection, workspace.settings)
    if region and covered is None:
        raise ConfigError(
            "newsletter.yaml has no fields of the kinds region and community",
            "Declare them under `fields`, like region: {label: …, kind: region}",
        )
    wanted = region_named(region) if region else ""
    if region and not wanted:
        raise ConfigError(
            Message("there is no region %(region)r", region=region),
            "Write it as in the register, like Сумська.",
        )
    return Report(statistics=counted, coverage=covered, region=wanted or "")


def segments(workspace: "Workspace") -> tuple[list[SegmentSize], list[Problem]]:
    """Return the sound segments with their sizes, and the problems of the others."""
    found, problems = load_segments(workspace.root, workspace.settings)
    with reading(workspace.readable) as connection:
        sizes = [
            SegmentSize(
                name=segment.name,
                about=segment.about,
                readers=people.count_readers(connection, where(segment.condition)),
            )
            for segment in found.values()
        ]
    return sizes, list(problems)
