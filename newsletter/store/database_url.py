"""Addresses of databases: a file's path or what NEWSLETTER_DATABASE says, as SQLAlchemy's URL."""

from pathlib import Path

from sqlalchemy import URL, make_url

_CLIENT = {
    "application_name": "newsletter",  # by which `database copy` knows our own connections
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""With them libpq finds out within 25 seconds that a server's machine is gone; by default it takes hours."""


def sqlite_url(path: Path) -> URL:
    """Return the URL of the SQLite database in the file `path`, whatever characters its name has."""
    return URL.create("sqlite", database=str(path))


def parse_url(written: str | URL) -> URL:
    """Name psycopg 3 where an address names only PostgreSQL, as hosting providers write it.

    Raises ArgumentError and ValueError when it is no address.
    """
    url = make_url(written)
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url.set(query={**_CLIENT, **url.query}) if url.get_backend_name() == "postgresql" else url
