"""Fetching: only from the public internet, by every trick to get elsewhere, in bounded time and size."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from newsletter import fetching
from newsletter.fetched import Fetched, FetchError
from newsletter.fetching import Fetcher, is_public
from tests.site import Reply, Site, addresses, bomb, is_loopback, serving


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


def get(fetcher: Fetcher, url: str, **known: str) -> Fetched:
    async def fetch() -> Fetched:
        async with fetcher:
            return await fetcher.get(url, **known)

    return asyncio.run(fetch())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0",  # noqa: S104  an address that is refused
        "224.0.0.1", "255.255.255.255", "192.88.99.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
        "fec0::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_no_address_of_one_s_own_network_is_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fe80::1%25eth0]/",
        "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://localhost:80/", "http://2130706433/",
        "http://0x7f.1/", "http://127.1/", "http://user@example.org/", "http://example.org:22/",
        "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "http://", "http:///x", "", "x",
        "http://exa mple.org/", "http://[::1", "https://example.org:99999/", "http://\u2024.example/",
    ],
)  # fmt: skip
def test_what_production_uses_goes_nowhere_inside(url: str) -> None:
    with pytest.raises(FetchError):
        get(Fetcher("newsletter"), url)


def test_a_name_with_one_inner_address_is_refused_whatever_the_others_are(site: Site) -> None:
    site.put("/", "inside")
    before = len(site.asked)
    with pytest.raises(FetchError, match="not on the public internet"):
        get(site.fetcher("newsletter"), site.url("/", host="news.inside"))
    assert len(site.asked) == before


def test_a_redirect_is_checked_like_the_first_address(site: Site) -> None:
    site.replies["/there"] = Reply(status=302, headers={"Location": "/here"})
    site.put("/here", "here", Content_Type="text/html; charset=utf-8")
    found = get(site.fetcher("newsletter"), site.url("/there"))
    assert (found.url, found.content) == (site.url("/here"), b"here")
    for place in (
        site.url("/", host="news.inside"),
        "http://127.0.0.2/",
        "file:///etc/passwd",
        "//x.inside/",
    ):
        site.replies["/away"] = Reply(status=301, headers={"Location": place})
        with pytest.raises(FetchError):
            get(site.fetcher("newsletter"), site.url("/away"))
    site.replies["/round"] = Reply(status=307, headers={"Location": "/round"})
    with pytest.raises(FetchError, match="redirects"):
        get(site.fetcher("newsletter"), site.url("/round"))


def test_the_connection_goes_to_the_address_that_was_checked(site: Site) -> None:
    """A name that answers with another address the second time is asked once."""
    answers = [["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]]
    asked: list[str] = []

    async def rebinding(host: str) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    site.put("/", "here")
    fetcher = Fetcher("newsletter", resolve=rebinding, admits=is_loopback, ports={site.port})
    assert get(fetcher, site.url("/")).content == b"here"
    assert asked == ["news.example"]
    assert site.asked[-1][0] == f"news.example:{site.port}"


def test_what_is_too_large_or_unfolds_or_never_comes_is_given_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 1_000_000)
    site.put("/large", bytes(1_000_001))
    site.put("/bomb", bomb(50_000_000), Content_Encoding="gzip")
    site.put("/packed", bomb(900_000), Content_Encoding="gzip")
    site.put("/brotli", b"x", Content_Encoding="br")
    site.put("/broken", b"no gzip", Content_Encoding="gzip")
    site.replies["/silent"] = Reply(hangs=True)
    site.replies["/gone"] = Reply(status=410)
    assert len(get(site.fetcher("newsletter"), site.url("/packed")).content or b"") == 900_000
    for path, why in {
        "/large": "more than 1 MB", "/bomb": "more than 1 MB", "/brotli": "packed", "/broken": "broken",
        "/gone": "410",
    }.items():  # fmt: skip
        with pytest.raises(FetchError, match=why):
            get(site.fetcher("newsletter"), site.url(path))
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    with pytest.raises(FetchError, match="no answer"):
        get(site.fetcher("newsletter"), site.url("/silent"))
    nobody = Fetcher("newsletter", resolve=addresses, admits=is_loopback, ports={1})
    with pytest.raises(FetchError):
        get(nobody, "http://news.example:1/")


def test_what_has_not_changed_is_not_sent_again(site: Site) -> None:
    site.put("/feed", "news", ETag='"1"', Last_Modified="Fri, 14 Feb 2025 10:00:00 GMT")
    with pytest.raises(FetchError, match="404"):
        get(site.fetcher("newsletter"), site.url("/feed?a=b c&ї"))
    assert site.asked[-1][1] == "/feed?a=b%20c&%D1%97"
    first = get(site.fetcher("newsletter"), site.url("/feed"))
    again = get(site.fetcher("newsletter"), site.url("/feed"), etag=first.etag, modified=first.modified)
    assert (first.content, again.content, again.etag) == (b"news", None, '"1"')
    assert site.asked[-1][2]["if-modified-since"] == "Fri, 14 Feb 2025 10:00:00 GMT"
    assert site.asked[-1][2]["user-agent"] == "newsletter"
