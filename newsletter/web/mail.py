"""A mail shown as a page: what it may do there."""

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""Content-Security-Policy: nothing in it runs or is fetched, also where it is opened outside a frame."""
