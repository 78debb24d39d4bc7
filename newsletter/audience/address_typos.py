"""Find valid addresses that look like mistakes: a mistyped mail service, or a shared office mailbox."""

from functools import lru_cache

import idna

from newsletter.errors import Message

SERVICES = (
    "aol.com",
    "bigmir.net",
    "email.com",
    "email.ua",
    "gmail.com",
    "gmx.com",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "i.ua",
    "icloud.com",
    "live.com",
    "mail.com",
    "me.com",
    "meta.ua",
    "msn.com",
    "online.ua",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "ua.fm",
    "ukr.net",
    "yahoo.com",
    "ymail.com",
)
"""Mail services used in Ukraine, and real services whose names differ from these by one letter."""

_OFFICES = frozenset(
    (
        "admin",
        "administrator",
        "cnap",
        "contact",
        "department",
        "euroinfo",
        "gromada",
        "head",
        "hr",
        "hromada",
        "inbox",
        "info",
        "kanc",
        "kancelaria",
        "kantselyariya",
        "mail",
        "mer",
        "merija",
        "miskrada",
        "misto",
        "noreply",
        "office",
        "otg",
        "postmaster",
        "press",
        "priymalnya",
        "pryimalnia",
        "rada",
        "reception",
        "sekretar",
        "sekretariat",
        "selrada",
        "silrada",
        "support",
        "tg",
        "vykonkom",
        "webmaster",
        "zvernennya",
    )
)
_SHORTEST, _LONG = 7, 9  # characters; a shorter name that differs by one letter is usually another service

_LOOKALIKES = str.maketrans("авеикмнорстухіїј", "abeukmhopctyxiij")


def doubt(address: str) -> tuple[str, str]:
    """Return (what looks wrong with a valid address, hint); two empty strings if nothing does."""
    local, _, domain = address.rpartition("@")
    meant = likely(domain.lower())
    if meant:
        return Message("%(domain)s looks like a mistyped %(meant)s", domain=domain, meant=meant), Message(
            "If so, write %(local)s@%(meant)s.", local=local, meant=meant
        )
    name = local.lower()
    if name in _OFFICES or name.rstrip("0123456789") in _OFFICES:
        return (
            Message("%(address)s looks like an office's mailbox", address=address),
            "Several people may read it, and any of them can unsubscribe all; prefer personal addresses.",
        )
    return "", ""


@lru_cache(maxsize=65536)
def likely(domain: str) -> str:
    """Return the mail service that the lower-case `domain` probably means; "" where none is close."""
    if domain in SERVICES:
        return ""
    latin = _in_latin(domain)
    if latin:
        return latin
    if len(domain) < _SHORTEST:
        return ""
    for service in SERVICES:
        if len(service) < _SHORTEST or abs(len(service) - len(domain)) > _steps(service):
            continue
        steps = _distance(domain, service)
        if steps == 1 or (steps <= _steps(service) and domain[0] == service[0]):
            return service
    return ""


def _steps(service: str) -> int:
    return 2 if len(service) >= _LONG else 1


def _in_latin(domain: str) -> str:
    """Return the Latin form of a domain typed with Cyrillic lookalike letters; "" for any other domain."""
    if "xn--" not in domain:
        return ""
    try:
        shown = idna.decode(domain)
    except idna.IDNAError:
        return ""
    latin = shown.translate(_LOOKALIKES)
    mixed = any(
        not label.isascii() and any(letter.isascii() and letter.isalpha() for letter in label)
        for label in shown.split(".")
    )
    return latin if latin.isascii() and (mixed or latin in SERVICES) else ""


def _distance(one: str, other: str) -> int:
    """Return the restricted Damerau–Levenshtein distance (optimal string alignment) of two strings."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, mate in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != mate))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == mate:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
