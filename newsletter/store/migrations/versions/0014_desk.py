"""The desk has sign-in, sessions, and a journal that is only added to."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REFUSE = "the journal is only added to"


def upgrade() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", _id, nullable=False),
        sa.Column("letter", _id, nullable=True),
        sa.Column(
            "address", sa.Text(), nullable=False, comment="of an editor; empty for a stranger's request"
        ),
        sa.Column(
            "browser",
            sa.LargeBinary(),
            nullable=False,
            comment="sha256 of the secret in the browser's cookie",
        ),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("used_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["letter.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_in_letter", "sign_in", ["letter"])
    op.create_table(
        "desk_session",
        sa.Column("id", _id, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="sha256 of the secret in the cookie"),
        sa.Column("address", sa.Text(), nullable=False, comment="of an editor"),
        sa.Column("browser", sa.Text(), nullable=False, comment="its name and system"),
        sa.Column("network", sa.Text(), nullable=False, comment="from which it was begun"),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False, comment="when it was last used, to five minutes"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "journal",
        sa.Column("id", _id, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, comment="of an editor; empty for the command line"),
        sa.Column("name", sa.Text(), nullable=False, comment="theirs, as it was then"),
        sa.Column(
            "network", sa.Text(), nullable=False, comment="theirs, without the last part of the address"
        ),
        sa.Column("did", sa.Text(), nullable=False, comment="an Act"),
        sa.Column("issue", sa.Text(), nullable=False, comment="its name, if it concerns one"),
        sa.Column("subject", sa.Text(), nullable=False, comment="an item's name, a reader's number"),
        sa.Column("details", sa.JSON(), nullable=False, comment="figures and names of files; no addresses"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("journal_issue", "journal", ["issue", "did"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER journal_{act.lower()} BEFORE {act} ON journal"
                f" BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{_REFUSE}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER journal_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON journal"
            " FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse()"
        )
