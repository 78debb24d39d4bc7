"""Rendered HTML with plain spaces, for tests of its words: newsletter/render/typography.py binds some."""


def unbound(html: str) -> str:
    """Return `html` with every no-break space as a space."""
    return html.replace("\N{NO-BREAK SPACE}", " ")
