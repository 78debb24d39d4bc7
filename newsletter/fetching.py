"""Fetch what others publish, and post to others: in bounded time and size, never on one's own network.

All addresses of a host are checked, and the connection goes to a checked one, so that a name that resolves to
another a moment later gains nothing. Each redirect is checked like the first address.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urljoin, urlsplit

import httpcore
import idna

from newsletter.errors import Message
from newsletter.fetched import Answer, Cause, Fetched, FetchError

if TYPE_CHECKING:
    from collections.abc import Awaitable

Ip = IPv4Address | IPv6Address

SECONDS = 10.0
"""The most time for one fetch, redirects included."""
LARGEST = 8_000_000
"""The most bytes of an answer, after decompression."""
_REDIRECTS = 5
_CONNECT = 5.0  # seconds
_AT_ONCE = 50
_MOVED = {301, 302, 303, 307, 308}
_MOVED_FOR_GOOD = {301, 308}
_NOT_MODIFIED = 304
_OF_A_POST = 65_536  # bytes of the answer to a post that are read, and ignored
_SAFE = "/?&=%+:;,@~!$'()*[]"
_PORTS = {"http": 80, "https": 443}
_TRANSLATED = tuple(
    map(
        ip_network,
        ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10", "192.88.99.0/24"),
    )
)
"""Prefixes behind which an IPv4 address of any kind may be, or that are nobody's: RFC 6052, 8215, 3056, 4380,
3879, 7526. `is_global` is true for some of them."""


def is_public(ip: Ip) -> bool:
    """Tell whether an address is of a machine on the internet that anybody may ask."""
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        return is_public(mapped)
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in _TRANSLATED)


async def resolve(host: str) -> Sequence[str]:
    """Return the addresses of a host by DNS. Raises FetchError when it has none, or nobody answers."""
    import dns.asyncresolver  # noqa: PLC0415  0.1 s, which only fetching needs
    import dns.exception  # noqa: PLC0415  likewise

    try:
        answers = await dns.asyncresolver.resolve_name(host, lifetime=_CONNECT)
        return list(answers.addresses())
    except dns.exception.DNSException:
        raise FetchError(Message("%(host)s has no address", host=host), cause=Cause.UNKNOWN_HOST) from None


class Fetcher:
    """Fetches over connections of its own; open it by `async with`.

    Production code gives no argument but `agent`, and `kept`: how many connections stay open. `resolve` and
    `admits` decide where connections may go, and `ports` which ports an address may name: tests serve on
    loopback and hand in their own.
    """

    def __init__(
        self,
        agent: str,
        *,
        resolve: "Callable[[str], Awaitable[Sequence[str]]]" = resolve,
        admits: Callable[[Ip], bool] = is_public,
        ports: Iterable[int] = _PORTS.values(),
        kept: int = 0,
    ) -> None:
        self._agent = agent
        self._kept = kept
        self._ports = set(ports)
        self._backend = _CheckedBackend(resolve, admits)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @cached_property
    def _pool(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            network_backend=self._backend,
            max_connections=None,
            max_keepalive_connections=self._kept,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._pool.aclose()

    async def get(self, url: str, *, etag: str = "", modified: str = "") -> Fetched:
        """Fetch `url`; with what an earlier answer gave, nothing is sent again that did not change.

        Raises FetchError.
        """
        asked = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in asked.items() if value}
        async with self._bounded():
            for _ in range(_REDIRECTS + 1):
                found = await self._once(url, headers)
                if isinstance(found, Fetched):
                    return found
                url = found
        raise FetchError(Message("more than %(most)s redirects", most=_REDIRECTS))

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post `body`; nothing but a status of success counts, and no redirect is followed.

        Raises FetchError.
        """
        async with self._bounded(), self._asked(url, headers, body) as (answer, _):
            if not 200 <= answer.status < 300:  # noqa: PLR2004  the statuses of success
                raise FetchError(Message("the answer is %(status)s", status=answer.status), answer.status)
            left = _OF_A_POST
            async for chunk in answer.aiter_stream():  # to its end, so that the connection can be used again
                left -= len(chunk)
                if left < 0:
                    break

    async def answer(self, url: str) -> Answer:
        """Ask whether a page is there, and read nothing of it. Raises FetchError without an answer."""
        moved, for_good = "", True
        async with self._bounded():
            for _ in range(_REDIRECTS + 1):
                async with self._asked(url, {}) as (answer, given):
                    status, ends = answer.status, _certificate_end(answer)
                if status not in _MOVED or not given.get("location"):
                    return Answer(url=url, status=status, moved=moved, certificate_ends=ends)
                url = urljoin(url, given["location"])
                for_good = for_good and status in _MOVED_FOR_GOOD
                moved = url if for_good else moved
        raise FetchError(Message("more than %(most)s redirects", most=_REDIRECTS))

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        """Wait for a turn, end what takes too long, and raise FetchError for whatever fails."""
        try:
            async with self._turns, asyncio.timeout(SECONDS):
                yield
        except TimeoutError:
            raise FetchError(
                Message("no answer within %(seconds)s seconds", seconds=round(SECONDS)), cause=Cause.SLOW
            ) from None
        except (httpcore.TimeoutException, httpcore.NetworkError, OSError) as error:
            if refused := _untrusted(error):
                raise FetchError(refused.verify_message, cause=Cause.UNTRUSTED) from None
            raise FetchError(_plain(error)) from None
        except (httpcore.ProtocolError, ValueError, zlib.error, ssl.SSLError) as error:
            raise FetchError(Message("the answer is broken: %(why)s", why=_plain(error))) from None

    @asynccontextmanager
    async def _asked(
        self, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncIterator[tuple[httpcore.Response, Mapping[str, str]]]:
        """Ask once, or post `body`; give the answer, its content unread, and its headers."""
        target = self._target(url)
        sent = {"Host": target.host + (b":%d" % target.port if target.port else b""), **_bytes(headers)}
        sent |= _bytes({"User-Agent": self._agent, "Accept-Encoding": "gzip"})
        if body is not None:
            sent |= _bytes({"Content-Length": str(len(body))})
        timeouts = {"connect": _CONNECT, "read": SECONDS, "write": SECONDS, "pool": SECONDS}
        async with self._pool.stream(
            b"GET" if body is None else b"POST",
            target,
            headers=list(sent.items()),
            content=body,
            extensions={"timeout": timeouts},
        ) as answer:
            yield (
                answer,
                {one.decode("latin-1").lower(): value.decode("latin-1") for one, value in answer.headers},
            )

    async def _once(self, url: str, headers: Mapping[str, str]) -> Fetched | str:
        """Ask once; return the answer, or the address that it leads to."""
        async with self._asked(url, headers) as (answer, given):
            if answer.status in _MOVED and given.get("location"):
                return urljoin(url, given["location"])
            if answer.status == _NOT_MODIFIED:
                content = None
            elif answer.status == 200:  # noqa: PLR2004  OK
                content = await _body(answer, given.get("content-encoding", ""))
            else:
                raise FetchError(Message("the answer is %(status)s", status=answer.status), answer.status)
        return Fetched(
            url=url,
            content=content,
            content_type=given.get("content-type", ""),
            etag=given.get("etag", ""),
            modified=given.get("last-modified", ""),
        )

    def _target(self, url: str) -> httpcore.URL:
        """Return an address in parts. Raises FetchError unless it is one of a web page."""
        try:
            parts = urlsplit(url.strip())
            port, host = parts.port, parts.hostname or ""
            ascii_host = host if _literal(host) else idna.encode(host, uts46=True).decode()
        except ValueError:  # an IDNAError is one
            raise FetchError(Message("%(url)r is not a web address", url=url[:80])) from None
        if parts.scheme not in _PORTS or parts.username is not None or not host:
            raise FetchError(Message("%(url)r is not a web address", url=url[:80]))
        if (port or _PORTS[parts.scheme]) not in self._ports:
            raise FetchError(Message("port %(port)s is none of a web page", port=port))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return httpcore.URL(
            scheme=parts.scheme.encode(),
            host=ascii_host.encode(),
            port=port,
            target=quote(target, safe=_SAFE).encode(),
        )


def _untrusted(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Return the failed verification of a certificate that led to an error, or None."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _certificate_end(answer: httpcore.Response) -> datetime | None:
    """Return until when the certificate of an answer's server is valid; None for http."""
    secured = answer.extensions["network_stream"].get_extra_info("ssl_object")
    ends = secured.getpeercert().get("notAfter") if secured else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None


def _bytes(headers: Mapping[str, str]) -> dict[str, bytes]:
    return {name: value.encode("latin-1", "replace") for name, value in headers.items()}


def _plain(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _literal(host: str) -> Ip | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def _body(answer: httpcore.Response, encoding: str) -> bytes:
    """Return the content of an answer. Raises FetchError when it is too large, or packed otherwise."""
    if encoding.lower() not in ("", "identity", "gzip", "x-gzip"):
        raise FetchError(
            Message("the answer is packed as %(way)s, which was not asked for", way=encoding[:20])
        )
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in encoding.lower() else None
    content = bytearray()
    chunks: AsyncIterator[bytes] = answer.aiter_stream()
    async for chunk in chunks:
        content += unpacker.decompress(chunk, LARGEST + 1 - len(content)) if unpacker else chunk
        if len(content) > LARGEST:
            raise FetchError(Message("the answer has more than %(most)s MB", most=LARGEST // 1_000_000))
    return bytes(content)


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to addresses that were checked, whatever the host's name becomes meanwhile."""

    def __init__(
        self, resolve: "Callable[[str], Awaitable[Sequence[str]]]", admits: Callable[[Ip], bool]
    ) -> None:
        self._resolve = resolve
        self._admits = admits
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to an address of `host`, once all of them are found to be public."""
        literal = _literal(host)
        found = [literal] if literal else [ip_address(one) for one in await self._resolve(host)]
        if not found or not all(map(self._admits, found)):
            raise FetchError(
                Message("%(host)s is not on the public internet", host=host), cause=Cause.NOT_PUBLIC
            )
        chosen = min(found, key=lambda ip: ip.version)
        return await self._real.connect_tcp(str(chosen), port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._real.sleep(seconds)
