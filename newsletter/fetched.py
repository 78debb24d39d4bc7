"""What comes of fetching: an answer, or an error and its cause; `fetching` itself takes 0.05 s to load."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    """Why nothing was fetched, as far as a caller treats it differently."""

    OTHER = "other"
    SLOW = "slow"
    UNKNOWN_HOST = "unknown host"
    NOT_PUBLIC = "not public"
    UNTRUSTED = "untrusted"
    """The server's certificate cannot be trusted."""


class FetchError(Exception):
    """Nothing usable was fetched: `why` in one sentence; `status` is the server's, 0 without an answer."""

    def __init__(self, why: str, status: int = 0, cause: Cause = Cause.OTHER) -> None:
        super().__init__(why)
        self.why = why
        self.status = status
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer: the address it came from at last, its content, and what to ask with next time.

    `content` is None when nothing has changed since the last time.
    """

    url: str
    content: bytes | None
    content_type: str = ""
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of asking for a page, whatever the status: the address it came from at last.

    `moved` is where redirects that are for good lead, empty without one; `certificate_ends` is of the last
    server.
    """

    url: str
    status: int
    moved: str = ""
    certificate_ends: datetime | None = None
