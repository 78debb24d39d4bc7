"""Database URLs: convert a file path or the value of NEWSLETTER_DATABASE to a SQLAlchemy URL."""

from pathlib import Path

from sqlalchemy import URL, make_url

_CLIENT = {
    "application_name": "newsletter",  # `database copy` recognises our connections by it
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""Options with which libpq notices a dead server within 25 seconds; with the defaults it takes hours."""


def sqlite_url(path: Path) -> URL:
    """Return the URL of the SQLite database in the file `path`; any characters are allowed in its name."""
    return URL.create("sqlite", database=str(path))


def parse_url(written: str | URL) -> URL:
    """Parse a database URL; select psycopg 3 where it names only PostgreSQL, as hosting providers write it.

    Raises ArgumentError or ValueError when it is not a valid URL.
    """
    url = make_url(written)
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url.set(query={**_CLIENT, **url.query}) if url.get_backend_name() == "postgresql" else url
