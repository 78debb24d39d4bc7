"""What every public page works with: the workspace that is served, and where a visitor comes from."""

from ipaddress import ip_address, ip_network

from flask import current_app, g, request
from sqlalchemy import Engine

from newsletter.config import Settings
from newsletter.wiring import Context

_HOUSEHOLD = {4: 24, 6: 64}
"""Bits of an address that stand for one household, or one provider's corner."""


def context() -> Context:
    """Return the workspace that is served."""
    found: Context = current_app.extensions["context"]
    return found


def settings() -> Settings:
    """Return what newsletter.yaml says."""
    return context().settings


def database() -> Engine:
    """Return the database."""
    return context().database


def network() -> str:
    """Return the network that the visitor comes from, /24 or /64 of IPv6; `unknown` when a proxy told none.

    It is all that logs and limits know of a visitor.
    """
    if "network" not in g:
        g.network = _network(request.remote_addr or "")
    found: str = g.network
    return found


def _network(remote: str) -> str:
    try:
        address = ip_address(remote)
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, _HOUSEHOLD[address.version]), strict=False))
