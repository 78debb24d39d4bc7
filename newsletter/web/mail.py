"""Content-Security-Policy for an issue's HTML that is shown as a page."""

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
    "; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""Blocks all scripts, and all requests but for our own pictures, also outside a frame."""
