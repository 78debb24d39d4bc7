"""Remove readers' signed links from stored server replies: whoever reads a backup could use them."""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_LETTERS = 31
_TOKEN = rf"(?:[A-Za-z0-9_-]|=\s+(?=[A-Za-z0-9_-])){{{_LETTERS},}}"
_WORDS = (
    ("subscriber", "reason"),
    ("delivery", "detail"),
    ("event", "detail"),
    ("letter", "detail"),
    ("issue", "reason"),
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        token = re.compile(_TOKEN)
        driver: Any = connection.connection.driver_connection
        driver.create_function("without_tokens", 1, lambda words: token.sub("…", words), deterministic=True)
    for name, words in _WORDS:
        column = sa.column(words, sa.Text)
        if connection.dialect.name == "sqlite":
            clean = sa.func.without_tokens(column)
        else:
            clean = sa.func.regexp_replace(column, _TOKEN, "…", "g")
        held = sa.func.length(column) >= _LETTERS
        table = sa.table(name, column)
        op.execute(sa.update(table).where(held, clean != column).values({words: clean}))
