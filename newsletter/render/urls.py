"""Normalise URLs for mail programs: ASCII only, and only schemes that are safe to follow."""

import re
from urllib.parse import quote, urlsplit

import idna

from newsletter.render.memo import remembered

_SAFE = "%/?#[]@!$&()*+,;=:~"  # RFC 3986, without the apostrophe, at which some programs end a link
_WEB = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)


@remembered
def ascii_url(url: str) -> str | None:
    """Return `url` with its host in punycode and the rest percent-encoded.

    None when it is not a whole http, https or mailto address.
    """
    url = url.strip()
    if url[:7].lower() == "mailto:":
        return _quoted(url)
    if not _WEB.match(url):
        return None
    try:
        parts = urlsplit(url)
        if not parts.netloc.isascii():
            user, at, place = parts.netloc.rpartition("@")
            host, colon, port = place.partition(":")
            host = idna.encode(host, uts46=True).decode()
            parts = parts._replace(netloc=f"{user}{at}{host}{colon}{port}")
    except ValueError:  # not a host name; UnicodeError is a ValueError
        return None
    return _quoted(parts.geturl())


def _quoted(url: str) -> str:
    return quote(url, safe=_SAFE, errors="replace")
