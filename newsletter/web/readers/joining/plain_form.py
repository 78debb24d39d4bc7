"""The sign-up form on a page of the association's own site: plain HTML to paste, sent from there.

A static page cannot hold a stamp (`signup.stamp`), so a browser proves by its Origin header where a form was
filled in, which no page can forge. Without that proof the form is shown here once more, as it was filled in.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, g, render_template, request, url_for

from newsletter.audience.forms import Answers
from newsletter.audience.optin import wording
from newsletter.web.readers.site import settings

ON_SITE = "site"
"""Value of the `from` parameter of a form on the association's own site."""


def preset() -> Answers:
    """Return an empty form, with the sections that its address names, like ?sections=social,education."""
    named = frozenset(request.args.get("sections", "").split(","))
    chosen = named & frozenset(settings().optional_sections)
    return Answers(sections=chosen) if chosen else Answers()


def on_site() -> bool:
    """Tell whether the form says that it stands on the association's site."""
    return request.args.get("from") == ON_SITE


def proven() -> bool:
    """Tell whether the browser says that the form was sent from a page of the association's site."""
    return on_site() and bool(settings().site) and request.headers.get("Origin") == site_origin()


def site_origin() -> str:
    """Return the origin of `site` (RFC 6454), or an empty string."""
    parts = urlsplit(settings().site or "")
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


def plain_form(trap: str) -> Response:
    """Return the form as HTML to be pasted into any page, its text to be copied."""
    chosen = preset().sections & frozenset(settings().optional_sections)
    origin: dict[str, Any] = {"lang": g.language, "from": ON_SITE}
    html = render_template(
        "plain_form.html",
        action=url_for("signup.send", **origin),
        base=settings().base_url,
        trap=trap,
        words=wording(settings(), g.language),
        chosen=sorted(chosen),
    )
    return Response(html, mimetype="text/plain")
