"""The public site as an application: its pages, and what all of them share."""

from typing import Any

from flask import Flask, g, request, url_for

from newsletter.web.app import make_app
from newsletter.web.public import archive, embed, feeds, hooks, leaving, preferences, signup, status
from newsletter.web.public.site import settings
from newsletter.wiring import Context, theme_folders

_BLUEPRINTS = (
    archive.pages,
    embed.pages,
    feeds.pages,
    hooks.pages,
    leaving.pages,
    preferences.pages,
    signup.pages,
    status.pages,
)


def create_site(context: Context) -> Flask:
    """Return the public pages of the workspace `context`, and the answers to providers."""
    app = make_app(
        theme_folders(context.root)[-1] / "web/public",
        lambda: context.settings.language,
        policy="frame-ancestors 'none'",
    )
    app.extensions["context"] = context
    for pages in _BLUEPRINTS:
        app.register_blueprint(pages)
    app.context_processor(_shared)
    return app


def _shared() -> dict[str, Any]:
    """Return what the layout of every page shows."""
    return {"settings": settings(), "language": g.language, "here": _here}


def _here(language: str) -> str:
    """Return the address of the page that is shown, in another language."""
    values = {**request.args.to_dict(), **(request.view_args or {}), "lang": language}
    return url_for(request.endpoint, **values) if request.endpoint else f"?lang={language}"
