"""Numbers of deliveries by outcome outlive the deliveries; of the journal, what is older than a year may go."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_REFUSE = "the journal is only added to"


def upgrade() -> None:
    op.create_table(
        "outcome_total",
        sa.Column("issue", sa.Text(), sa.ForeignKey("issue.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("outcome", sa.Text(), primary_key=True, comment="an Outcome"),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="of deliveries, which have been deleted since"
        ),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER journal_delete")
        op.execute(
            "CREATE TRIGGER journal_delete BEFORE DELETE ON journal"
            " WHEN OLD.at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 year')"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
        )
    else:
        op.execute("DROP TRIGGER journal_refuse ON journal")
        op.execute(
            "CREATE TRIGGER journal_refuse BEFORE UPDATE OR TRUNCATE ON journal"
            " FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse()"
        )
        a_year_ago = "to_char(now() AT TIME ZONE 'UTC' - interval '1 year', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        op.execute(
            "CREATE TRIGGER journal_delete BEFORE DELETE ON journal"
            f" FOR EACH ROW WHEN (OLD.at > {a_year_ago}) EXECUTE FUNCTION journal_refuse()"
        )
