"""The tables of what an issue says, of its corrections, and of readers who wait to be welcomed with it."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, Table, Text

from newsletter.store.schema.base import Id, metadata

content = Table(
    "content",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("document", JSON, nullable=False, comment="the Issue, with all that was corrected since"),
    Column("withdrawn", JSON, nullable=False, default=list, comment="ids of items that were taken back"),
    sqlite_with_rowid=False,
)
"""What an approved issue says: corrections and the editions of newcomers are made from it, not from files."""

edition_items = Table(
    "edition_items",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("edition", Text, primary_key=True),
    Column("places", Text, nullable=False, comment="of the items in the issue, like ,0,3,12,"),
    Column("correction", Integer, nullable=False, default=0, comment="the last one made before it"),
    sqlite_with_rowid=False,
)
"""Which items an edition shows."""

correction = Table(
    "correction",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="from 1 in its issue"),
    Column("anchor", Text, nullable=False, comment="the item's name in its issue"),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False, comment="who corrected it"),
    Column("reason", Text, nullable=False, comment="as the archive shows it"),
    Column("withdrawn", Integer, nullable=False, comment="1: the item was taken back"),
    Column("before", JSON, nullable=False, comment="the Item as it was"),
    Column("fingerprint", Text, nullable=False, comment="of the issue as it was"),
    Column("letter", Text, nullable=False, default="", comment="the name of the letter that tells of it"),
    sqlite_with_rowid=False,
)
"""Changes of items after their issue was sent, which the archive shows with a dated note."""

welcome = Table(
    "welcome",
    metadata,
    Column(
        "subscriber",
        Id,
        ForeignKey("subscriber.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at", Text, nullable=False, comment="when they confirmed"),
    sqlite_with_rowid=False,
)
"""Readers who have just joined and wait for the newest issue."""
