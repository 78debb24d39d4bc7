"""What changed since the approval before is known after approving again."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "earlier_approval",
        sa.Column("issue", sa.Text(), sa.ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("by", sa.Text(), nullable=False, comment="who approved"),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False, comment="file -> sha256 of all that was approved"),
        sa.Column("shown", sa.JSON(), nullable=False, comment="the rows of cover and item as they were"),
        sqlite_with_rowid=False,
    )
