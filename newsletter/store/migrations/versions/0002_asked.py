"""How often a mailbox got a confirmation letter, stored for longer than the requests."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "asked",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="keyed hash of a mailbox"),
        sa.Column("letters", sa.Integer(), nullable=False, comment="to which nobody has said yes"),
        sa.Column("at", sa.Text(), nullable=False, comment="when the last one was put"),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
