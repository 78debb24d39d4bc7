"""The archive knows which item leads an issue."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    lead = sa.Column(
        "lead", sa.Integer(), nullable=False, server_default="0", comment="1: it leads the issue"
    )
    op.add_column("item", lead)
