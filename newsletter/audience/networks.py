"""Fair queueing of sign-ups: the networks that a visitor belongs to, and whose turn is when.

Each network has a virtual clock (start-time fair queueing): a letter it asks for moves the clock on, and the
letters of all networks leave in the order of these times. So a newcomer is before the second letter of
whoever asks in masses, and what is asked for in masses waits for itself.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

from sqlalchemy import Connection

from newsletter.links import Signer
from newsletter.store import rate_limits
from newsletter.store.confirmation_limits import NETWORKS

UNKNOWN = "unknown"

_PREFIXES = {4: (24, 16), 6: (64, 56, 48, 32)}
"""Of IPv6 a household has a /64 to a /48 (RFC 6177), and a provider a /32: who has one must not be many."""

_SPANS: Mapping[int, float] = {24: 600, 16: 60, 64: 1800, 56: 1200, 48: 600, 32: 60, 0: 60}
"""Seconds between the turns of one network, by its prefix; shorter the more people live there. 64 hostile
networks with a turn every 600 s are 384 letters an hour, well below what may leave (`store.letters`)."""

_FURTHEST = 24 * 3600.0  # seconds that a clock goes ahead: a network that was misused is not so for ever


def networks(remote: str) -> Sequence[str]:
    """Return the networks of an address, the narrowest first; one name for all whose address is not known."""
    try:
        address = ip_address(remote)
    except ValueError:
        return (UNKNOWN,)
    address = getattr(address, "ipv4_mapped", None) or address
    return [str(ip_network((address, bits), strict=False)) for bits in _PREFIXES[address.version]]


def prefix(network: str) -> int:
    """Return how many bits a network of `networks` has; 0 for the unknown one."""
    return int(network.rpartition("/")[2]) if "/" in network else 0


def turn(connection: Connection, visited: Sequence[str], signer: Signer, now: float) -> float:
    """Return the time at which it is the turn of a letter from the networks `visited`, the narrowest first.

    The clock of a wider network moves on only for a letter that it holds up itself: what a narrower one holds
    up anyway must not cost its neighbours their turn.
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
