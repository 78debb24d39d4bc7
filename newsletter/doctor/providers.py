"""What mailbox providers require of those who send to many, as each publishes it, and where we stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.doctor import Level, Result

READ = "2026-07"
"""When the pages were read."""

PAGES = {
    "Gmail": "https://support.google.com/a/answer/81126",
    "Yahoo": "https://senders.yahooinc.com/best-practices/",
    "Outlook.com": "https://sendersupport.olc.protection.outlook.com/pm/policies.aspx",
    "Apple": "https://support.apple.com/102322",
    "ukr.net": "",
}
"""Providers and their pages; ukr.net publishes none, and evaluates what the others ask for."""

_MANY = "from 5,000 a day"
_ALWAYS = "always"
_ADVISED = "advised"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement: in words, by provider when it applies, and which results show whether it is met.

    With `built_in` every message meets it, whatever the settings.
    """

    text: str
    asked: Mapping[str, str]
    subjects: tuple[str, ...] = ()
    built_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A requirement, and where this press stands: a Level, or None while no check has looked."""

    requirement: Requirement
    level: Level | None


def _all(words: str, **other: str) -> dict[str, str]:
    named = dict(zip(("gmail", "yahoo", "outlook", "apple", "ukrnet"), PAGES, strict=True))
    found = dict.fromkeys(named.values(), words) | {named[name]: value for name, value in other.items()}
    return {name: value for name, value in found.items() if value}


REQUIREMENTS = (
    Requirement("SPF names the sending server", _all(_ALWAYS, outlook=_MANY, ukrnet=_ADVISED), ("spf",)),
    Requirement("DKIM signs every message", _all(_MANY, apple=_ALWAYS, ukrnet=_ADVISED), ("dkim", "account")),
    Requirement("a DMARC policy, p=none at least", _all(_MANY, apple=_ALWAYS, ukrnet=_ADVISED), ("dmarc",)),
    Requirement(
        "From is aligned with SPF or DKIM", _all(_MANY, apple=_ALWAYS, ukrnet=""), ("alignment", "account")
    ),
    Requirement("the server's address has a name that leads back", _all(_ALWAYS, ukrnet=_ADVISED), ("ptr",)),
    Requirement("TLS to the server", _all(_ALWAYS, outlook=_ADVISED, apple=_ADVISED, ukrnet=""), ("relay",)),
    Requirement(
        "one-click unsubscribing (RFC 8058)",
        _all(_MANY, yahoo=_ALWAYS, outlook=_ADVISED, apple=_ADVISED, ukrnet=""),
        ("https", "one-click"),
    ),
    Requirement("a visible link to unsubscribe", _all(_ALWAYS, ukrnet=_ADVISED), built_in=True),
    Requirement("who leaves gets nothing after two days", _all(_ALWAYS, ukrnet=""), built_in=True),
    Requirement("From and Reply-To take answers", _all(_ALWAYS, ukrnet=_ADVISED), ("mx", "reply-to")),
    Requirement("the domains of From and return path have an SOA", _all("", yahoo=_ALWAYS), ("soa",)),
    Requirement(
        "addresses that bounce are not written to again", _all(_ALWAYS, ukrnet=_ADVISED), ("bounces",)
    ),
    Requirement(
        "complaints below 0.3 %", _all(_ALWAYS, outlook=_ADVISED, apple=_ADVISED, ukrnet=""), ("complaints",)
    ),
)

_WORST = (Level.ERROR, Level.WARNING, Level.OK)


def standings(results: Sequence[Result]) -> list[Standing]:
    """Return where we stand on each requirement; what no check has looked at stays open."""
    levels: dict[str, set[Level]] = {}
    for result in results:
        levels.setdefault(result.subject, set()).add(result.level)
    return [Standing(requirement=one, level=_level(one, levels)) for one in REQUIREMENTS]


def _level(requirement: Requirement, levels: Mapping[str, set[Level]]) -> Level | None:
    if requirement.built_in:
        return Level.OK
    found = set().union(*(levels.get(subject, set()) for subject in requirement.subjects))
    return next((level for level in _WORST if level in found), None)
