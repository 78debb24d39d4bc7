"""The tables of the desk: sign-in, sessions, the journal."""

from sqlalchemy import JSON, Column, ForeignKey, Index, LargeBinary, Table, Text

from newsletter.store.schema.base import Id, metadata

sign_in = Table(
    "sign_in",
    metadata,
    Column("id", Id, primary_key=True),
    Column("letter", Id, ForeignKey("letter.id", ondelete="CASCADE"), index=True),
    Column("address", Text, nullable=False, comment="of an editor; empty for a stranger's request"),
    Column("browser", LargeBinary, nullable=False, comment="sha256 of the secret in the browser's cookie"),
    Column("created_at", Text, nullable=False),
    Column("used_at", Text, nullable=False, default=""),
    sqlite_autoincrement=True,  # a link must never come to mean somebody else's request
)
"""Requests to sign in at the desk, by a mailed link; kept for minutes."""

desk_session = Table(
    "desk_session",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="sha256 of the secret in the cookie"),
    Column("address", Text, nullable=False, comment="of an editor"),
    Column("browser", Text, nullable=False, comment="its name and system"),
    Column("network", Text, nullable=False, comment="from which it was begun"),
    Column("created_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False, comment="when it was last used, to five minutes"),
    sqlite_autoincrement=True,
)
"""People who are signed in at the desk."""

journal = Table(
    "journal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Text, nullable=False),
    Column("address", Text, nullable=False, comment="of an editor; empty for the command line"),
    Column("name", Text, nullable=False, comment="theirs, as it was then"),
    Column("network", Text, nullable=False, comment="theirs, without the last part of the address"),
    Column("did", Text, nullable=False, comment="an Act"),
    Column("issue", Text, nullable=False, default="", comment="its name, if it concerns one"),
    Column("subject", Text, nullable=False, default="", comment="an item's name, a reader's number"),
    Column("details", JSON, nullable=False, default=dict, comment="figures and names of files; no addresses"),
    Index("journal_issue", "issue", "did"),
    sqlite_autoincrement=True,
)
"""What people did at the desk. Triggers refuse to change or delete a row."""
