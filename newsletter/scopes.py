"""What a token may let a program do at the API; the command line lists them without importing anything."""

from enum import StrEnum


class Scope(StrEnum):
    """One right of a token; each route of the API demands exactly one."""

    ISSUES_READ = "issues:read"
    ITEMS_READ = "items:read"
    ITEMS_WRITE = "items:write"
    SECTIONS_READ = "sections:read"
    READERS_READ = "readers:read"
    READERS_WRITE = "readers:write"
    READERS_SYNC = "readers:sync"
    READERS_ERASE = "readers:erase"
    SEGMENTS_READ = "segments:read"
    DELIVERIES_READ = "deliveries:read"
    ARCHIVE_READ = "archive:read"


PERSONAL = frozenset(
    {
        Scope.READERS_READ,
        Scope.READERS_WRITE,
        Scope.READERS_SYNC,
        Scope.READERS_ERASE,
        Scope.DELIVERIES_READ,
    }
)
"""The rights that reach data about people."""
