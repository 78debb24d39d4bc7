"""Fair queueing of sign-up letters by the visitor's networks (start-time fair queueing).

Each network has a virtual clock; each letter it requests advances the clock, and the letters of all networks
are sent in the order of these times. So a newcomer comes before the second letter of a flooding network, and
a flood delays only itself.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

from sqlalchemy import Connection

from newsletter.links import Signer
from newsletter.store import rate_limits
from newsletter.store.confirmation_limits import NETWORKS

UNKNOWN = "unknown"

_PREFIXES = {4: (24, 16), 6: (64, 56, 48, 32)}
"""Prefix lengths by IP version. An IPv6 household has a /64 to /48 (RFC 6177), a provider a /32: its owner
must not count as many networks."""

_SPANS: Mapping[int, float] = {24: 600, 16: 60, 64: 1800, 56: 1200, 48: 600, 32: 60, 0: 60}
"""Seconds between the turns of one network, by prefix length; shorter where more people share it. 64 hostile
networks with a turn every 600 s get 384 letters an hour, well below the limit (`store.letters`)."""

_FURTHEST = 24 * 3600.0  # seconds that a clock may run ahead: no network is blocked for ever


def networks(remote: str) -> Sequence[str]:
    """Return the networks of an IP address, narrowest first; UNKNOWN for an invalid address."""
    try:
        address = ip_address(remote)
    except ValueError:
        return (UNKNOWN,)
    address = getattr(address, "ipv4_mapped", None) or address
    return [str(ip_network((address, bits), strict=False)) for bits in _PREFIXES[address.version]]


def prefix(network: str) -> int:
    """Return the prefix length of a network; 0 for UNKNOWN."""
    return int(network.rpartition("/")[2]) if "/" in network else 0


def turn(connection: Connection, visited: Sequence[str], signer: Signer, now: float) -> float:
    """Return the turn (Unix time) of a letter from `visited` networks, narrowest first; advance their clocks.

    A wider network's clock advances only for a letter that it delays itself: a letter that a narrower one
    delays must not cost its neighbours their turn.
    """
    spans = {f"{NETWORKS}{signer.digest(network).hex()}": _SPANS[prefix(network)] for network in visited}
    free = rate_limits.free(connection, spans)
    found = now
    moved: list[str] = []
    for scope, span in spans.items():
        clock = rate_limits.believed(free.get(scope), now, _FURTHEST + span)
        if clock >= found:
            found = clock
            moved.append(scope)
    if found <= now + _FURTHEST:
        for scope in moved:
            rate_limits.put(connection, scope, found + spans[scope])
    return found
