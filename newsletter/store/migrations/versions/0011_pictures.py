"""Approved issues hold their pictures, and the archive shows them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "picture",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="half the content's sha256, and an ending"),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False, comment="pixels"),
        sa.Column("height", sa.Integer(), nullable=False, comment="pixels"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue", "name"),
    )
    op.create_index("picture_name", "picture", ["name"])
    names = sa.Column(
        "pictures", sa.JSON(), nullable=False, server_default="[]", comment="the names of those that it shows"
    )
    op.add_column("edition", names)
    op.add_column("item", sa.Column("picture", sa.JSON(), comment="a PublicPicture"))
    lead = sa.Column("picture", sa.JSON(), comment="a PublicPicture: of the lead, or the first one")
    op.add_column("cover", lead)
