"""Add the canonical form of each subscriber's address, and the lanes and turns of letters."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from newsletter.store.mailbox import canonical

revision = "0006"
down_revision = "0005"

_BATCH = 5000
_SUBSCRIBER = sa.table("subscriber", sa.column("id"), sa.column("email"), sa.column("mailbox"))
_LETTER = sa.table("letter", sa.column("kind"), sa.column("due_at"), sa.column("lane"), sa.column("turn"))


def upgrade() -> None:
    mailbox = sa.Column(
        "mailbox", sa.Text(), nullable=False, server_default="", comment="canonical form of email"
    )
    op.add_column("subscriber", mailbox)
    fill(op.get_bind())
    op.create_index("ix_subscriber_mailbox", "subscriber", ["mailbox"])
    lane = sa.Column(
        "lane", sa.Integer(), nullable=False, server_default="1", comment="a Lane: the lowest leaves first"
    )
    turn = sa.Column(
        "turn",
        sa.Float(),
        nullable=False,
        server_default="0",
        comment="seconds since 1970: the order in a lane",
    )
    op.add_column("letter", lane)
    op.add_column("letter", turn)
    op.execute(_LETTER.update().values(turn=_LETTER.c.due_at))
    for kind, number in (("confirm", 2), ("note", 0)):
        op.execute(_LETTER.update().where(_LETTER.c.kind == kind).values(lane=number))
    op.drop_index("ix_letter_sent_at", "letter")
    op.create_index("letter_turn", "letter", ["sent_at", "lane", "turn"])


def fill(connection: sa.Connection) -> None:
    """Fill in the canonical form of every address, a few thousand rows at a time."""
    last = 0
    while rows := _after(connection, last):
        connection.execute(
            _SUBSCRIBER.update()
            .where(_SUBSCRIBER.c.id == sa.bindparam("_id"))
            .values(mailbox=sa.bindparam("_mailbox")),
            [{"_id": row.id, "_mailbox": canonical(row.email)} for row in rows],
        )
        last = rows[-1].id


def _after(connection: sa.Connection, number: int) -> Sequence[Any]:
    query = sa.select(_SUBSCRIBER.c.id, _SUBSCRIBER.c.email).where(_SUBSCRIBER.c.id > number)
    return connection.execute(query.order_by(_SUBSCRIBER.c.id).limit(_BATCH)).all()
