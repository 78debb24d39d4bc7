"""Programs have tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, comment="of the program, as the journal names it"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="sha256 of its secret"),
        sa.Column("scopes", sa.JSON(), nullable=False, comment="values of Scope"),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False, comment="a login name, or the one that was given"),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False, comment="when it was last used, to five minutes"),
        sa.Column("seen_from", sa.Text(), nullable=False, comment="the network it was last used from"),
        sqlite_autoincrement=True,
    )
