"""Accessors for views: the workspace being served, and the visitor's network."""

from collections.abc import Sequence

from flask import current_app, g, request
from sqlalchemy import Connection, Engine

from newsletter.audience import networks as prefixes
from newsletter.audience.asking import Act
from newsletter.config import Settings
from newsletter.services import Workspace


def workspace() -> Workspace:
    """Return the workspace being served, with the settings of this request."""
    if "workspace" not in g:
        g.workspace = current_app.extensions["live"].current()
    found: Workspace = g.workspace
    return found


def settings() -> Settings:
    """Return the settings of newsletter.yaml."""
    return workspace().settings


def database() -> Engine:
    """Return the workspace's database."""
    return workspace().database


def act(connection: Connection) -> Act:
    """Return the context of an action that happens now, in the transaction of `connection`."""
    return Act(connection, workspace().now(), workspace().signer, settings().optional_sections)


def network() -> str:
    """Return the visitor's network (IPv4 /24 or IPv6 /64); `unknown` when a proxy gave no address.

    Logs and rate limits use it in place of the full address.
    """
    return networks()[0]


def networks() -> Sequence[str]:
    """Return the visitor's network, then the wider networks that contain it."""
    if "networks" not in g:
        g.networks = prefixes.networks(request.remote_addr or "")
    found: Sequence[str] = g.networks
    return found
