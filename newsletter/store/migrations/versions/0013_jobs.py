"""Jobs: what workers do beside delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False, comment="a name in services/jobs/kinds"),
        sa.Column("key", sa.Text(), nullable=False, comment="what it is about"),
        sa.Column(
            "open_as", sa.Text(), unique=True, comment="kind and key, until it has ended; so one is open"
        ),
        sa.Column(
            "arguments", sa.JSON(), nullable=False, comment="numbers, names and file names; never an address"
        ),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="waiting | running | done | failed | cancelled"
        ),
        sa.Column("free_at", sa.Float(), nullable=False, comment="seconds since 1970: free from then on"),
        sa.Column("epoch", sa.Integer(), nullable=False, comment="raised at every taking; fences zombies"),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="that failed, in a row"),
        sa.Column("progress", sa.JSON(), nullable=False, comment="done, total, words"),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False, comment="of the last attempt"),
        sa.Column("requested_by", sa.Text(), nullable=False, comment="empty: the program itself"),
        sa.Column("requested_at", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=False),
        sa.Column("cancelled_by", sa.Text(), nullable=False, comment="who asked; it stops when it can"),
        sqlite_autoincrement=True,
    )
    op.create_index("job_ended", "job", ["ended_at"])
