"""The first schema: people and their requests, frozen issues, the delivery ledger, the archive."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "bucket",
        sa.Column("scope", sa.Text(), nullable=False, comment="run:…, relay:…, domain:… or hold:…"),
        sa.Column("free_at", sa.Float(), nullable=False, comment="seconds since 1970: free from then on"),
        sa.PrimaryKeyConstraint("scope"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consent_text",
        sa.Column("version", sa.Text(), nullable=False, comment="the first digits of the text's sha256"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erased",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="keyed hash of an address"),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column(
            "id", sa.Text(), nullable=False, comment="the provider's, or the mail's hash: counted once"
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="sendgrid | mail"),
        sa.Column("kind", sa.Text(), nullable=False, comment="what was reported"),
        sa.Column("subscriber", _ID, nullable=False),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="RFC 3463 status, where one was given"),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False, comment="when it happened"),
        sa.Column("processed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("event_subscriber", "event", ["subscriber", "at"], unique=False)
    op.create_index(op.f("ix_event_processed_at"), "event", ["processed_at"], unique=False)
    op.create_table(
        "firing",
        sa.Column("moment", sa.Text(), nullable=False, comment="the weekly hour; one row, so one firing"),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False, comment="sent, or why it was held"),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("moment"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "home",
        sa.Column("place", sa.Text(), nullable=False, comment="a scheduler that uses this database"),
        sa.Column(
            "starts",
            sa.Integer(),
            nullable=False,
            comment="how often a scheduler began; a snapshot knows fewer",
        ),
        sa.Column(
            "machine",
            sa.Text(),
            nullable=False,
            comment="and its folder, where it began; a copy is elsewhere",
        ),
        sa.PrimaryKeyConstraint("place"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "issue",
        sa.Column("name", sa.Text(), nullable=False, comment="closing date"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="why paused or cancelled"),
        sa.Column(
            "fingerprint", sa.Text(), nullable=False, comment="sha256 over every edition and the envelope"
        ),
        sa.Column(
            "envelope",
            sa.JSON(),
            nullable=False,
            comment="sender, list id, base URL: what all messages share",
        ),
        sa.Column("sources", sa.JSON(), nullable=False, comment="file -> sha256 of all that was approved"),
        sa.Column("errors", sa.Integer(), nullable=False, comment="findings that refuse a real transport"),
        sa.Column("transport", sa.Text(), nullable=False, comment="how it leaves, from the first send on"),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.Text(), nullable=False, comment="when its first message left"),
        sa.Column("readers", sa.Integer(), nullable=False, comment="size of the audience"),
        sa.Column("without", sa.Integer(), nullable=False, comment="active readers with nothing this week"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", _ID, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False, comment="casefolded, for uniqueness only"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="active | suppressed"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why suppressed"),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="where the consent came from, e.g. a list's file name",
        ),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "chunk",
        sa.Column("id", _ID, nullable=False),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("lo", _ID, nullable=False, comment="first subscriber id"),
        sa.Column("hi", _ID, nullable=False, comment="last subscriber id, included"),
        sa.Column(
            "epoch", sa.Integer(), nullable=False, comment="raised at every acquisition; fences zombies"
        ),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=False, comment="seconds since 1970"),
        sa.Column("inflight", sa.JSON(), nullable=False, comment="[subscriber, attempt] on the wire now"),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("chunk_open", "chunk", ["issue", "done"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subscriber", _ID, nullable=False),
        sa.Column("at", sa.Text(), nullable=False, comment="when it was asked for"),
        sa.Column("confirmed_at", sa.Text(), nullable=False, comment="when the link in the mail was used"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("ip", sa.LargeBinary(), nullable=True, comment="keyed hash of the network address"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["version"], ["consent_text.version"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_consent_subscriber"), "consent", ["subscriber"], unique=False)
    op.create_table(
        "cover",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text(), nullable=False, comment="the first day of its period"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("intro", sa.Text(), nullable=False, comment="HTML"),
        sa.Column("closing", sa.Text(), nullable=False),
        sa.Column("hashtag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue"),
    )
    op.create_table(
        "delivery",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("subscriber", _ID, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="an Outcome"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"]),
        sa.PrimaryKeyConstraint("issue", "subscriber"),
        sqlite_with_rowid=False,
    )
    op.create_index("delivery_state", "delivery", ["issue", "state"], unique=False)
    op.create_table(
        "edition",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sections", sa.JSON(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue", "key"),
    )
    op.create_table(
        "item",
        sa.Column("id", _ID, nullable=False),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1, in the order of the issue"),
        sa.Column("anchor", sa.Text(), nullable=False, comment="the item's name in its issue"),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("section_title", sa.Text(), nullable=False, comment="as it was then"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issue.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("item_place", "item", ["issue", "number"], unique=True)
    op.create_index("item_section", "item", ["section", "issue"], unique=False)
    op.create_table(
        "request",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="signup | address | handover"),
        sa.Column("email", sa.Text(), nullable=False, comment="the address that has to confirm"),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("subscriber", _ID, nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False, comment="name, attributes, sections as asked for"),
        sa.Column("source", sa.Text(), nullable=False, comment="the page it came from"),
        sa.Column("consent", sa.Text(), nullable=False, comment="version of the text agreed to"),
        sa.Column("ip", sa.LargeBinary(), nullable=True, comment="keyed hash of the network address"),
        sa.Column("requested_at", sa.Text(), nullable=False),
        sa.Column("agreed_at", sa.Text(), nullable=False, comment="by the old address, where there is one"),
        sa.Column("confirmed_at", sa.Text(), nullable=False, comment="by the address in `email`"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_request_email_key"), "request", ["email_key"], unique=False)
    op.create_index(op.f("ix_request_subscriber"), "request", ["subscriber"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("subscriber", _ID, nullable=False),
        sa.Column("section", sa.Text(), nullable=False, comment="a slug, or * for all"),
        sa.Column("state", sa.Text(), nullable=False, comment="active | paused | left"),
        sa.Column("until", sa.Text(), nullable=False, comment="the day a pause ends; empty: it does not"),
        sa.Column(
            "origin",
            sa.Text(),
            nullable=False,
            comment="list | reader: only a reader undoes a reader's choice",
        ),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscriber", "section"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audience",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("subscriber", _ID, autoincrement=False, nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue", "edition"], ["edition.issue", "edition.key"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue", "subscriber"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "letter",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="which template of templates/mail"),
        sa.Column("request", _ID, nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False, comment="seconds since 1970 from which it may leave"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, comment="what the server said at the last try"),
        sa.ForeignKeyConstraint(["request"], ["request.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_letter_email_key"), "letter", ["email_key"], unique=False)
    op.create_index(op.f("ix_letter_request"), "letter", ["request"], unique=False)
    op.create_index(op.f("ix_letter_sent_at"), "letter", ["sent_at"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        _search_on_sqlite()
    else:
        op.execute("CREATE INDEX item_search ON item USING gin (to_tsvector('simple', title || ' ' || text))")


def _search_on_sqlite() -> None:
    """Index the text of the items; triggers keep the index in sync (SQLite: FTS5 §4.4.3)."""
    op.execute(
        "CREATE VIRTUAL TABLE item_search USING fts5("
        "title, text, content='item', content_rowid='id', tokenize='unicode61 remove_diacritics 0')"
    )
    op.execute(
        "CREATE TRIGGER item_added AFTER INSERT ON item BEGIN"
        " INSERT INTO item_search(rowid, title, text) VALUES (new.id, new.title, new.text); END"
    )
    op.execute(
        "CREATE TRIGGER item_removed AFTER DELETE ON item BEGIN"
        " INSERT INTO item_search(item_search, rowid, title, text)"
        " VALUES ('delete', old.id, old.title, old.text); END"
    )
