"""Readers have the numbers of a member register, and answers to programs are kept for a day."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "member",
        sa.Column("external_id", sa.Text(), primary_key=True, comment="the register's own number"),
        sa.Column(
            "subscriber",
            _ID,
            sa.ForeignKey("subscriber.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
    )
    op.create_table(
        "api_answer",
        sa.Column("token", _ID, sa.ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True, comment="the Idempotency-Key of a request"),
        sa.Column("request", sa.LargeBinary(), nullable=False, comment="keyed hash of its path and body"),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False, comment="0: it is still being answered"),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False, comment="the answer may be about people"),
    )
