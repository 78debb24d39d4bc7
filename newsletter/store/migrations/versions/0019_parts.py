"""Approved issues hold parts, each once, and for each edition its recipe; one so far has parts of its own."""

from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_KINDS = ("subject", "html", "text")

edition = sa.table(
    "edition",
    sa.column("issue", sa.Text()),
    sa.column("key", sa.Text()),
    *(sa.column(kind, sa.Text()) for kind in _KINDS),
    sa.column("pictures", sa.JSON()),
    sa.column("recipe", sa.LargeBinary()),
)


def upgrade() -> None:
    part = op.create_table(
        "part",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 0, in the order of the texts"),
        sa.Column("kind", sa.Text(), nullable=False, comment="subject, html or text"),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False, comment="the names of those that it shows"),
        sa.Column(
            "edition", sa.Text(), nullable=False, comment="whose whole text it is; empty: a part of several"
        ),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue", "number"),
    )
    recipe = sa.Column(
        "recipe",
        sa.LargeBinary(),
        nullable=False,
        server_default="",
        comment="a bit for each part of the issue, 1: it has it",
    )
    op.add_column("edition", recipe)
    connection = op.get_bind()
    found = connection.execute(
        sa.select(edition.c.issue, edition.c.key).order_by(edition.c.issue, edition.c.key)
    ).all()
    for name, group in groupby(found, key=itemgetter(0)):
        keys = [key for _, key in group]
        for place, key in enumerate(keys):
            _move(connection, part, (name, key), len(_KINDS) * place, -(-len(_KINDS) * len(keys) // 8))
    for column in (*_KINDS, "sha256", "pictures"):
        op.drop_column("edition", column)


def _move(connection: sa.Connection, part: sa.Table, which: tuple[str, str], first: int, size: int) -> None:
    """Make the texts of an edition its own parts, numbered from `first`; its recipe has `size` bytes."""
    name, key = which
    mine = edition.c.issue == name, edition.c.key == key
    row = connection.execute(sa.select(edition).where(*mine)).one()
    rows = [
        {
            "issue": name,
            "number": number,
            "kind": kind,
            "content": getattr(row, kind),
            "pictures": row.pictures if kind == "html" else [],
            "edition": key,
        }
        for number, kind in enumerate(_KINDS, first)
    ]
    connection.execute(sa.insert(part), rows)
    bits = sum(1 << (8 * size - 1 - number) for number in range(first, first + len(_KINDS)))
    connection.execute(sa.update(edition).where(*mine).values(recipe=bits.to_bytes(size, "big")))
