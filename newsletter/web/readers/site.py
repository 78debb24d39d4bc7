"""What every public page works with: the workspace that is served, and where a visitor comes from."""

from collections.abc import Sequence

from flask import current_app, g, request
from sqlalchemy import Engine

from newsletter.audience import networks as prefixes
from newsletter.config import Settings
from newsletter.services import Workspace


def context() -> Workspace:
    """Return the workspace that is served."""
    found: Workspace = current_app.extensions["context"]
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
    return networks()[0]


def networks() -> Sequence[str]:
    """Return the network that the visitor comes from, and the wider ones around it."""
    if "networks" not in g:
        g.networks = prefixes.networks(request.remote_addr or "")
    found: Sequence[str] = g.networks
    return found
