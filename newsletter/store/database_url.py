"""Database URLs: convert a file path or the value of NEWSLETTER_DATABASE to a SQLAlchemy URL, and show one.

PostgreSQL may have several hosts, as libpq writes them: `postgresql://user@one,two:5433/name`. They are a
primary and its standbys, so unless the URL says otherwise only the one that accepts writes is used.
"""

import re
from itertools import zip_longest
from pathlib import Path

from sqlalchemy import URL, make_url

_CLIENT = {
    "application_name": "newsletter",  # `database copy` recognises our connections by it
    "connect_timeout": "5",  # for each host
    "keepalives_idle": "4",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""Options with which libpq notices a dead server within ten seconds; with the defaults it takes hours."""

_HOSTS = re.compile(r"(?P<start>postgres(?:ql)?(?:\+\w+)?://(?:[^/?#]*@)?)(?P<hosts>[^/?#@]*,[^/?#@]*)")
_HOST = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]]*)(?::(?P<port>\d*))?")


def sqlite_url(path: Path) -> URL:
    """Return the URL of the SQLite database in the file `path`; any characters are allowed in its name."""
    return URL.create("sqlite", database=str(path))


def parse_url(written: str | URL) -> URL:
    """Parse a database URL; select psycopg 3 where it names only PostgreSQL, as hosting providers write it.

    Raises ArgumentError or ValueError when it is not a valid URL.
    """
    url = _several_hosts(written) if isinstance(written, str) else written
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() != "postgresql":
        return url
    hosts = url.query.get("host", "")
    several = not isinstance(hosts, str) or "," in hosts
    primary = {"target_session_attrs": "read-write"} if several else {}
    return url.set(query={**_CLIENT, **primary, **url.query})


def _several_hosts(written: str) -> URL:
    """Parse a URL whose authority may have several hosts, which SQLAlchemy takes as parameters only."""
    found = _HOSTS.match(written)
    if found is None:
        return make_url(written)
    pairs = [_HOST.fullmatch(one) for one in found["hosts"].split(",")]
    if not all(pairs):
        raise ValueError
    hosts = ",".join(pair["host"].strip("[]") for pair in pairs if pair)
    ports = ",".join(pair["port"] or "" for pair in pairs if pair)
    url = make_url(found["start"] + written[found.end() :])
    given = {"host": hosts, "port": ports} if ports.strip(",") else {"host": hosts}
    return url.set(query={**given, **url.query})


def shown(url: URL) -> str:
    """Return a database's URL for people: with all its hosts, without password and options."""
    plain = url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)
    hosts, ports = (_listed(url.query.get(part, "")) for part in ("host", "port"))
    if url.host or hosts[0].startswith("/"):  # a folder of sockets is no host
        return plain
    names = [f"[{host}]" if host.count(":") > 1 else host for host in hosts]
    places = ",".join(f"{name}:{port}" if port else name for name, port in zip_longest(names, ports))
    start, _, name = plain.rpartition("/")
    return f"{start}{places}/{name}" if url.database else f"{plain}{places}"


def _listed(value: str | tuple[str, ...]) -> list[str]:
    return value.split(",") if isinstance(value, str) else list(value)
