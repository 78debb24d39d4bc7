"""Tables and columns have the names that the code and the documents use."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = {
    "asked": "confirmation_limit",
    "bucket": "rate_limit",
    "firing": "schedule_run",
    "home": "scheduler_instance",
}


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
    op.execute('ALTER TABLE cover RENAME COLUMN closing TO "call"')  # in place, on both databases
