"""Items can be corrected after their issue was sent, and newcomers are welcomed with the newest issue."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "content",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column(
            "document", sa.JSON(), nullable=False, comment="the Issue, with all that was corrected since"
        ),
        sa.Column("withdrawn", sa.JSON(), nullable=False, comment="ids of items that were taken back"),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "edition_items",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False, comment="of the items in the issue, like ,0,3,12,"),
        sa.Column("correction", sa.Integer(), nullable=False, comment="the last one made before it"),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue", "edition"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "correction",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="from 1 in its issue"),
        sa.Column("anchor", sa.Text(), nullable=False, comment="the item's name in its issue"),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False, comment="who corrected it"),
        sa.Column("reason", sa.Text(), nullable=False, comment="as the archive shows it"),
        sa.Column("withdrawn", sa.Integer(), nullable=False, comment="1: the item was taken back"),
        sa.Column("before", sa.JSON(), nullable=False, comment="the Item as it was"),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="of the issue as it was"),
        sa.Column("letter", sa.Text(), nullable=False, comment="the name of the letter that tells of it"),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "welcome",
        sa.Column("subscriber", _Id, autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False, comment="when they confirmed"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscriber"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL's index follows by itself
        op.execute(
            "CREATE TRIGGER item_changed AFTER UPDATE OF title, text ON item BEGIN"
            " INSERT INTO item_search(item_search, rowid, title, text)"
            " VALUES ('delete', old.id, old.title, old.text);"
            " INSERT INTO item_search(rowid, title, text) VALUES (new.id, new.title, new.text); END"
        )
