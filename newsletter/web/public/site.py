"""What every public page works with: the workspace that is served."""

from flask import current_app
from sqlalchemy import Engine

from newsletter.config import Settings
from newsletter.wiring import Context


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
