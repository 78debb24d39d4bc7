"""Detect URLs that should not be in an issue: wrapped by a service, private, shortened, or with tracking.

The services are data, in addresses.yaml beside this module.
"""

import ipaddress
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from importlib.resources import files
from itertools import islice
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any
from urllib.parse import SplitResult, parse_qs, parse_qsl, unquote, urlencode, urlsplit

import yaml

_LOCAL_NAMES = (".local", ".localhost", ".lan", ".internal", ".intranet", ".corp", ".home", ".home.arpa")
_FILE = re.compile(r"file:|[a-z]:[\\/]|\\\\", re.IGNORECASE)
_RUNS = ascii_uppercase + ascii_lowercase + digits + "_-"  # the hyphen last, for patterns
_SEVERAL = 5
"""Layers that are looked through: mail passes several systems that wrap, not many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A URL that redirects through the service `by`; `inside` is the target, empty if unknown."""

    by: str
    inside: str | None


def unwrap(address: str) -> Wrapped | None:
    """Decode a URL of a redirecting service; None if the URL is not one."""
    found = _wrapped(address)
    for _ in range(_SEVERAL):
        deeper = _wrapped(found.inside) if found and found.inside else None
        if not found or not deeper or not deeper.inside:
            break
        found = Wrapped(by=found.by, inside=deeper.inside)
    return found


def is_file(address: str) -> bool:
    """Return whether a URL or path names a file on somebody's own computer."""
    return bool(_FILE.match(address.strip()))


def private_page(address: str) -> str:
    """Return what private page a URL leads to (a mailbox, an editor), or an empty string."""
    parts = _split(address)
    if parts is None:
        return ""
    host = (parts.hostname or "").rstrip(".")
    if is_local(host):
        return "a machine in the editor's own network"
    return next((rule["what"] for rule in _data()["private"] if _fits(rule, parts)), "")


def is_local(host: str) -> bool:
    """Return whether a host name can be resolved only in its own network or on its own machine."""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and ("." not in host or host.casefold().endswith(_LOCAL_NAMES))
    return not number.is_global


def is_shortened(address: str) -> bool:
    """Return whether a URL is one of a link shortener."""
    parts = _split(address)
    return parts is not None and _host(parts) in _data()["shorteners"]


def without_tracking(address: str) -> str:
    """Return a URL without its tracking parameters, unchanged if it has none."""
    parts = _split(address)
    if parts is None or "=" not in parts.query:
        return address
    given = parts.query.split("&")
    wanted = [pair for pair in given if not _tracks(unquote(pair.partition("=")[0]))]
    return address if len(wanted) == len(given) else parts._replace(query="&".join(wanted)).geturl()


def _tracks(name: str) -> bool:
    return any(fnmatch(name.casefold(), pattern) for pattern in _data()["tracking"])


@cache
def _data() -> Mapping[str, Any]:
    text = (files("newsletter.compose") / "addresses.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data | {"shorteners": frozenset(data["shorteners"])}


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address.strip())
        _ = parts.hostname
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} else None


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").removeprefix("www.")


def _fits(rule: Mapping[str, Any], parts: SplitResult) -> bool:
    there = fnmatch(_host(parts), rule["host"]) and parts.path.startswith(rule.get("path", ""))
    return there and rule.get("has", "") in f"{parts.path}?{parts.query}"


def _wrapped(address: str) -> Wrapped | None:
    parts = _split(address)
    rule = next((rule for rule in _data()["wrapped"] if _fits(rule, parts)), None) if parts else None
    if rule is None or parts is None:
        return None
    given = parse_qs(parts.query)
    text = next((given[name][0] for name in rule.get("query", ()) if name in given), "")
    form = rule.get("form")
    if rule.get("query") and not text and not form:
        return None  # google.com/url without an address is a page like others
    try:
        inside = _FORMS[form](text, parts) if form else text
    except (ValueError, IndexError):
        inside = ""
    if inside and "://" not in inside and "." in inside.split("/")[0]:
        inside = f"https://{inside}"
    good = _split(inside)
    return Wrapped(by=rule["by"], inside=inside if good and good.hostname else None)


def _tail(_text: str, parts: SplitResult) -> str:
    """Return the URL at the end of a path, decoded if it is percent-encoded."""
    path = unquote(parts.path)
    at = max(path.rfind("https://"), path.rfind("http://"), path.rfind("https:/"))
    if at >= 0:
        return re.sub(r"^(https?):/+", r"\1://", path[at:]) + (f"?{parts.query}" if parts.query else "")
    return path.partition("/amp/s/")[2]


def _translated(_text: str, parts: SplitResult) -> str:
    """Decode a host name of Google Translate, which writes `-` for `.` and `--` for `-`."""
    name = (parts.hostname or "").removesuffix(".translate.goog")
    host = name.replace("--", "\0").replace("-", ".").replace("\0", "-")
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query) if not k.startswith("_x_tr_")])
    return f"https://{host}{parts.path}{f'?{query}' if query else ''}"


def _proofpoint2(text: str, _parts: SplitResult) -> str:
    return unquote(text.replace("-", "%").replace("_", "/"))


def _proofpoint3(_text: str, parts: SplitResult) -> str:
    """Decode a URL of Proofpoint v3: in it `*` stands for a character listed after it, `**C` for four."""
    found = re.search(r"/v3/__(.+?)__;([^!]*)!", parts.geturl())
    if not found:
        return ""
    encoded = found[2] + "=" * (-len(found[2]) % 4)
    signs = iter(urlsafe_b64decode(encoded).decode("utf-8", "replace"))

    def taken(star: re.Match[str]) -> str:
        return "".join(islice(signs, _RUNS.index(star[1]) + 2 if star[1] else 1))

    address = re.sub(rf"\*(?:\*([{_RUNS}]))?", taken, found[1])
    return re.sub(r"^(https?):/(?=[^/])", r"\1://", address)


def _base64(text: str, _parts: SplitResult) -> str:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def _bing(text: str, parts: SplitResult) -> str:
    return _base64(text.removeprefix("a1"), parts)


def _yahoo(_text: str, parts: SplitResult) -> str:
    found = re.search(r"/RU=([^/]+)", parts.path)
    return unquote(found[1]) if found else ""


_FORMS: Mapping[str, Callable[[str, SplitResult], str]] = {
    "tail": _tail,
    "translate": _translated,
    "proofpoint2": _proofpoint2,
    "proofpoint3": _proofpoint3,
    "base64": _base64,
    "bing": _bing,
    "yahoo": _yahoo,
}


_CAMPAIGN = re.compile(r"(?:^|&)(?:utm_\w+|fbclid|gclid)=[^&]*")


def same_page(link: str) -> str:
    """Return what two links to the same page have in common: no scheme, `www.`, fragment or campaign."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:  # brackets that are no IPv6 address
        return ""
    query = _CAMPAIGN.sub("", parts.query).strip("&")
    host = parts.netloc.casefold().removeprefix("www.")
    return f"{host}{parts.path.rstrip('/')}{'?' if query else ''}{query}" if host else ""
