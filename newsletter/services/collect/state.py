"""What a workspace remembers of its sources: what to ask with next time, and what was taken before."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path

from newsletter import private
from newsletter.files import OWNER, atomic_write

_FILE = "collect.json"
_KEPT = timedelta(days=400)


@dataclass(slots=True)
class Asked:
    """Of one source: what its last answer gave, with which settings, and the feed that its page names."""

    etag: str = ""
    modified: str = ""
    read_as: str = ""
    feed: str = ""


@dataclass(slots=True)
class State:
    """The state of all sources; `seen` maps what was taken to the day."""

    asked: dict[str, Asked] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    def save(self, var: Path, today: date) -> None:
        """Store it, without what was taken long ago."""
        seen = {what: day for what, day in self.seen.items() if day >= (today - _KEPT).isoformat()}
        data = {"asked": {name: asdict(one) for name, one in self.asked.items()}, "seen": seen}
        private.own_folder(var)
        atomic_write(var / _FILE, json.dumps(data, ensure_ascii=False, indent=0).encode(), mode=OWNER)


def load(var: Path) -> State:
    """Read the state; without a file, or with a damaged one, everything is asked for anew."""
    try:
        data = json.loads((var / _FILE).read_text("utf-8"))
        asked = {str(name): Asked(**one) for name, one in data["asked"].items()}
        return State(asked, {str(what): str(day) for what, day in data["seen"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State()
