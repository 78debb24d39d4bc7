"""Unfinished erasures, so that an interrupted one can be completed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "erasing",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="keyed hash of an address"),
        sa.Column(
            "subscriber",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="0 where they had only asked for something",
        ),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
