"""Pages that may stand in a frame on the association's own site."""

from urllib.parse import urlsplit

from flask import Response, request

from newsletter.web.readers.site import settings

EMBED = "embed"
"""Where a form in a frame says it comes from."""

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"


def framed() -> bool:
    """Tell whether the page that was asked for stands in a frame."""
    return request.blueprint == EMBED or request.args.get("from") == EMBED


def let_frame(response: Response) -> Response:
    """Let the association's site, and no other, show the page in a frame."""
    if framed():
        site = urlsplit(settings().site or "")
        ancestors = f"'self' {site.scheme}://{site.netloc}" if site.netloc else "'self'"
        response.headers["Content-Security-Policy"] = f"{_POLICY}; frame-ancestors {ancestors}"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
