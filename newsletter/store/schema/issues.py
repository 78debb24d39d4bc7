"""Tables of approved issues: editions, pictures, audience, and what the archive shows."""

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from newsletter.store.schema.base import Id, Words, metadata

issue = Table(
    "issue",
    metadata,
    Column("name", Text, primary_key=True, comment="closing date"),
    Column("state", Text, nullable=False),
    Column("reason", Words, nullable=False, default="", comment="why paused or cancelled"),
    Column("fingerprint", Text, nullable=False, comment="sha256 over every edition and the envelope"),
    Column("envelope", JSON, nullable=False, comment="sender, list id, base URL: what all messages share"),
    Column("sources", JSON, nullable=False, comment="file -> sha256 of all that was approved"),
    Column("errors", Integer, nullable=False, comment="findings that refuse a real transport"),
    Column("transport", Text, nullable=False, default="", comment="how it leaves, from the first send on"),
    Column("approved_by", Text, nullable=False),
    Column("approved_at", Text, nullable=False),
    Column("begun_at", Text, nullable=False, default="", comment="when its first message left"),
    Column("readers", Integer, nullable=False, comment="size of the audience"),
    Column("without", Integer, nullable=False, comment="active readers with nothing this week"),
)

edition = Table(
    "edition",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("sections", JSON, nullable=False),
    Column("recipe", LargeBinary, nullable=False, comment="a bit for each part of the issue, 1: it has it"),
)

part = Table(
    "part",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, comment="from 0, in the order of the texts"),
    Column("kind", Text, nullable=False, comment="subject, html or text"),
    Column("content", Text, nullable=False),
    Column("pictures", JSON, nullable=False, comment="the names of those that it shows"),
    Column("edition", Text, nullable=False, comment="whose whole text it is; empty: a part of several"),
)
"""What the editions of an issue are made of."""

picture = Table(
    "picture",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True, comment="half the content's sha256, and an ending"),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False, comment="pixels"),
    Column("height", Integer, nullable=False, comment="pixels"),
    Column("content", LargeBinary, nullable=False),
    Index("picture_name", "name"),
)
"""The pictures of an issue as they are sent and shown, each once."""

earlier_approval = Table(
    "earlier_approval",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("by", Text, nullable=False, comment="who approved"),
    Column("at", Text, nullable=False),
    Column("sources", JSON, nullable=False, comment="file -> sha256 of all that was approved"),
    Column("shown", JSON, nullable=False, comment="the rows of cover and item as they were"),
    sqlite_with_rowid=False,
)
"""The approval that the present one of an issue has replaced, to tell what changed."""

cover = Table(
    "cover",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("starts", Text, nullable=False, comment="the first day of its period"),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("intro", Text, nullable=False, comment="HTML"),
    Column("call", Text, nullable=False),
    Column("hashtag", Text, nullable=False),
    Column("picture", JSON(none_as_null=True), comment="a PublicPicture: of the lead, or the first one"),
)
"""What the archive shows around the items of an issue, as approved."""

item = Table(
    "item",
    metadata,
    Column("id", Id, primary_key=True),
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False, comment="from 1, in the order of the issue"),
    Column("anchor", Text, nullable=False, comment="the item's name in its issue"),
    Column("section", Text, nullable=False),
    Column("section_title", Text, nullable=False, comment="as it was then"),
    Column("title", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False, default=""),
    Column("kind", Text, nullable=False, default="news", comment="an ItemKind"),
    Column("lead", Integer, nullable=False, default=0, comment="1: it leads the issue"),
    Column("section_colour", Text, nullable=False, default="", comment="#rrggbb"),
    Column("starts", Text, nullable=False, default="", comment="of an event, local time"),
    Column("ends", Text, nullable=False, default=""),
    Column("place", Text, nullable=False, default=""),
    Column("picture", JSON(none_as_null=True), comment="a PublicPicture"),
    Index("item_place", "issue", "number", unique=True),
    Index("item_section", "section", "issue"),
)
"""The items that the archive shows: those of the all-sections edition, as approved."""

calendar = Table(
    "calendar",
    metadata,
    Column("issue", Text, ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True, comment="in its address"),
    Column("content", Text, nullable=False, comment="iCalendar (RFC 5545)"),
    sqlite_with_rowid=False,
)
"""A calendar file for each event of an issue, also those for some readers only."""

audience = Table(
    "audience",
    metadata,
    Column("issue", Text, primary_key=True),
    Column("subscriber", Id, primary_key=True, autoincrement=False),
    Column("edition", Text, nullable=False),
    ForeignKeyConstraint(["issue", "edition"], ["edition.issue", "edition.key"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)
