"""What webhooks are told, and how it stands with each."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("name", sa.Text(), primary_key=True, comment="as in newsletter.yaml"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column("failing_since", sa.Float(), nullable=False, comment="seconds since 1970; 0: it answers"),
        sa.Column("free_at", sa.Float(), nullable=False, comment="seconds since 1970: told from then on"),
        sa.Column("paused_at", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False, comment="empty: the program itself"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it is paused, or the last failure"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notice",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("webhook", sa.Text(), nullable=False, comment="its name in newsletter.yaml"),
        sa.Column(
            "message", sa.Text(), nullable=False, comment="the id by which a receiver knows repetitions"
        ),
        sa.Column("event", sa.Text(), nullable=False, comment="a WebhookEvent"),
        sa.Column("reader", _ID, nullable=False, comment="whom it is about; 0: nobody"),
        sa.Column(
            "data", sa.JSON(), nullable=False, comment="numbers, slugs and names of issues; never an address"
        ),
        sa.Column("at", sa.Text(), nullable=False, comment="when it happened"),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting | delivered | failed"),
        sa.Column("due_at", sa.Float(), nullable=False, comment="seconds since 1970: tried from then on"),
        sa.Column("since", sa.Float(), nullable=False, comment="seconds since 1970: first tried; 0: not yet"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, comment="of the last failure"),
        sa.Column("ended_at", sa.Text(), nullable=False),
        sa.UniqueConstraint("webhook", "message"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notice_at", "notice", ["at"])
    op.create_index("notice_state", "notice", ["webhook", "state", "id"])
    op.create_index("notice_reader", "notice", ["reader"])
