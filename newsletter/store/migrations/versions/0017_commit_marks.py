"""The last ledger commit of each process."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "commit_mark",
        sa.Column("worker", sa.Text(), primary_key=True, comment="a process, by a name of its own"),
        sa.Column("number", _ID, nullable=False, comment="of its last ledger commit"),
        sa.Column("at", sa.Float(), nullable=False, comment="seconds since 1970"),
        sqlite_with_rowid=False,
    )
