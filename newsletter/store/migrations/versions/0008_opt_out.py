"""Opt-outs of people who were never subscribers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "opt_out",
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="keyed hash of a mailbox, or of an address"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="left | complained | bounced"),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="where that is known from, e.g. a list's file name"
        ),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
