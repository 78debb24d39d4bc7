"""What the links of an issue answered when `link_asking` asked them: findings of the issue for a week."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from newsletter import private
from newsletter.checks.link_answers import Looked, links_of
from newsletter.fetched import Cause
from newsletter.files import OWNER, atomic_write
from newsletter.packed import packed, unpacked

if TYPE_CHECKING:
    from newsletter.model import Issue
    from newsletter.services import Workspace

_SHOWN = timedelta(days=7)
_FILE = "links.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCheck:
    """How many web addresses an issue links to, how many are known, and when the oldest answer was given."""

    links: int
    known: int
    since: datetime | None = None
    asked: int = 0


def recent_answers(workspace: "Workspace") -> Mapping[str, Looked]:
    """Return what links answered within a week, by address."""
    now = workspace.now()
    return {href: one for href, one in _load(workspace).items() if now - one.at < _SHOWN}


def link_check(workspace: "Workspace", issue: "Issue") -> LinkCheck:
    """Return what is known of the links of an issue, and ask nobody."""
    return summary(issue, recent_answers(workspace), 0)


def summary(issue: "Issue", answers: Mapping[str, Looked], asked: int) -> LinkCheck:
    """Return what these answers say of the links of an issue, `asked` of them just now."""
    links = addresses(issue)
    moments = [answers[href].at for href in links if href in answers]
    return LinkCheck(links=len(links), known=len(moments), since=min(moments, default=None), asked=asked)


def addresses(issue: "Issue") -> list[str]:
    """Return the web addresses that an issue links to, each once."""
    return list(dict.fromkeys(href for href, _ in links_of(issue)))


def _load(workspace: "Workspace") -> dict[str, Looked]:
    """Read the answers; without a file, or of a damaged one, none are known."""
    try:
        data = json.loads((workspace.var / _FILE).read_text("utf-8"))
        return {str(href): _read(one) for href, one in data.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _read(one: dict[str, Any]) -> Looked:
    ends, cause = one["certificate_ends"], one["cause"]
    moments = {
        "at": datetime.fromisoformat(one["at"]),
        "certificate_ends": ends and datetime.fromisoformat(ends),
    }
    return Looked(**{**one, **moments, "cause": cause and Cause(cause), "why": unpacked(one["why"])})


def save(workspace: "Workspace", answers: Mapping[str, Looked]) -> None:
    """Store answers in place of those before."""
    private.own_folder(workspace.var)
    data = {href: {**asdict(one), "why": packed(one.why)} for href, one in answers.items()}
    content = json.dumps(data, default=str, indent=0)
    atomic_write(workspace.var / _FILE, content.encode(), mode=OWNER)
