"""A delivery knows the way by which it left; ways that have failed, and what each has used of a day."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    way = sa.Column(
        "way", sa.Text(), nullable=False, server_default="", comment="by which it left, or was tried last"
    )
    op.add_column("delivery", way)
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("chunk", "inflight", comment="[subscriber, attempt, way] on the wire now")
    op.create_table(
        "way",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "out_until", sa.Float(), nullable=False, comment="seconds since 1970; then it is tried again"
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it is out"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "way_day",
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False, comment="UTC"),
        sa.Column(
            "taken", sa.Integer(), nullable=False, comment="messages that workers have taken to send that day"
        ),
        sa.PrimaryKeyConstraint("way", "day"),
        sqlite_with_rowid=False,
    )
