"""Canonical form of an address: the same text for all spellings that reach one mailbox at its provider.

Subscribers are unique by exact address (`people.key`); limits, opt-outs and warnings use this form.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

import yaml

_RULES = Path(__file__).with_name("providers.yaml")
_TAGS = "+"  # subaddress separator (RFC 5233), unless the provider documents another


@dataclass(frozen=True, slots=True)
class _Provider:
    domain: str
    tags: str
    ignored: Mapping[int, None]
    subdomains: bool


@lru_cache(maxsize=16_384)
def canonical(email: str) -> str:
    """Return the lower-case form that all spellings of one mailbox share; idempotent."""
    written = email.casefold()
    local, at, domain = written.rpartition("@")
    if not at:
        return written
    providers = _providers()
    provider = providers.get(domain)
    if provider is None:
        name, _, parent = domain.partition(".")
        above = providers.get(parent)
        if above and above.subdomains:
            local, provider = name, above
    if provider is None:
        return f"{_cut(local, _TAGS)}@{domain}"
    plain = _cut(local, provider.tags)
    return f"{plain.translate(provider.ignored) or plain}@{provider.domain}"


def _cut(local: str, tags: str) -> str:
    """Return the local part without its subaddress tag; one that is nothing but a tag stays as it is."""
    end = min((place for tag in tags if (place := local.find(tag)) > 0), default=len(local))
    return local[:end]


@cache
def _providers() -> Mapping[str, _Provider]:
    """Return the provider rules by domain; the file is read once."""
    rules = {}
    for entry in yaml.safe_load(_RULES.read_text(encoding="utf-8")):
        for domain in entry["domains"]:
            rules[domain] = _Provider(
                domain=entry["domains"][0] if entry.get("one") else domain,
                tags=entry.get("tags", _TAGS),
                ignored=dict.fromkeys(map(ord, entry.get("ignored", ""))),
                subdomains=entry.get("subdomains", False),
            )
    return MappingProxyType(rules)
