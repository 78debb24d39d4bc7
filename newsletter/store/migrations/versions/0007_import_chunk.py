"""Progress of imports, so that an interrupted one resumes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "import_chunk",
        sa.Column("run", sa.LargeBinary(), nullable=False, comment="keyed hash of the list and its options"),
        sa.Column(
            "rows", sa.Integer(), autoincrement=False, nullable=False, comment="of the list, up to its end"
        ),
        sa.Column("fates", sa.JSON(), nullable=False, comment="fate -> lines"),
        sa.Column("refusals", sa.JSON(), nullable=False, comment="place in the chunk -> why"),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run", "rows"),
        sqlite_with_rowid=False,
    )
