"""Check the public pages from outside in: https, the certificate, and the one-click address (RFC 8058)."""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from newsletter.doctor import Result, failed, passed, warned
from newsletter.errors import Message

_PATIENCE = 10.0  # seconds
_RENEWAL = timedelta(days=14)
_DRIFT = timedelta(minutes=5)
_ONE_CLICK = {"List-Unsubscribe": "One-Click"}  # the body of RFC 8058 §3.1


def https(base_url: str) -> Result:
    """Check that links in mail begin with https: mail programs use a one-click address only then."""
    found = urlsplit(base_url)
    if found.scheme == "https":
        return passed("https", base_url)
    if _is_local(found.hostname or ""):
        return warned(
            "https",
            Message("%(base_url)s is reached from this machine only", base_url=base_url),
            "Set base_url before sending.",
        )
    return failed(
        "https",
        Message("links in mail begin with %(base_url)s, without TLS", base_url=base_url),
        "Set base_url to https://…",
    )


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def answers(base_url: str, now: datetime) -> list[Result]:
    """Open the pages: their certificate is trusted and not about to expire, and the clocks agree."""
    try:
        with _client() as client, client.stream("GET", f"{base_url}/") as response:
            certificate = response.extensions["network_stream"].get_extra_info("ssl_object")
            status, sent = response.status_code, response.headers.get("date")
            expires = _expiry(certificate) if certificate else None
    except httpx.HTTPError as error:
        return [
            failed(
                "site",
                Message("%(base_url)s cannot be opened: %(error)s", base_url=base_url, error=error),
                _start(base_url),
            )
        ]
    results = []
    if status >= HTTPStatus.BAD_REQUEST:
        results.append(
            failed(
                "site",
                Message("%(base_url)s answers %(status)s", base_url=base_url, status=status),
                _start(base_url),
            )
        )
    elif expires and expires - now < _RENEWAL:
        hint = "See why your web server does not renew it."
        results.append(
            warned(
                "site",
                Message(
                    "the certificate of %(base_url)s expires on %(expires)s",
                    base_url=base_url,
                    expires=expires.date(),
                ),
                hint,
            )
        )
    else:
        results.append(
            passed("site", Message("%(base_url)s answers %(status)s", base_url=base_url, status=status))
        )
    return results + _clocks(sent, now)


def _start(base_url: str) -> str:
    return Message(
        "Run `newsletter serve` behind a web server at %(base_url)s; see docs/operating.md.",
        base_url=base_url,
    )


def _expiry(certificate: ssl.SSLObject) -> datetime | None:
    found = certificate.getpeercert()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC) if found else None


def _clocks(sent: str | None, now: datetime) -> list[Result]:
    """Compare with the web server's clock, which is another machine's where the pages are."""
    try:
        drift = abs(parsedate_to_datetime(sent) - now) if sent else timedelta()
    except ValueError:
        return []
    if drift <= _DRIFT:
        return []
    return [
        warned(
            "clock",
            Message("this clock and the web server's are %(drift)s apart", drift=drift),
            "See `timedatectl`.",
        )
    ]


def one_click(base_url: str, token: str) -> Result:
    """Post to the unsubscribe address of nobody, as a mail provider does: no redirect, no cookie, 200."""
    address = f"{base_url}/unsubscribe/{token}"
    try:
        with _client() as client:
            response = client.post(address, data=_ONE_CLICK)
    except httpx.HTTPError as error:
        return failed(
            "one-click",
            Message("the unsubscribe address cannot be reached: %(error)s", error=error),
            _start(base_url),
        )
    if response.is_redirect:
        where = response.headers.get("location", "")
        return failed(
            "one-click",
            Message(
                "the unsubscribe address leads on to %(where)s; mail providers do not follow",
                where=where[:80],
            ),
            "Let the web server pass POST requests on to the press as they are.",
        )
    if response.status_code != HTTPStatus.OK:
        return failed(
            "one-click",
            Message("the unsubscribe address answers %(status)s to a POST", status=response.status_code),
            "See that base_url is this press, with this secret, and that nothing before it refuses POST.",
        )
    if "set-cookie" in response.headers:
        return warned("one-click", "the unsubscribe address sets a cookie (RFC 8058 §3.2)", _start(base_url))
    return passed("one-click", "the unsubscribe address takes a POST at once")


def _client() -> httpx.Client:
    context = ssl.create_default_context()  # the system's certificates, as a mail provider has
    return httpx.Client(verify=context, timeout=_PATIENCE, follow_redirects=False)
