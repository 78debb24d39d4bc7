"""Pages that the association's own site may embed in a frame."""

from urllib.parse import urlsplit

from flask import Response, request

from newsletter.web.readers.site import settings

EMBED = "embed"
"""Value of the `from` parameter of an embedded form."""

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"


def framed() -> bool:
    """Tell whether the current page is embedded in a frame."""
    return request.blueprint == EMBED or request.args.get("from") == EMBED


def let_frame(response: Response) -> Response:
    """Allow the association's site, and no other, to embed the page (CSP frame-ancestors)."""
    if framed():
        site = urlsplit(settings().site or "")
        ancestors = f"'self' {site.scheme}://{site.netloc}" if site.netloc else "'self'"
        response.headers["Content-Security-Policy"] = f"{_POLICY}; frame-ancestors {ancestors}"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
