"""Jobs that need the files of a workspace folder know which one."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    place = sa.Column(
        "place",
        sa.Text(),
        nullable=False,
        server_default="",
        comment="the folder whose files it needs; empty: none",
    )
    op.add_column("job", place)
