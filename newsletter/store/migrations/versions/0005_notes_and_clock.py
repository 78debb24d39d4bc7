"""Queue notes to the editors like letters, and store what the clock has shown."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("letter", _ID, autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["letter.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("letter"),
    )
    op.create_table(
        "clock",
        sa.Column("place", sa.Text(), nullable=False, comment="whose clock, as in `home`"),
        sa.Column("first_at", sa.Text(), nullable=False, comment="since when the clock has been believed"),
        sa.Column("last_at", sa.Text(), nullable=False, comment="when it was last believed"),
        sa.Column("doubt_first_at", sa.Text(), nullable=False, comment="what it showed when doubt began"),
        sa.Column("doubt_last_at", sa.Text(), nullable=False, comment="and last"),
        sa.Column("doubt", sa.Text(), nullable=False, comment="why it is not believed now"),
        sa.PrimaryKeyConstraint("place"),
        sqlite_with_rowid=False,
    )
