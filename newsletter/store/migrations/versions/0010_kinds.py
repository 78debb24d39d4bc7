"""The archive knows kinds of items, the colours of sections, and calendar files of events."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    kind = sa.Column("kind", sa.Text(), nullable=False, server_default="news", comment="an ItemKind")
    colour = sa.Column("section_colour", sa.Text(), nullable=False, server_default="", comment="#rrggbb")
    starts = sa.Column(
        "starts", sa.Text(), nullable=False, server_default="", comment="of an event, local time"
    )
    op.add_column("item", kind)
    op.add_column("item", colour)
    op.add_column("item", starts)
    op.add_column("item", sa.Column("ends", sa.Text(), nullable=False, server_default=""))
    op.add_column("item", sa.Column("place", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "calendar",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="in its address"),
        sa.Column("content", sa.Text(), nullable=False, comment="iCalendar (RFC 5545)"),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue", "name"),
        sqlite_with_rowid=False,
    )
